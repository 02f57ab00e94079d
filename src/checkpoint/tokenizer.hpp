#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Between text and the ids of somebody else's model. Immutable, may be used by several threads.
class Tokenizer {
 public:
    virtual ~Tokenizer() = default;

    /// Ids of a text, or of a pair of texts, with the special tokens that the model was trained with ([CLS] a [SEP] b [SEP]).
    struct Encoded {
        std::vector<Index> ids;
        std::vector<Index> types;   // 0 for the first text and what stands around it, 1 for the second (BERT's token types)
        std::vector<bool> special;  // put there by the tokenizer; not typed
    };
    virtual Encoded encode(std::string_view text, std::optional<std::string_view> second = std::nullopt) const = 0;
    /// Without special tokens around it; special tokens that are typed ("[MASK]", "<|endoftext|>") are read as such. What is
    /// not UTF-8 becomes U+FFFD first.
    virtual std::vector<Index> pieces(std::string_view text) const = 0;
    /// UTF-8. Special tokens left out unless asked for; ids beyond the table are left out too.
    virtual std::string decode(std::span<const Index> ids, bool with_special = false) const = 0;

    /// Ids are below this.
    virtual Index size() const = 0;
    /// A token as people read it: "·is" for one that begins with a space, "##ing" as it is, "⟨0xE4⟩" for a byte that is no
    /// character of its own. Empty if there is no such id.
    virtual std::string label(Index id) const = 0;
    /// By the text in which the file has it: "Ġis", "▁is", "[MASK]".
    virtual std::optional<Index> id_of(std::string_view token) const = 0;
    /// One of those that stand for no text: [CLS], <pad>, <|endoftext|>.
    virtual bool is_special(Index id) const = 0;
};

/// What a folder holds: tokenizer.json; else vocab.json and merges.txt (byte-level BPE); else vocab.txt (WordPiece); else
/// *.model or source.spm (SentencePiece). Null if it holds none of them. Error{bad_format} or {unsupported} names the file and
/// the part that it cannot read.
std::shared_ptr<const Tokenizer> read_tokenizer(const std::string& folder);
/// Of the texts that a model writes, where the folder has one for them (Marian's target.spm); else null. Errors as above.
std::shared_ptr<const Tokenizer> read_target_tokenizer(const std::string& folder);

}  // namespace saccade
