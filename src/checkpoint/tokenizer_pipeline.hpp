#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checkpoint/added_tokens.hpp"
#include "checkpoint/normalizer.hpp"
#include "checkpoint/post_processor.hpp"
#include "checkpoint/pre_tokenizer.hpp"
#include "checkpoint/token_decoder.hpp"
#include "checkpoint/token_model.hpp"
#include "checkpoint/tokenizer.hpp"

namespace saccade {

/// The parts that a tokenizer is made of, in the order in which a text goes through them. A function that is empty is the
/// identity.
struct TokenizerParts {
    AddedTokens added;
    Normalizer normalizer;
    PreTokenizer pre_tokenizer;
    std::unique_ptr<const TokenModel> model;
    PostProcessor post_processor = no_post_processor();
    TokenDecoder decoder;
    bool byte_level = false;  // tokens are written in byte_characters()
};
std::shared_ptr<const Tokenizer> make_tokenizer(TokenizerParts parts);

// The kinds of files. `where` names the file in errors.

/// tokenizer.json, by its text.
std::shared_ptr<const Tokenizer> tokenizer_of_json(std::string_view text, const std::string& where);

/// Byte-level BPE of vocab.json and merges.txt. `family` is the tokenizer_class that the folder names, or the model_type: it
/// says how words are cut and what stands around a text.
std::shared_ptr<const Tokenizer> tokenizer_of_merges(std::string_view vocabulary, std::string_view merges,
                                                     const std::string& family, const std::vector<AddedToken>& added,
                                                     const std::string& where);
/// WordPiece of vocab.txt, a token a line.
std::shared_ptr<const Tokenizer> tokenizer_of_vocabulary(std::string_view lines, const BertNormalizing& normalizing,
                                                         const std::string& where);

/// A SentencePiece model's file. `family` as above; `vocabulary`: Marian's vocab.json, else empty.
std::shared_ptr<const Tokenizer> tokenizer_of_sentence_piece(const std::string& bytes, std::string_view vocabulary,
                                                             const std::string& family, const std::string& where);

}  // namespace saccade
