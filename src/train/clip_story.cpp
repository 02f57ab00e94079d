#include "train/clip_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

const std::string story_hint =
    "such as: the red circle appears, then the blue square moves left; colours: red, yellow, green, blue, purple, black; "
    "shapes: "
    "circle, square, triangle, cross, ring; what happens: appears, vanishes, moves left, right, up or down, turns, meets";

/// What a word means, whatever the language; words of none are left out.
struct Meaning {
    enum class Kind { color, kind, verb, direction, next, nothing } kind = Kind::nothing;
    int value = 0;
};
using Kind = Meaning::Kind;
struct KnownWord {
    const char* word;
    Meaning meaning;
};

constexpr int any_move = -1;  // "moves": the direction says which

constexpr std::array known_words{KnownWord{"red", {Kind::color, 0}},
                                 KnownWord{"yellow", {Kind::color, 1}},
                                 KnownWord{"green", {Kind::color, 2}},
                                 KnownWord{"blue", {Kind::color, 3}},
                                 KnownWord{"purple", {Kind::color, 4}},
                                 KnownWord{"black", {Kind::color, 5}},
                                 KnownWord{"红", {Kind::color, 0}},
                                 KnownWord{"黄", {Kind::color, 1}},
                                 KnownWord{"绿", {Kind::color, 2}},
                                 KnownWord{"蓝", {Kind::color, 3}},
                                 KnownWord{"紫", {Kind::color, 4}},
                                 KnownWord{"黑", {Kind::color, 5}},
                                 KnownWord{"circle", {Kind::kind, 0}},
                                 KnownWord{"square", {Kind::kind, 1}},
                                 KnownWord{"triangle", {Kind::kind, 2}},
                                 KnownWord{"cross", {Kind::kind, 3}},
                                 KnownWord{"ring", {Kind::kind, 4}},
                                 KnownWord{"圆环", {Kind::kind, 4}},
                                 KnownWord{"圆", {Kind::kind, 0}},
                                 KnownWord{"方块", {Kind::kind, 1}},
                                 KnownWord{"三角", {Kind::kind, 2}},
                                 KnownWord{"十字", {Kind::kind, 3}},
                                 KnownWord{"appears", {Kind::verb, 0}},
                                 KnownWord{"vanishes", {Kind::verb, 1}},
                                 KnownWord{"moves", {Kind::verb, any_move}},
                                 KnownWord{"turns", {Kind::verb, 6}},
                                 KnownWord{"meets", {Kind::verb, 7}},
                                 KnownWord{"出现", {Kind::verb, 0}},
                                 KnownWord{"消失", {Kind::verb, 1}},
                                 KnownWord{"移动", {Kind::verb, any_move}},
                                 KnownWord{"旋转", {Kind::verb, 6}},
                                 KnownWord{"相遇", {Kind::verb, 7}},
                                 KnownWord{"left", {Kind::direction, 2}},
                                 KnownWord{"right", {Kind::direction, 3}},
                                 KnownWord{"up", {Kind::direction, 4}},
                                 KnownWord{"down", {Kind::direction, 5}},
                                 KnownWord{"向左", {Kind::direction, 2}},
                                 KnownWord{"向右", {Kind::direction, 3}},
                                 KnownWord{"向上", {Kind::direction, 4}},
                                 KnownWord{"向下", {Kind::direction, 5}},
                                 KnownWord{"then", {Kind::next, 0}},
                                 KnownWord{"然后", {Kind::next, 0}},
                                 KnownWord{",", {Kind::next, 0}},
                                 KnownWord{"，", {Kind::next, 0}},
                                 KnownWord{";", {Kind::next, 0}},
                                 KnownWord{"；", {Kind::next, 0}},
                                 KnownWord{".", {Kind::next, 0}},
                                 KnownWord{"。", {Kind::next, 0}},
                                 KnownWord{"and", {Kind::next, 0}},
                                 KnownWord{"the", {}},
                                 KnownWord{"a", {}},
                                 KnownWord{"an", {}},
                                 KnownWord{"to", {}},
                                 KnownWord{"与", {}},
                                 KnownWord{"和", {}},
                                 KnownWord{"的", {}},
                                 KnownWord{"形", {}}};

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The words of a story, each with its meaning.
std::vector<Meaning> meanings_of(const std::string& sentence) {
    std::string text = read_text_of(sentence);
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    std::vector<Meaning> found;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ' || text[at] == '\t' || text[at] == '\n') {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && is_letter(text[end])) ++end;
        const KnownWord* best = nullptr;
        for (const KnownWord& known : known_words) {
            const std::string_view word = known.word;
            const bool fits = end > at ? text.substr(at, end - at) == word : text.compare(at, word.size(), word) == 0;
            if (fits && (best == nullptr || word.size() > std::string_view(best->word).size())) best = &known;
        }
        if (best == nullptr) {
            const std::vector<std::string> rest = code_points(text.substr(at));
            const std::string word = end > at ? text.substr(at, end - at) : rest.empty() ? text.substr(at, 1) : rest.front();
            throw Error(ErrorCode::invalid_input, "Story: '" + shorten(word, 24) + "' is none of its words", story_hint);
        }
        found.push_back(best->meaning);
        at += std::string_view(best->word).size();
    }
    return found;
}

/// One clause: shapes in order, and what happens.
struct Clause {
    std::vector<ClipShape> shapes;
    int color = -1, verb = -2, direction = -1;
    bool empty() const { return shapes.empty() && color < 0 && verb == -2 && direction < 0; }
};

int shape_index(ClipStory& story, const ClipShape& look) {
    const auto found = std::ranges::find(story.shapes, look);
    if (found != story.shapes.end()) return static_cast<int>(found - story.shapes.begin());
    if (story.shapes.size() >= most_story_shapes)
        throw Error(ErrorCode::invalid_input, fmt::format("Story: more than {} shapes", most_story_shapes),
                    "let it be about fewer");
    story.shapes.push_back(look);
    return static_cast<int>(story.shapes.size()) - 1;
}

void add_clause(ClipStory& story, const Clause& clause) {
    const std::string where = fmt::format("Story, event {}: ", story.events.size() + 1);
    const auto refuse = [&](const std::string& why) { throw Error(ErrorCode::invalid_input, where + why, story_hint); };
    if (clause.color >= 0) refuse("a colour without a shape");
    if (clause.verb == -2) refuse("nothing happens");
    const int verb = clause.verb == any_move ? clause.direction : clause.verb;
    if (verb < 0) refuse("moves in no direction");
    ClipEvent event;
    event.verb = static_cast<ClipVerb>(verb);
    const std::size_t wanted = event.verb == ClipVerb::meets ? 2 : 1;
    if (clause.shapes.size() != wanted)
        refuse(fmt::format("names {} shape{} where {} {} needed", clause.shapes.size(), clause.shapes.size() == 1 ? "" : "s",
                           wanted, wanted == 1 ? "is" : "are"));
    if (story.events.size() == most_story_events)
        throw Error(ErrorCode::invalid_input, fmt::format("Story: more than {} events", most_story_events),
                    "let fewer things happen");
    event.shape = shape_index(story, clause.shapes[0]);
    if (wanted == 2) event.other = shape_index(story, clause.shapes[1]);
    if (event.other == event.shape) refuse("a shape cannot meet itself");
    if (event.verb == ClipVerb::turns && !turns_visibly(clip_kinds()[static_cast<std::size_t>(clause.shapes[0].kind)]))
        refuse("a circle or a ring is not seen to turn");
    story.events.push_back(event);
}

/// Events of usual lengths, with still frames spread evenly between and around them.
void spread(std::vector<ClipEvent>& events) {
    Index length = 0;
    const auto length_of = [](const ClipEvent& e) {
        return Index{e.verb == ClipVerb::appears || e.verb == ClipVerb::vanishes ? 3 : 4};
    };
    for (const ClipEvent& event : events) length += length_of(event);
    const Index spare = clip_frames - 1 - length, gaps = static_cast<Index>(events.size()) + 1;
    Index before = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Index still = spare * (static_cast<Index>(i) + 1) / gaps;
        events[i].first = 1 + before + std::max(still, static_cast<Index>(i));
        events[i].last = events[i].first + length_of(events[i]) - 1;
        before += length_of(events[i]);
    }
}

}  // namespace

ClipStory story_from(const std::string& sentence) {
    ClipStory story;
    Clause clause;
    const auto finish = [&] {
        if (!clause.empty()) add_clause(story, clause);
        clause = {};
    };
    for (const Meaning& m : meanings_of(sentence)) {
        switch (m.kind) {
            case Kind::color:
                clause.color = m.value;
                break;
            case Kind::kind:
                if (clause.color < 0) throw Error(ErrorCode::invalid_input, "Story: a shape without a colour", story_hint);
                clause.shapes.push_back({clause.color, m.value});
                clause.color = -1;
                break;
            case Kind::verb:
                clause.verb = m.value;
                break;
            case Kind::direction:
                clause.direction = m.value;
                break;
            case Kind::next:
                finish();
                break;
            case Kind::nothing:
                break;
        }
    }
    finish();
    if (story.events.empty()) throw Error(ErrorCode::invalid_input, "Story: nothing happens", story_hint);
    spread(story.events);
    if (const std::string problem = story_problem(story); !problem.empty())
        throw Error(ErrorCode::invalid_input, "Story, " + problem, "a shape appears once, before all else, and vanishes last");
    return story;
}

std::string story_problem(const ClipStory& story) {
    std::vector<std::size_t> order(story.events.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return story.events[i].first; });
    for (std::size_t i = 0; i < order.size(); ++i) {
        const ClipEvent& event = story.events[order[i]];
        for (std::size_t j = 0; j < order.size(); ++j) {
            const ClipEvent& other = story.events[order[j]];
            const bool same = event.shape == other.shape || event.other == other.shape;
            if (i == j || !same) continue;
            if (other.verb == ClipVerb::appears && j > i)
                return fmt::format("event {}: the shape is not there yet", order[i] + 1);
            if (other.verb == ClipVerb::vanishes && j < i) return fmt::format("event {}: the shape is gone", order[i] + 1);
            if (other.verb == ClipVerb::appears && event.verb == ClipVerb::appears)
                return fmt::format("event {}: the shape is there already", order[i] + 1);
        }
    }
    return {};
}

void begin_event(ClipStory& story, std::size_t k, Index first) {
    ClipEvent& event = story.events.at(k);
    const Index length = event.last - event.first;
    event.first = std::clamp<Index>(first, 1, clip_frames - 1);
    event.last = std::min(event.first + length, clip_frames - 1);
}

}  // namespace saccade
