#include "train/clip_sentence.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace saccade {

namespace {

using Word = ClipWord::Kind;
constexpr std::size_t verb_count = 8;

/// The words of one language.
struct Lexicon {
    std::string article;  // before every phrase; empty: none
    std::vector<std::string> colors, kinds;
    /// Of each ClipVerb; of "meets" those before the second phrase.
    std::array<std::vector<std::string>, verb_count> verbs;
    std::string with;                // before the second phrase, no verb
    std::vector<std::string> after;  // after it
    std::vector<std::string> next;   // between clauses
};

const Lexicon& lexicon(CaptionLanguage language) {
    static const Lexicon english = {.article = "the",
                                    .colors = clip_colors(),
                                    .kinds = {"circle", "square", "triangle", "cross", "ring"},
                                    .verbs = {{{"appears"},
                                               {"vanishes"},
                                               {"moves", "left"},
                                               {"moves", "right"},
                                               {"moves", "up"},
                                               {"moves", "down"},
                                               {"turns"},
                                               {"meets"}}},
                                    .with = "",
                                    .after = {},
                                    .next = {",", "then"}};
    static const Lexicon chinese = {
        .article = "",
        .colors = {"红", "黄", "绿", "蓝", "紫", "黑"},
        .kinds = {"圆", "方块", "三角", "十字", "圆环"},
        .verbs = {{{"出现"}, {"消失"}, {"向左", "移动"}, {"向右", "移动"}, {"向上", "移动"}, {"向下", "移动"}, {"旋转"}, {}}},
        .with = "与",
        .after = {"相遇"},
        .next = {"，", "然后"}};
    return language == CaptionLanguage::english ? english : chinese;
}

Index position(const std::vector<std::string>& list, const std::string& word) {
    const auto found = std::ranges::find(list, word);
    return found == list.end() ? -1 : found - list.begin();
}

/// A clause as it was read: places of its words, and what they mean.
struct Clause {
    std::size_t begin = 0, end = 0;
    ClipVerb verb = ClipVerb::appears;
    ClipShape first, second;
    bool two() const { return verb == ClipVerb::meets; }
};

/// Reads sentences from the first word on.
class Reader {
 public:
    Reader(const std::vector<std::string>& words, const Lexicon& lex) : words_(words), lex_(lex) {}

    std::size_t at() const { return at_; }
    bool at_end() const { return at_ == words_.size(); }
    bool take(const std::string& word) {
        if (at_end() || words_[at_] != word) return false;
        ++at_;
        return true;
    }
    bool take_all(const std::vector<std::string>& list) {
        const std::size_t start = at_;
        for (const std::string& word : list)
            if (!take(word)) {
                at_ = start;
                return false;
            }
        return true;
    }
    bool take_phrase(ClipShape& shape) {
        if (!lex_.article.empty()) take(lex_.article);
        const Index color = at_end() ? -1 : position(lex_.colors, words_[at_]);
        if (color < 0) return false;
        ++at_;
        const Index kind = at_end() ? -1 : position(lex_.kinds, words_[at_]);
        if (kind < 0) return false;
        ++at_;
        shape = {static_cast<int>(color), static_cast<int>(kind)};
        return true;
    }
    std::optional<Clause> take_clause() {
        Clause clause;
        clause.begin = at_;
        if (!take_phrase(clause.first)) return std::nullopt;
        bool found = false;
        for (std::size_t v = 0; v < verb_count && !found; ++v) {
            clause.verb = static_cast<ClipVerb>(v);
            if (!clause.two()) {
                found = take_all(lex_.verbs[v]);
                continue;
            }
            const std::vector<std::string>& before = lex_.verbs[v];
            found =
                (lex_.with.empty() ? take_all(before) : take(lex_.with)) && take_phrase(clause.second) && take_all(lex_.after);
        }
        clause.end = at_;
        return found ? std::optional(clause) : std::nullopt;
    }

 private:
    const std::vector<std::string>& words_;
    const Lexicon& lex_;
    std::size_t at_ = 0;
};

/// Does the event have the verb and the shapes of the clause?
bool is_said(const Clip& clip, const ClipEvent& event, const Clause& clause) {
    if (event.verb != clause.verb) return false;
    const ClipShape shape = clip_shape(clip, event.shape);
    if (!clause.two()) return shape == clause.first;
    const ClipShape other = clip_shape(clip, event.other);
    return (shape == clause.first && other == clause.second) || (shape == clause.second && other == clause.first);
}

void add_phrase(std::vector<ClipWord>& to, const Clip& clip, int shape, int event, const Lexicon& lex) {
    const ClipShape look = clip_shape(clip, shape);
    if (!lex.article.empty()) to.push_back({lex.article, Word::other, event, {shape}});
    to.push_back({lex.colors[static_cast<std::size_t>(look.color)], Word::other, event, {shape}});
    to.push_back({lex.kinds[static_cast<std::size_t>(look.kind)], Word::noun, event, {shape}});
}

/// Of two that meet, the one that is further left as they begin to.
bool other_first(const Clip& clip, const ClipEvent& event) {
    std::vector<int> index;
    const Scene scene = frame_of(clip, event.first - 1, clip_side, &index);
    const auto x_of = [&](int shape) {
        const auto found = std::ranges::find(index, shape);
        return found == index.end() ? clip.shapes[static_cast<std::size_t>(shape)].x
                                    : scene.shapes[static_cast<std::size_t>(found - index.begin())].x;
    };
    return x_of(event.other) < x_of(event.shape);
}

}  // namespace

CaptionText clip_text() {
    std::vector<std::string> words;
    const auto add = [&](const std::string& word) {
        if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
    };
    for (const CaptionLanguage language : {CaptionLanguage::english, CaptionLanguage::chinese}) {
        const Lexicon& lex = lexicon(language);
        add(lex.article);
        for (const auto* list : {&lex.colors, &lex.kinds})
            for (const std::string& word : *list) add(word);
        for (const auto& verb : lex.verbs)
            for (const std::string& word : verb) add(word);
        add(lex.with);
        for (const auto* list : {&lex.after, &lex.next})
            for (const std::string& word : *list) add(word);
    }
    for (const char* special : {"<end>", "<en>", "<zh>"}) words.emplace_back(special);
    return CaptionText(Vocabulary(std::move(words)));
}

std::vector<ClipWord> sentence_of(const Clip& clip, CaptionLanguage language) {
    const Lexicon& lex = lexicon(language);
    std::vector<ClipWord> words;
    for (std::size_t e = 0; e < clip.events.size(); ++e) {
        const ClipEvent& event = clip.events[e];
        const int own = static_cast<int>(e);
        if (e > 0)
            for (const std::string& word : lex.next) words.push_back({word, Word::other, -1, {}});
        const bool two = event.verb == ClipVerb::meets;
        const bool swapped = two && other_first(clip, event);
        const int first = swapped ? event.other : event.shape, second = swapped ? event.shape : event.other;
        add_phrase(words, clip, first, own, lex);
        std::vector<int> shapes = {event.shape};
        if (two) shapes.push_back(event.other);
        for (const std::string& word : lex.verbs[static_cast<std::size_t>(event.verb)])
            words.push_back({word, Word::verb, own, shapes});
        if (!two) continue;
        if (!lex.with.empty()) words.push_back({lex.with, Word::other, own, shapes});
        add_phrase(words, clip, second, own, lex);
        for (const std::string& word : lex.after) words.push_back({word, Word::verb, own, shapes});
    }
    return words;
}

Ids ids_of(const CaptionText& text, const std::vector<ClipWord>& words) {
    Ids ids;
    for (const ClipWord& w : words) ids.push_back(text.vocabulary().find(w.word));
    ids.push_back(text.end());
    return ids;
}

bool tells(const Clip& clip, const std::vector<std::string>& words, CaptionLanguage language) {
    const Lexicon& lex = lexicon(language);
    Reader reader(words, lex);
    for (std::size_t e = 0; e < clip.events.size(); ++e) {
        if (e > 0 && !reader.take_all(lex.next)) return false;
        const std::optional<Clause> clause = reader.take_clause();
        if (!clause || !is_said(clip, clip.events[e], *clause)) return false;
    }
    return reader.at_end();
}

std::vector<ClipWord> words_of(const Clip& clip, const std::vector<std::string>& words, CaptionLanguage language) {
    const Lexicon& lex = lexicon(language);
    std::vector<ClipWord> all;
    for (const std::string& word : words) all.push_back({word, Word::other, -1, {}});
    std::vector<bool> spoken(clip.events.size(), false);
    Reader reader(words, lex);
    while (!reader.at_end()) {
        const std::optional<Clause> clause = reader.take_clause();
        if (!clause) break;
        const auto fits = [&](int how) {
            for (std::size_t e = 0; e < clip.events.size(); ++e) {
                const ClipEvent& event = clip.events[e];
                const bool fit = how == 0   ? is_said(clip, event, *clause)
                                 : how == 1 ? event.verb == clause->verb
                                            : clip_shape(clip, event.shape) == clause->first;
                if (!spoken[e] && fit) return static_cast<int>(e);
            }
            return -1;
        };
        int event = -1;
        for (int how = 0; how < 3 && event < 0; ++how) event = fits(how);
        if (event >= 0) {
            const ClipEvent& found = clip.events[static_cast<std::size_t>(event)];
            spoken[static_cast<std::size_t>(event)] = true;
            std::vector<int> both = {found.shape};
            if (found.other >= 0) both.push_back(found.other);
            for (std::size_t i = clause->begin; i < clause->end; ++i) {
                const bool noun = position(lex.kinds, words[i]) >= 0;
                const bool phrase = noun || words[i] == lex.article || position(lex.colors, words[i]) >= 0;
                all[i].event = event;
                all[i].kind = noun ? Word::noun : phrase || words[i] == lex.with ? Word::other : Word::verb;
                all[i].shapes = both;
                // A phrase speaks of one shape: the one that has the look that its noun's clause says.
                const std::size_t half = clause->begin + (lex.article.empty() ? 2 : 3);
                const ClipShape& look = i < half ? clause->first : clause->second;
                if (phrase) std::erase_if(all[i].shapes, [&](int s) { return both.size() > 1 && clip_shape(clip, s) != look; });
            }
        }
        if (!reader.take_all(lex.next)) break;
    }
    return all;
}

}  // namespace saccade
