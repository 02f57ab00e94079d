#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade {

/// Text as the tokenizers and BLEU see it: NFKC (Unicode normal form), lower case, straight quotes; words (letters, with
/// apostrophes inside), runs of digits, and every other character alone. A piece that follows white space, or comes first,
/// starts with U+2581 "▁", so that the text can be put together again.
std::vector<std::string> pretokenize(std::string_view text);
/// The same without the mark: words, numbers and signs, whatever stood before them.
std::vector<std::string> words_of(std::string_view text);
/// The words with a space on both sides of each, so that " new york " is found in it as words.
std::string spaced_words(std::string_view text);
/// The pieces of a token sequence as text: "▁" becomes a space.
std::string join_pieces(const std::vector<std::string>& pieces);
/// As every reader takes text (base/typed_text.hpp): NFKC, without what is not to be seen; and white space cut off at both
/// ends. Invalid UTF-8 becomes U+FFFD.
std::string normalize_text(std::string_view text);

/// Byte pair encoding over characters (Sennrich, Haddow and Birch 2016, "Neural machine translation of rare words with subword
/// units", algorithm 1): frequent words stay whole, rare ones fall into pieces, down to single characters.
class Bpe {
 public:
    Bpe() = default;
    explicit Bpe(std::vector<std::pair<std::string, std::string>> merges);
    /// The `count` most frequent merges of these texts, ties by the pair's text. Fewer if every pair left occurs but once.
    static Bpe learn(const std::vector<std::string>& texts, std::size_t count);
    /// A word as pieces that grow while merges are learned, and how often it occurs.
    struct CountedWord {
        std::vector<std::string> pieces;
        long count = 0;
    };
    /// The same of words that are counted already.
    static Bpe learn_from(std::vector<CountedWord> words, std::size_t count);

    /// Pieces of the text, each starting with "▁" where a word does.
    std::vector<std::string> encode(std::string_view text) const;
    const std::vector<std::pair<std::string, std::string>>& merges() const { return merges_; }

 private:
    std::vector<std::string> pieces_of(const std::string& word) const;

    std::vector<std::pair<std::string, std::string>> merges_;
    std::map<std::pair<std::string, std::string>, std::size_t> ranks_;
};

}  // namespace saccade
