#include "train/pair_augmenter.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/utf8.hpp"
#include "model/bpe.hpp"

namespace saccade {

namespace {

const std::string word_start = "\u2581";

std::string bare(const std::string& piece) {
    return piece.starts_with(word_start) ? piece.substr(word_start.size()) : piece;
}

/// U+4E00 to U+9FFF, three bytes in UTF-8; false for three bytes of anything else, as they are cut from a text.
bool is_han(const std::string& character) {
    return character.size() == 3 && character >= "\u4E00" && character <= "\u9FFF";
}

/// Does the character before (its last three bytes) or after stand in the list?
bool listed(const std::string& character, const char* list) {
    return character.size() == 3 && std::string(list).find(character) != std::string::npos;
}

/// A part of another word: 中国 of 中国人, 三 of 十三.
bool inside_another(const ClassWord& word, const std::string& chinese, std::size_t at) {
    const std::string before = at >= 3 ? chinese.substr(at - 3, 3) : "";
    const std::string after = chinese.substr(std::min(at + word.chinese.size(), chinese.size()), 3);
    if (word.word_class == WordClass::place) return listed(after, "人语文话式菜币队");
    if (word.word_class != WordClass::number) return false;
    const char* digits = "零〇一二两三四五六七八九十百千万亿几第期月数点";
    return listed(before, digits) || listed(after, "零〇一二两三四五六七八九十百千万亿分") || !is_han(after);
}

bool starts_with_vowel(const std::string& word) {
    return !word.empty() && std::string("aeiou").find(word[0]) != std::string::npos && !word.starts_with("uni") &&
           !word.starts_with("eu");
}

std::vector<std::string> words_of(const std::string& english) {
    std::vector<std::string> words;
    for (const std::string& piece : pretokenize(english)) words.push_back(bare(piece));
    return words;
}

/// Where the words stand among the pieces, if they do once.
std::optional<Slot> only_place(const std::vector<std::string>& pieces, const std::vector<std::string>& words) {
    std::optional<Slot> found;
    for (std::size_t at = 0; at + words.size() <= pieces.size(); ++at) {
        std::string end;
        bool same = true;
        for (std::size_t k = 0; k < words.size() && same; ++k) {
            std::string piece = bare(pieces[at + k]);
            if (k + 1 == words.size() && piece.ends_with("'s") && !words[k].ends_with("'s")) {
                piece.resize(piece.size() - 2);
                end = "'s";
            }
            same = piece == words[k];
        }
        if (!same) continue;
        if (found) return std::nullopt;
        found = Slot{WordClass::place, 0, 0, at, words.size(), end};
    }
    return found;
}

/// What a sentence ends with, on both sides: "音乐" and "music" of 我喜欢音乐。 A country can be loved as well as music or a
/// person is, but hardly a pair says so, and without one 我爱中国 is read as in 我爱中国菜.
std::optional<Slot> liked(const SentencePair& pair) {
    constexpr std::size_t most_characters = 4, most_words = 2;
    const std::vector<std::string> characters = code_points(pair.chinese);
    std::size_t end = characters.size();
    while (end > 0 && !is_han(characters[end - 1])) --end;
    std::size_t at = 0;  // after the last verb
    for (std::size_t i = 0; i < end; ++i) {
        const std::string two = characters[i] + (i + 1 < end ? characters[i + 1] : "");
        if (two == "喜欢" || two == "讨厌" || two == "想念") at = i + 2;
        if ((characters[i] == "爱" || characters[i] == "恨") && !(i > 0 && listed(characters[i - 1], "恋可相"))) at = i + 1;
    }
    if (at == 0 || at >= end || end - at > most_characters) return std::nullopt;
    for (std::size_t i = at; i < end; ++i)
        if (!is_han(characters[i]) || listed(characters[i], "吗了过上着什哪谁吃喝不")) return std::nullopt;

    static const std::set<std::string> verbs = {"love",  "loves", "loved", "like",   "likes",  "liked",   "hate",
                                                "hates", "hated", "miss",  "misses", "missed", "dislike", "dislikes"};
    static const std::set<std::string> no_object = {"best",    "better", "too",     "forever", "much",      "other",
                                                    "another", "who",    "is",      "exist",   "sometimes", "it",
                                                    "to",      "with",   "anymore", ",",       "what"};
    const std::vector<std::string> words = words_of(pair.english);
    std::size_t last = words.size(), verb = words.size();
    while (last > 0 && (words[last - 1] == "." || words[last - 1] == "!" || words[last - 1] == "?")) --last;
    for (std::size_t i = 0; i < last; ++i)
        if (verbs.contains(words[i])) verb = i;
    if (verb + 1 >= last || last - verb - 1 > most_words) return std::nullopt;
    if (std::any_of(words.begin() + static_cast<std::ptrdiff_t>(verb) + 1, words.begin() + static_cast<std::ptrdiff_t>(last),
                    [](const std::string& word) { return no_object.contains(word); }))
        return std::nullopt;
    const auto bytes = [&](std::size_t from, std::size_t to) {
        std::size_t n = 0;
        for (std::size_t i = from; i < to; ++i) n += characters[i].size();
        return n;
    };
    return Slot{WordClass::place, bytes(0, at), bytes(at, end), verb + 1, last - verb - 1, {}};
}

}  // namespace

PairAugmenter::PairAugmenter(std::vector<ClassWord> words, const std::vector<SentencePair>& pairs)
    : words_(std::move(words)), usual_(word_class_count) {
    // The longest Chinese word first, so that 纽约 is not read in 新纽约.
    std::ranges::stable_sort(words_, std::ranges::greater(), [](const ClassWord& w) { return w.chinese.size(); });
    for (std::size_t i = 0; i < words_.size(); ++i)
        if (words_[i].usual) usual_[static_cast<std::size_t>(words_[i].word_class)].push_back(i);
    for (const SentencePair& pair : pairs) slots_.push_back(slots_of(pair));
}

std::vector<Slot> PairAugmenter::slots_of(const SentencePair& pair) const {
    std::vector<Slot> slots;
    std::vector<std::string> pieces;
    for (const ClassWord& word : words_) {
        const std::size_t at = pair.chinese.find(word.chinese);
        if (at == std::string::npos || pair.chinese.find(word.chinese, at + 1) != std::string::npos) continue;
        if (inside_another(word, pair.chinese, at)) continue;
        const bool taken = std::ranges::any_of(slots, [&](const Slot& s) {
            return at < s.chinese_at + s.chinese_size && s.chinese_at < at + word.chinese.size();
        });
        if (taken) continue;
        if (pieces.empty()) pieces = pretokenize(pair.english);
        std::optional<Slot> slot = only_place(pieces, words_of(word.english));
        if (!slot) continue;
        slot->word_class = word.word_class;
        slot->chinese_at = at;
        slot->chinese_size = word.chinese.size();
        slots.push_back(*slot);
    }
    if (const auto object = liked(pair)) slots.push_back(*object);
    return slots;
}

bool PairAugmenter::has_place(std::size_t i) const {
    return std::ranges::any_of(slots_.at(i), [](const Slot& s) { return s.word_class == WordClass::place; });
}

SentencePair PairAugmenter::substituted(const SentencePair& pair, const Slot& slot, Rng& rng) const {
    const std::vector<std::size_t>& all = usual_[static_cast<std::size_t>(slot.word_class)];
    const ClassWord& word = words_[all[rng.below(all.size())]];
    SentencePair made = pair;
    made.chinese.replace(slot.chinese_at, slot.chinese_size, word.chinese);
    std::vector<std::string> pieces = pretokenize(pair.english), put = pretokenize(word.english);
    if (!pieces[slot.english_at].starts_with(word_start)) put.front() = bare(put.front());
    put.back() += slot.english_end;
    if (slot.english_at > 0) {
        std::string& article = pieces[slot.english_at - 1];
        if (bare(article) == "a" || bare(article) == "an")
            article = (article.starts_with(word_start) ? word_start : "") + (starts_with_vowel(word.english) ? "an" : "a");
    }
    const auto first = pieces.begin() + static_cast<std::ptrdiff_t>(slot.english_at);
    pieces.erase(first, first + static_cast<std::ptrdiff_t>(slot.english_size));
    pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(slot.english_at), put.begin(), put.end());
    made.english = normalize_text(join_pieces(pieces));
    return made;
}

std::optional<SentencePair> with_end(const SentencePair& pair, SentenceEnd end, bool wide) {
    SentencePair made = pair;
    const auto cut = [](std::string& text, const std::string& mark) {
        if (!text.ends_with(mark) || text.size() == mark.size()) return false;
        text.resize(text.size() - mark.size());
        return true;
    };
    if (!(cut(made.chinese, "。") || cut(made.chinese, ".")) || !cut(made.english, ".")) return std::nullopt;
    if (made.chinese.ends_with(".") || made.english.ends_with(".")) return std::nullopt;  // an ellipsis
    if (end == SentenceEnd::none) return made;
    made.chinese += end == SentenceEnd::exclamation ? "!" : wide ? "。" : ".";
    made.english += end == SentenceEnd::exclamation ? "!" : ".";
    return made;
}

DictionaryPairs dictionary_pairs(const std::vector<DictionaryEntry>& dictionary, const std::vector<SentencePair>& pairs,
                                 const std::set<std::string>& known) {
    constexpr std::size_t longest = 4, most_words = 3, most_translations = 2;
    std::unordered_set<std::string> read;  // every run of one to four characters of the sentences
    for (const SentencePair& pair : pairs) {
        const std::vector<std::string> characters = code_points(pair.chinese);
        for (std::size_t i = 0; i < characters.size(); ++i) {
            std::string run;
            for (std::size_t n = 0; n < longest && i + n < characters.size(); ++n) read.insert(run += characters[i + n]);
        }
    }
    DictionaryPairs made;
    std::set<std::pair<std::string, std::string>> seen;
    for (const DictionaryEntry& entry : dictionary) {
        const std::vector<std::string> characters = code_points(entry.simplified);
        if (characters.size() > longest || !std::ranges::all_of(characters, is_han)) continue;
        const bool is_read = read.contains(entry.simplified);
        if (!is_read && characters.size() < 2) continue;
        std::size_t count = 0;
        for (const std::string& english : translations(entry)) {
            const std::vector<std::string> words = words_of(english);
            const bool all_known = std::ranges::all_of(words, [&](const std::string& w) { return known.contains(w); });
            if (words.size() > most_words || !all_known) continue;
            if (++count > most_translations) break;
            if (!seen.emplace(entry.simplified, english).second) continue;
            (is_read ? made.read : made.others).push_back({entry.simplified, english});
        }
    }
    return made;
}

}  // namespace saccade
