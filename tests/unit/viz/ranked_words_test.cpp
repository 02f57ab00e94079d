#include <cmath>

#include "figure_items.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::ranked_words_test {
namespace {

using namespace test;

/// What `layers` layers would say: of layer l the words l, l + 1, ..., with probabilities 0.5, 0.25, ...
Trace said_by(Index layers, Index ranks) {
    Trace trace;
    const AxisPtr layer = trace.add_axis({"layer", AxisKind::layer, layers, {}, "l"});
    Axis source{"source_vocabulary", AxisKind::class_, layers + ranks, {}, "v"};  // which the words are not of
    for (Index v = 0; v < source.extent; ++v) source.labels.push_back("source" + std::to_string(v));
    trace.add_axis(std::move(source));
    Axis classes{"class", AxisKind::class_, layers + ranks, {}, "c"};
    for (Index c = 0; c < classes.extent; ++c) classes.labels.push_back(c == 1 ? "中国" : "word" + std::to_string(c));
    const AxisPtr all = trace.add_axis(std::move(classes));
    trace.add({"logits", Role::logits, "o", "", "", {all}}, Tensor<float>(Shape{all->extent}));
    const AxisPtr rank = trace.add_axis({"rank", AxisKind::class_, ranks, {}, "r"});
    Tensor<float> ids(Shape{layers, ranks}), p(Shape{layers, ranks});
    for (Index l = 0; l < layers; ++l)
        for (Index r = 0; r < ranks; ++r) {
            ids.row(l).data()[r] = static_cast<float>(l + r);
            p.row(l).data()[r] = std::pow(0.5f, static_cast<float>(r + 1));
        }
    trace.add({"lens.id", Role::output, "x", "", "", {layer, rank}}, ids);
    trace.add({"lens.probabilities", Role::probabilities, "p", "What each layer would say", "", {layer, rank}}, p);
    trace.add({"other.probabilities", Role::probabilities, "p", "", "", {layer, rank}}, p.clone());
    return trace;
}

ViewState state_of(double width, double height) {
    ViewState state;
    state.view = "words";
    state.tensor = "lens.probabilities";
    state.width = width;
    state.height = height;
    return state;
}

TEST(RankedWords, every_layer_says_its_own) {
    const Trace trace = said_by(3, 5);
    const Figure figure = view("words").layout(trace, state_of(900, 300), PlainMeasure());
    for (const char* text : {"word0", "中国", "word6", "0.50", "0.03", "layer, the likeliest first"})
        EXPECT_TRUE(says(figure, text)) << text;
    const auto grounds = items_of<RectItem>(figure);
    ASSERT_GE(grounds.size(), 15u);
    const auto shown = view("words").shown(trace, state_of(900, 300));
    ASSERT_EQ(shown.size(), 2u);
    EXPECT_EQ(shown[1].name, "lens.id");
}

TEST(RankedWords, a_click_names_layer_and_rank) {
    const Trace trace = said_by(3, 5);
    const Figure figure = view("words").layout(trace, state_of(900, 300), PlainMeasure());
    for (const TextItem& text : items_of<TextItem>(figure)) {
        if (text.text != "word6") continue;  // of layer 2 alone the last
        const auto hit = figure.hit(text.at);
        ASSERT_TRUE(hit);
        EXPECT_EQ(hit->ref.tensor, "lens.probabilities");
        EXPECT_EQ(hit->ref.index, (std::vector<Index>{2, 4}));
        return;
    }
    FAIL() << "word6 is not drawn";
}

TEST(RankedWords, of_many_layers_some_are_shown_evenly_and_the_last_always) {
    const Trace trace = said_by(48, 5);
    const Figure figure = view("words").layout(trace, state_of(500, 300), PlainMeasure());
    EXPECT_TRUE(says(figure, "word47"));
    EXPECT_FALSE(says(figure, "word46…"));
    const auto hit = figure.hit({figure.width - 100, figure.height - 30});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref.index[0], 47);
    for (const TextItem& text : items_of<TextItem>(figure)) {
        EXPECT_GE(text.at.y, 0);
        EXPECT_LE(text.at.y, figure.height);
    }
}

TEST(RankedWords, are_drawn_of_what_has_ids_beside_it_alone) {
    const Trace trace = said_by(2, 3);
    EXPECT_TRUE(view("words").accepts(trace, trace.tensor("lens.probabilities")));
    EXPECT_FALSE(view("words").accepts(trace, trace.tensor("other.probabilities")));
    EXPECT_FALSE(view("words").accepts(trace, trace.tensor("lens.id")));
    ViewState state = state_of(900, 300);
    state.tensor = "other.probabilities";
    error_of([&] { view("words").layout(trace, state, PlainMeasure()); });
}

}  // namespace
}  // namespace saccade::ranked_words_test
