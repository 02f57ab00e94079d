#include <algorithm>
#include <cmath>

#include "figure_checks.hpp"
#include "figure_dump.hpp"
#include "sample_trace.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::view_layout_test {
namespace {

using namespace test;

Trace sentence() {
    return attention_trace({"她", "昨", "天", "买", "了", "一", "本", "书", "。"},
                           {"she", "bought", "a", "book", "yesterday", "."});
}

ViewState state_for(const std::string& view, const std::string& theme, double width, double height) {
    ViewState state;
    state.view = view;
    state.theme = theme;
    state.width = width;
    state.height = height;
    return state;
}

// What is laid out where must not change unnoticed. After a change that is meant: look at the pictures, then store the new
// numbers.
TEST(ViewLayout, IsAsItWasLookedAt) {
    struct Stored {
        const char* view;
        const char* theme;
        double width, height;
        std::uint64_t hash;
    };
    const Stored stored[] = {
        {"heatmap", "dark", 720, 480, 0x814d391c7ee4b20au}, {"flow", "dark", 720, 480, 0xef4a8add5704af25u},
        {"stages", "dark", 400, 480, 0x1a28e7931349ad89u},  {"bars", "light", 500, 300, 0x26cdc86c94ee9822u},
        {"curves", "dark", 720, 300, 0x34a5fcd56e600be5u},
    };
    const PlainMeasure measure;
    const Trace attention = sentence(), curves = curves_trace(40);
    for (const Stored& s : stored) {
        const bool metrics = std::string(s.view) == "curves";
        const Trace& trace = metrics ? curves : attention;
        ViewState state = state_for(s.view, s.theme, s.width, s.height);
        state.selected = metrics ? focus_of(trace, {"loss", {12}}) : focus_of(trace, {"weights", {3, 7}});
        if (!metrics) state.hovered = focus_of(trace, {"weights", {1, 2}});
        const std::string text = dump(view(s.view).layout(trace, state, measure));
        EXPECT_EQ(fmt::format("{:#x}", hash_of(text)), fmt::format("{:#x}", s.hash)) << s.view << " " << s.theme << "\n"
                                                                                     << text;
    }
}

TEST(ViewLayout, AStageBesideOneThatHasNoRoomKeepsItsNumber) {
    const PlainMeasure measure;
    const Trace trace = sentence();
    const auto named = [&](double width, const char* stage) {
        const std::string text = dump(view("stages").layout(trace, state_for("stages", "dark", width, 480), measure));
        return text.find(stage) != std::string::npos;
    };
    EXPECT_TRUE(named(400, "1 score") && named(400, "2 align"));
    bool left_out = false;
    for (double width = 400; width > 90; width -= 10) {
        EXPECT_FALSE(named(width, "1 align")) << width;
        left_out = left_out || (!named(width, "1 score") && named(width, "2 al"));
        const Figure figure = view("stages").layout(trace, state_for("stages", "dark", width, 480), measure);
        EXPECT_TRUE(named(width, "1 s") || std::ranges::count(figure.left_out, "1 score e") == 1) << width;
    }
    EXPECT_TRUE(left_out);
}

TEST(ViewLayout, BarsOfManyNamesNameTheLargest) {
    std::vector<std::string> words;
    for (int i = 0; i < 60; ++i) words.push_back(fmt::format("word{}", i));
    const Trace trace = attention_trace(words, {"she"});
    const PlainMeasure measure;
    const Tensor<float>& weights = trace.tensor("weights").values;
    const auto largest = std::ranges::max_element(weights.values()) - weights.values().begin();
    const std::string text = dump(view("bars").layout(trace, state_for("bars", "dark", 480, 240), measure));
    EXPECT_NE(text.find(words[static_cast<std::size_t>(largest)]), std::string::npos) << text;
    EXPECT_EQ(text.find('@'), std::string::npos) << "a number alone says nothing";
}

TEST(ViewLayout, OfAStackIsAsItWasLookedAt) {
    struct Stored {
        const char* view;
        const char* theme;
        double width, height;
        std::uint64_t hash;
    };
    const Stored stored[] = {
        {"head-grid", "light", 500, 340, 0x34a6982a605f770cu},
        {"neuron", "light", 500, 720, 0xb0ce84d304606718u},
        {"norms", "light", 620, 300, 0x188cc405868a0f40u},
    };
    const PlainMeasure measure;
    const Trace trace = stack_trace(4, 8, {"<s>", "火", "车", "几", "点", "到", "？", "<end>"}, 32);
    for (const Stored& s : stored) {
        ViewState state = state_for(s.view, s.theme, s.width, s.height);
        state.selected.marks = {{"layer", 2}, {"head", 4}, {"source", 5}, {"source.key", 2}};
        state.hovered.marks = {{"layer", 0}, {"head", 1}, {"unit", 3}};
        const std::string text = dump(view(s.view).layout(trace, state, measure));
        EXPECT_EQ(fmt::format("{:#x}", hash_of(text)), fmt::format("{:#x}", s.hash)) << s.view << " " << s.theme << "\n"
                                                                                     << text;
    }
}

class EveryView : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryView, StaysInsideAtAnySize) {
    const PlainMeasure measure;
    const std::vector<Trace> traces = [] {
        std::vector<Trace> made;
        made.push_back(sentence());
        made.push_back(attention_trace({"a"}, {"b"}, 1));
        made.push_back(attention_trace(tokens("s", 300), tokens("o", 11), 64));
        made.push_back(attention_trace(tokens("internationalisation", 9), tokens("incomprehensibility", 40), 7));
        made.push_back(heads_trace(2, 3, 9));
        made.push_back(stack_trace(4, 8, {"<s>", "火", "车", "几", "点", "到", "？", "<end>"}, 32));
        made.push_back(stack_trace(1, 1, {"a"}, 1));
        made.push_back(stack_trace(3, 2, tokens("incomprehensibility", 70)));
        made.push_back(curves_trace(1));
        made.push_back(curves_trace(500));
        made.push_back(series_trace({"S", "e", "p", " ", "3", "0"}));
        made.push_back(series_trace(tokens("incomprehensibility", 40), 60));
        made.push_back(
            plain_trace(Tensor<float>(Shape{4, 5}, std::nanf("")), Role::weights, {AxisKind::query, AxisKind::key}, "t"));
        made.push_back(plain_trace(Tensor<float>(Shape{700}, -1), Role::state, {AxisKind::feature}));
        made.push_back(plain_trace(Tensor<float>(Shape{1, 3}), Role::scores, {AxisKind::query, AxisKind::key}, "z"));
        return made;
    }();
    int drawn = 0;
    for (const Trace& trace : traces)
        for (const auto& [w, h] :
             {std::pair{16.0, 16.0}, {60.0, 300.0}, {400.0, 60.0}, {200.0, 150.0}, {720.0, 480.0}, {1900.0, 1000.0}})
            for (const double scale : {1.0, 2.0})
                for (const bool decorations : {true, false}) {
                    ViewState state = state_for(GetParam(), "dark", w, h);
                    state.text_scale = scale;
                    state.decorations = decorations;
                    const View& v = view(GetParam());
                    const auto& all = trace.tensors();
                    if (std::none_of(all.begin(), all.end(), [&](const TraceTensor& t) { return v.accepts(trace, t); }))
                        continue;
                    SCOPED_TRACE(fmt::format("{} x {} scale {} {}", w, h, scale, trace.tensors()[0].values.shape().str()));
                    state.options.order = decorations ? ViewOptions::Order::entropy : ViewOptions::Order::as_is;
                    // Below this size labels give way to the picture; what is left of them may be tight.
                    const bool roomy = w >= 400 * scale && h >= 300 * scale;
                    check_sound(v.layout(trace, state, measure), measure, roomy);
                    ++drawn;
                }
    EXPECT_GT(drawn, 0);
}

INSTANTIATE_TEST_SUITE_P(Views, EveryView,
                         ::testing::Values("heatmap", "head-grid", "flow", "stages", "neuron", "bars", "norms", "curves"));

TEST(ViewLayout, ManyCellsAreOneItem) {
    const PlainMeasure measure;
    const Trace trace = attention_trace(tokens("s", 512), tokens("o", 512), 4);
    const Figure figure = view("heatmap").layout(trace, state_for("heatmap", "dark", 720, 480), measure);
    EXPECT_LT(figure.items.size(), 200u);
}

}  // namespace
}  // namespace saccade::view_layout_test
