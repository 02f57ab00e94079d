#include "model/bpe.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/typed_text.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

const std::string word_start = "\u2581";

enum class CharacterClass { space, letter, digit, other };

CharacterClass class_of(char32_t c) {
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
            return CharacterClass::letter;
        case UTF8PROC_CATEGORY_ND:
            return CharacterClass::digit;
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
        case UTF8PROC_CATEGORY_CC:
            return CharacterClass::space;
        default:
            return CharacterClass::other;
    }
}

char32_t plain_quote(char32_t c) {
    if (c == U'\u2018' || c == U'\u2019' || c == U'\u02BC') return U'\'';
    if (c == U'\u201C' || c == U'\u201D') return U'"';
    return c;
}

using Pair = std::pair<std::string, std::string>;

/// Every word of the texts with how often it occurs.
std::vector<Bpe::CountedWord> counted_words(const std::vector<std::string>& texts) {
    std::map<std::string, long> counts;
    for (const std::string& text : texts)
        for (const std::string& word : pretokenize(text)) ++counts[word];
    std::vector<Bpe::CountedWord> words;
    for (const auto& [word, count] : counts) {
        Bpe::CountedWord w{code_points(word), count};
        // The mark is no piece of its own: it belongs to the first character.
        if (w.pieces.size() > 1 && w.pieces[0] == word_start) {
            w.pieces[1] = word_start + w.pieces[1];
            w.pieces.erase(w.pieces.begin());
        }
        words.push_back(std::move(w));
    }
    return words;
}

void merge_in_place(std::vector<std::string>& pieces, const Pair& pair) {
    std::size_t to = 0;
    for (std::size_t from = 0; from < pieces.size(); ++to) {
        if (from + 1 < pieces.size() && pieces[from] == pair.first && pieces[from + 1] == pair.second) {
            pieces[to] = pair.first + pair.second;
            from += 2;
        } else {
            if (to != from) pieces[to] = pieces[from];
            ++from;
        }
    }
    pieces.resize(to);
}

}  // namespace

std::string normalize_text(std::string_view text) {
    std::string normal = read_text_of(text);
    const auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!normal.empty() && space(normal.back())) normal.pop_back();
    std::size_t start = 0;
    while (start < normal.size() && space(normal[start])) ++start;
    return normal.substr(start);
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words = pretokenize(text);
    for (std::string& word : words)
        if (word.starts_with(word_start)) word.erase(0, word_start.size());
    return words;
}

std::string spaced_words(std::string_view text) {
    std::string all = " ";
    for (const std::string& word : words_of(text)) all += word + " ";
    return all;
}

std::vector<std::string> pretokenize(std::string_view text) {
    std::u32string characters;
    for (const char32_t c : decode_utf8(normalize_text(text)))
        characters += plain_quote(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    std::vector<std::string> pieces;
    bool after_space = true;
    CharacterClass last = CharacterClass::space;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        const char32_t c = characters[i];
        CharacterClass k = class_of(c);
        if (k == CharacterClass::space) {
            after_space = true;
            last = k;
            continue;
        }
        // don't, o'clock: between letters an apostrophe belongs to the word.
        if (c == U'\'' && last == CharacterClass::letter && i + 1 < characters.size() &&
            class_of(characters[i + 1]) == CharacterClass::letter)
            k = CharacterClass::letter;
        if (!after_space && k == last && k != CharacterClass::other) {
            pieces.back() += encode_utf8(c);
        } else {
            pieces.push_back((after_space ? word_start : "") + encode_utf8(c));
        }
        after_space = false;
        last = k;
    }
    return pieces;
}

std::string join_pieces(const std::vector<std::string>& pieces) {
    std::string text;
    for (const std::string& piece : pieces) {
        if (piece.starts_with(word_start))
            text += (text.empty() ? "" : " ") + piece.substr(word_start.size());
        else
            text += piece;
    }
    return text;
}

Bpe::Bpe(std::vector<Pair> merges) : merges_(std::move(merges)) {
    for (std::size_t i = 0; i < merges_.size(); ++i) ranks_.emplace(merges_[i], i);
}

Bpe Bpe::learn(const std::vector<std::string>& texts, std::size_t count) {
    return learn_from(counted_words(texts), count);
}

Bpe Bpe::learn_from(std::vector<CountedWord> words, std::size_t count) {
    std::map<Pair, long> pairs;
    std::map<Pair, std::set<std::size_t>> places;  // words that hold the pair, or once did
    const auto count_pairs = [&](std::size_t w, long sign) {
        const auto& pieces = words[w].pieces;
        for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
            const Pair pair{pieces[i], pieces[i + 1]};
            pairs[pair] += sign * words[w].count;
            if (sign > 0) places[pair].insert(w);
        }
    };
    for (std::size_t w = 0; w < words.size(); ++w) count_pairs(w, 1);
    std::vector<Pair> merges;
    while (merges.size() < count && !pairs.empty()) {
        // std::map goes through the pairs in the order of their text, so the first of the largest is the same everywhere.
        const auto best = std::ranges::max_element(pairs, [](const auto& a, const auto& b) { return a.second < b.second; });
        if (best->second < 2) break;
        const Pair pair = best->first;
        merges.push_back(pair);
        for (const std::size_t w : std::set<std::size_t>(places[pair])) {
            count_pairs(w, -1);
            merge_in_place(words[w].pieces, pair);
            count_pairs(w, 1);
        }
        pairs.erase(pair);
        places.erase(pair);
    }
    return Bpe(std::move(merges));
}

std::vector<std::string> Bpe::pieces_of(const std::string& word) const {
    std::vector<std::string> pieces = code_points(word);
    if (pieces.size() > 1 && pieces[0] == word_start) {
        pieces[1] = word_start + pieces[1];
        pieces.erase(pieces.begin());
    }
    for (;;) {
        std::size_t best = std::numeric_limits<std::size_t>::max();
        for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
            const auto found = ranks_.find({pieces[i], pieces[i + 1]});
            if (found != ranks_.end()) best = std::min(best, found->second);
        }
        if (best == std::numeric_limits<std::size_t>::max()) return pieces;
        merge_in_place(pieces, merges_[best]);
    }
}

std::vector<std::string> Bpe::encode(std::string_view text) const {
    std::vector<std::string> all;
    for (const std::string& word : pretokenize(text))
        for (std::string& piece : pieces_of(word)) all.push_back(std::move(piece));
    return all;
}

}  // namespace saccade
