#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace saccade {

/// A part of a text on its way to the model.
struct TextPiece {
    std::string text;       // UTF-8
    bool at_start = false;  // of the whole text, where no space stands before the first word
};

/// Cuts pieces into smaller ones, words mostly, across which no token reaches. Pieces without text are dropped by whoever
/// calls.
using PreTokenizer = std::function<std::vector<TextPiece>(std::vector<TextPiece>)>;

/// As tokenizer.json describes it; null: the identity. Errors as read_normalizer().
PreTokenizer read_pre_tokenizer(const nlohmann::json& description, const std::string& where);

PreTokenizer byte_level_pre_tokenizer(bool add_prefix_space, bool use_regex);
/// White space, and every sign of punctuation alone.
PreTokenizer bert_pre_tokenizer();
/// Spaces become the mark, which also stands before the first word (`prepend`: "always" of each piece, "first" of the text,
/// "never").
PreTokenizer metaspace_pre_tokenizer(const std::string& mark, const std::string& prepend, bool split);

}  // namespace saccade
