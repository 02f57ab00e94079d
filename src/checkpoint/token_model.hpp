#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checkpoint/token_table.hpp"

namespace saccade {

/// Cuts a piece of text (a word, mostly) into tokens. Immutable, may be used by several threads. Each takes time in proportion
/// to the piece's length, or n log n.
class TokenModel {
 public:
    virtual ~TokenModel() = default;
    /// Appends the ids of the piece's tokens. The piece is UTF-8.
    virtual void tokenize(std::string_view piece, std::vector<Index>& ids) const = 0;
    const TokenTable& table() const { return table_; }

 protected:
    explicit TokenModel(TokenTable table) : table_(std::move(table)) {}

 private:
    TokenTable table_;
};

/// Byte pair encoding (Sennrich, Haddow and Birch 2016): from characters on, the pair that stands first among the merges is
/// joined until none is left.
struct BpeDesign {
    std::vector<std::pair<std::string, std::string>> merges;
    std::string unknown;            // what a character that is no token becomes; empty: left out
    std::string continuing_prefix;  // before each character but a piece's first
    std::string end_suffix;         // after its last
    bool fuse_unknown = false;      // several in a row are one
    bool byte_fallback = false;     // such a character becomes its bytes, "<0xE4>", if all these are tokens
    bool ignore_merges = false;     // a piece that is a token is that token
};
/// Error{bad_format} "WHERE: ..." if a merge joins or makes what is no token.
std::unique_ptr<const TokenModel> make_bpe(TokenTable table, const BpeDesign& design, const std::string& where);

/// WordPiece as BERT reads it (Devlin et al. 2019): the longest token first, from left to right.
struct WordPieceDesign {
    std::string unknown = "[UNK]";
    std::string continuing_prefix = "##";
    std::size_t longest_word = 100;  // characters; a longer one is unknown
};
/// Error{bad_format} "WHERE: ..." if the unknown is no token; so for the others.
std::unique_ptr<const TokenModel> make_word_piece(TokenTable table, const WordPieceDesign& design, const std::string& where);

/// Every piece is a token, or unknown.
std::unique_ptr<const TokenModel> make_word_level(TokenTable table, const std::string& unknown, const std::string& where);

/// The most probable segmentation under a unigram language model (Kudo 2018, "Subword regularization", section 3.2).
struct UnigramDesign {
    std::vector<double> scores;    // log probability by id
    std::optional<Index> unknown;  // none: a text with unknown characters is an Error{invalid_input}
    bool byte_fallback = false;
};
std::unique_ptr<const TokenModel> make_unigram(TokenTable table, UnigramDesign design, const std::string& where);

/// A SentencePiece model's file (Kudo and Richardson 2018), by its bytes, through its authors' own library: it normalises, puts
/// a mark before the text and cuts it. `vocabulary`: ids of its pieces where another file gives them (Marian), else its own.
/// Error{unsupported} where Saccade was built without the library; Error{bad_format} "WHERE: ..." if it does not read the file,
/// or if the vocabulary has no `unknown`.
std::unique_ptr<const TokenModel> make_sentence_piece(const std::string& bytes, TokenTable* vocabulary,
                                                      const std::string& where);
/// Pieces of such a file that stand for no text, as "<s>" and "</s>".
std::vector<std::string> sentence_piece_controls(const TokenModel& model);

/// The token that stands for a byte where a model falls back to bytes: "<0xE4>".
std::string byte_token(unsigned char byte);
/// The ids of the text's bytes; none if one of them is no token.
std::optional<std::vector<Index>> byte_ids(const TokenTable& table, std::string_view text);

}  // namespace saccade
