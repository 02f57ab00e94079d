#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checkpoint/normalizer.hpp"
#include "checkpoint/token_table.hpp"
#include "checkpoint/token_trie.hpp"

namespace saccade {

/// A token that is found in a text before anything else looks at it.
struct AddedToken {
    Index id = 0;
    std::string content;
    bool single_word = false;  // not within a word
    bool lstrip = false;       // takes the white space before it along
    bool rstrip = false;       // and behind
    bool normalized = false;   // looked for in the normalised text
    bool special = false;      // stands for no text
};

/// Of a text, either a token that was found, or what lies between two.
struct TextPart {
    std::optional<Index> id;
    std::string text;
    bool at_start = false;
};

/// All added tokens of a tokenizer. Immutable after the last add().
class AddedTokens {
 public:
    AddedTokens() = default;
    /// Errors as TokenTable::add().
    AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer, const std::string& where);

    /// The text cut at the tokens in it; what lies between is normalised. The leftmost first, and of these the longest.
    std::vector<TextPart> split(std::string_view text, const Normalizer& normalizer) const;
    const TokenTable& table() const { return table_; }
    bool is_special(Index id) const;

 private:
    struct Search {
        TokenTrie trie;  // its values are places in tokens_
        void split(const std::vector<AddedToken>& tokens, const TextPart& part, std::vector<TextPart>& into) const;
    };

    std::vector<AddedToken> tokens_;
    TokenTable table_;
    std::unordered_map<Index, bool> special_;
    Search raw_, normalized_;
};

}  // namespace saccade
