#include "train/caption_sentence.hpp"

#include <algorithm>
#include <array>

namespace saccade {

namespace {

/// The words of one language.
struct Lexicon {
    std::string article;  // before every phrase; empty: none
    std::array<std::string, 2> sizes;
    std::vector<std::string> colors, kinds;
    /// Before and after the second phrase of each relation, in the order of CaptionRelation.
    struct Verb {
        std::vector<std::string> before, after;
    };
    std::vector<Verb> verbs;
    std::vector<std::string> also;  // between two relations of one subject
    std::string next;               // between clauses
};

const Lexicon& lexicon(CaptionLanguage language) {
    static const Lexicon english = {.article = "a",
                                    .sizes = {"small", "large"},
                                    .colors = caption_colors(),
                                    .kinds = {"circle", "square", "triangle", "star", "cross", "ring"},
                                    .verbs = {{{"is", "left", "of"}, {}},
                                              {{"is", "right", "of"}, {}},
                                              {{"is", "above"}, {}},
                                              {{"is", "below"}, {}},
                                              {{"is", "inside"}, {}},
                                              {{"contains"}, {}},
                                              {{"overlaps"}, {}}},
                                    .also = {"and"},
                                    .next = ";"};
    static const Lexicon chinese = {.article = "",
                                    .sizes = {"小", "大"},
                                    .colors = {"红", "橙", "黄", "绿", "蓝", "紫", "黑", "白"},
                                    .kinds = {"圆", "方块", "三角", "星星", "十字", "圆环"},
                                    .verbs = {{{"在"}, {"的", "左边"}},
                                              {{"在"}, {"的", "右边"}},
                                              {{"在"}, {"的", "上方"}},
                                              {{"在"}, {"的", "下方"}},
                                              {{"在"}, {"的", "里面"}},
                                              {{"里面有"}, {}},
                                              {{"与"}, {"重叠"}}},
                                    .also = {"，"},
                                    .next = "；"};
    return language == CaptionLanguage::english ? english : chinese;
}

void add_words(std::vector<CaptionWord>& to, const std::vector<std::string>& words) {
    for (const std::string& word : words) to.push_back({word, -1, false});
}

void add_phrase(std::vector<CaptionWord>& to, const CaptionShape& shape, const Lexicon& lex) {
    if (!lex.article.empty()) to.push_back({lex.article, shape.index, false});
    to.push_back({lex.sizes[shape.large ? 1 : 0], shape.index, false});
    to.push_back({lex.colors[static_cast<std::size_t>(shape.color)], shape.index, false});
    to.push_back({lex.kinds[static_cast<std::size_t>(shape.kind)], shape.index, true});
}

/// How many shapes the first clause speaks of.
std::size_t first_clause(std::size_t left) {
    return left == 3 || left >= 5 ? 3 : std::min<std::size_t>(left, 2);
}

Index position(const std::vector<std::string>& list, const std::string& word) {
    const auto found = std::ranges::find(list, word);
    return found == list.end() ? -1 : found - list.begin();
}

/// Reads a caption from its first word on.
class Reader {
 public:
    Reader(const std::vector<std::string>& words, const Lexicon& lex) : words_(words), lex_(lex) {}

    bool at_end() const { return at_ == words_.size(); }
    void go_on_as(const Reader& other) { at_ = other.at_; }
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
    Index take_one(const std::vector<std::string>& list) {
        const Index found = at_end() ? -1 : position(list, words_[at_]);
        if (found >= 0) ++at_;
        return found;
    }
    /// The shape that a phrase names, -1 if it is none or names none.
    int take_phrase(const std::vector<CaptionShape>& shapes, const Scene& scene) {
        if (!lex_.article.empty() && !take(lex_.article)) return -1;
        const Index size = take_one({lex_.sizes[0], lex_.sizes[1]});
        const Index color = take_one(lex_.colors), kind = take_one(lex_.kinds);
        if (size < 0 || color < 0 || kind < 0) return -1;
        for (const CaptionShape& s : shapes) {
            const double extent = scene.shapes[static_cast<std::size_t>(s.index)].size;
            const bool either = extent > 0.19 && extent < 0.28;
            if (s.color == color && s.kind == kind && (either || s.large == (size == 1))) return s.index;
        }
        return -1;
    }

 private:
    const std::vector<std::string>& words_;
    const Lexicon& lex_;
    std::size_t at_ = 0;
};

/// One relation and its second phrase; the relation's form may need words after it. -1: none of them is true.
int take_relation(Reader& reader, const Lexicon& lex, const Scene& scene, const std::vector<CaptionShape>& shapes,
                  int subject) {
    for (const CaptionRelation relation : caption_relations()) {
        const Lexicon::Verb& verb = lex.verbs[static_cast<std::size_t>(relation)];
        Reader ahead = reader;
        if (!ahead.take_all(verb.before)) continue;
        const int object = ahead.take_phrase(shapes, scene);
        if (object < 0 || !ahead.take_all(verb.after) || !may_say(scene, subject, relation, object)) continue;
        reader.go_on_as(ahead);
        return object;
    }
    return -1;
}

}  // namespace

CaptionText caption_text() {
    std::vector<std::string> words;
    const auto add = [&](const std::string& word) {
        if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
    };
    for (const CaptionLanguage language : {CaptionLanguage::english, CaptionLanguage::chinese}) {
        const Lexicon& lex = lexicon(language);
        add(lex.article);
        for (const auto* list : {&lex.colors, &lex.kinds, &lex.also})
            for (const std::string& word : *list) add(word);
        for (const std::string& word : lex.sizes) add(word);
        for (const Lexicon::Verb& verb : lex.verbs)
            for (const auto* list : {&verb.before, &verb.after})
                for (const std::string& word : *list) add(word);
        add(lex.next);
    }
    for (const char* special : {"<end>", "<en>", "<zh>"}) words.emplace_back(special);
    return CaptionText(Vocabulary(std::move(words)));
}

std::vector<CaptionWord> caption_of(const Scene& scene, std::span<const CaptionShape> order, CaptionLanguage language) {
    const Lexicon& lex = lexicon(language);
    std::vector<CaptionWord> words;
    for (std::size_t at = 0; at < order.size();) {
        if (at > 0) words.push_back({lex.next, -1, false});
        const std::size_t count = first_clause(order.size() - at);
        add_phrase(words, order[at], lex);
        for (std::size_t i = 1; i < count; ++i) {
            if (i > 1) add_words(words, lex.also);
            const CaptionRelation relation = relation_of(scene, order[at].index, order[at + i].index);
            const Lexicon::Verb& verb = lex.verbs[static_cast<std::size_t>(relation)];
            add_words(words, verb.before);
            add_phrase(words, order[at + i], lex);
            add_words(words, verb.after);
        }
        at += count;
    }
    return words;
}

std::vector<CaptionWord> caption_of(const Scene& scene, CaptionLanguage language) {
    return caption_of(scene, caption_shapes(scene), language);
}

Ids ids_of(const CaptionText& text, std::span<const CaptionWord> words) {
    Ids ids;
    for (const CaptionWord& w : words) ids.push_back(text.vocabulary().find(w.word));
    ids.push_back(text.end());
    return ids;
}

std::string text_of(std::span<const CaptionWord> words, CaptionLanguage language) {
    std::string text;
    for (const CaptionWord& w : words) {
        const bool apart = language == CaptionLanguage::english && !text.empty() && w.word != ";";
        text += (apart ? " " : "") + w.word;
    }
    return text;
}

bool describes(const Scene& scene, const std::vector<std::string>& words, CaptionLanguage language) {
    const Lexicon& lex = lexicon(language);
    std::vector<CaptionShape> left = caption_shapes(scene);
    Reader reader(words, lex);
    const auto named = [&](int shape) { std::erase_if(left, [&](const CaptionShape& s) { return s.index == shape; }); };
    while (!left.empty()) {
        const std::size_t count = first_clause(left.size());
        const int subject = reader.take_phrase(left, scene);
        if (subject < 0) return false;
        named(subject);
        for (std::size_t i = 1; i < count; ++i) {
            if (i > 1 && !reader.take_all(lex.also)) return false;
            const int object = take_relation(reader, lex, scene, left, subject);
            if (object < 0) return false;
            named(object);
        }
        if (!left.empty() && !reader.take(lex.next)) return false;
    }
    return reader.at_end();
}

std::vector<WordRegion> word_regions(const Scene& scene, const std::vector<std::string>& words) {
    const std::vector<CaptionShape> shapes = caption_shapes(scene);
    std::vector<WordRegion> regions(words.size());
    for (const CaptionLanguage language : {CaptionLanguage::english, CaptionLanguage::chinese}) {
        const Lexicon& lex = lexicon(language);
        for (std::size_t i = 0; i < words.size(); ++i) {
            const Index kind = position(lex.kinds, words[i]);
            if (kind < 0) continue;
            std::size_t start = i;
            const Index color = start > 0 ? position(lex.colors, words[start - 1]) : -1;
            if (color >= 0) --start;
            const Index size = start > 0 ? position({lex.sizes[0], lex.sizes[1]}, words[start - 1]) : -1;
            if (size >= 0) --start;
            if (start > 0 && !lex.article.empty() && words[start - 1] == lex.article) --start;
            const auto matching = [&](bool by_color, bool by_size) {
                std::vector<int> found;
                for (const CaptionShape& s : shapes)
                    if (s.kind == kind && (!by_color || s.color == color) && (!by_size || s.large == (size == 1)))
                        found.push_back(s.index);
                return found;
            };
            std::vector<int> found = matching(color >= 0, size >= 0);
            if (found.empty()) found = matching(color >= 0, false);
            if (found.empty()) found = matching(false, false);
            for (std::size_t w = start; w <= i; ++w) regions[w] = {found, w == i};
        }
    }
    return regions;
}

}  // namespace saccade
