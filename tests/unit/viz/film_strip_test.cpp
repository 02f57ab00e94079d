#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "vision_trace.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::film_strip_test {
namespace {

using namespace test;

/// Two words over a clip of four frames; `places`: each frame has 2 x 2.
Trace clip_trace(bool places) {
    Trace trace;
    const AxisPtr word = trace.add_axis({"output", AxisKind::query, 2, {"circle", "moves"}, "i"});
    const AxisPtr frame = trace.add_axis({"frame", AxisKind::key, 4, {"1", "2", "3", "4"}, "j"});
    const AxisPtr iy = trace.add_axis({"image.y", AxisKind::y, 6, {}, "y"}),
                  ix = trace.add_axis({"image.x", AxisKind::x, 6, {}, "x"});
    const AxisPtr color = trace.add_axis({"color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
    trace.add({"frames", Role::input, "I", "Frames", "", {frame, iy, ix, color}}, Tensor<float>(Shape{4, 6, 6, 3}, 0.5f));
    if (!places) {
        trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {word, frame}},
                  Tensor<float>::from(Shape{2, 4}, {0.1f, 0.6f, 0.2f, 0.1f, 0.0f, 0.1f, 0.2f, 0.7f}));
        trace.add({"gold", Role::map, "G", "When it is", "", {word, frame}},
                  Tensor<float>::from(Shape{2, 4}, {0, 1, 1, 0, 0, 0, 0, 0}));
        return trace;
    }
    const AxisPtr y = trace.add_axis({"y", AxisKind::y, 2, {}, "y"}), x = trace.add_axis({"x", AxisKind::x, 2, {}, "x"});
    Tensor<float> map(Shape{2, 4, 2, 2}, 0.05f);
    map.data()[16 + 2 * 4 + 3] = 0.25f;
    trace.add({"map", Role::map, "α", "Where each word looks", "weight", {word, frame, y, x}}, map);
    return trace;
}

ViewState word(const std::string& tensor, Index i) {
    ViewState state = state_for("film-strip", tensor);
    state.step = i;
    state.step_axis = "output";
    return state;
}

TEST(FilmStrip, EveryFrameStandsInOrderAndTheOneThatGetsTheMostIsLarge) {
    const Trace trace = clip_trace(false);
    const Tensor<float>& frames = trace.tensor("frames").values;
    for (const auto& [i, most] : {std::pair<Index, Index>(0, 1), std::pair<Index, Index>(1, 3)}) {
        const auto images = items_of<ImageItem>(figure_of(trace, word("weights", i)));
        ASSERT_EQ(images.size(), 5u);
        EXPECT_EQ(images[0].pixels.data(), frames.row(most).data());
        EXPECT_GT(images[0].box.w, images[1].box.w);
        for (Index f = 0; f < 4; ++f) EXPECT_EQ(images[static_cast<std::size_t>(f + 1)].pixels.data(), frames.row(f).data());
    }
}

TEST(FilmStrip, AFrameThatIsSelectedIsLargeAndItsBarCanBeDragged) {
    const Trace trace = clip_trace(false);
    ViewState state = word("weights", 0);
    state.selected = focus_of(trace, {"weights", {0, 2}});
    const Figure figure = figure_of(trace, state);
    const auto images = items_of<ImageItem>(figure);
    EXPECT_EQ(images[0].pixels.data(), trace.tensor("frames").values.row(2).data());
    const Box frame = images[4].box;
    const auto at_frame = figure.hit({frame.x + frame.w / 2, frame.y + frame.h / 2});
    ASSERT_TRUE(at_frame);
    EXPECT_EQ(at_frame->ref, (CellRef{"weights", {0, 3}}));
    const auto at_bar = figure.hit({frame.x + frame.w / 2, frame.bottom() + 8});
    ASSERT_TRUE(at_bar);
    EXPECT_EQ(at_bar->ref, (CellRef{"weights", {0, 3}}));
    EXPECT_TRUE(at_bar->editable);
    EXPECT_GT(at_bar->px_per_unit, 0);
}

TEST(FilmStrip, SaysWhichFramesAreTheWordsOwnWhereSomeAre) {
    const Trace trace = clip_trace(false);
    EXPECT_TRUE(says(figure_of(trace, word("weights", 0)), "marked: when it is"));
    EXPECT_FALSE(says(figure_of(trace, word("weights", 1)), "marked"));
}

TEST(FilmStrip, LaysTheMapOfEachFrameOverIt) {
    const Trace trace = clip_trace(true);
    const Figure figure = figure_of(trace, word("map", 1));
    const auto images = items_of<ImageItem>(figure);
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(maps.size(), 5u);
    EXPECT_EQ(maps[0].values.data(), trace.tensor("map").values.row(1).row(2).data()) << "the frame that gets the most";
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(maps[i].box.x, images[i].box.x);
    const auto hit = figure.hit({maps[4].box.x + maps[4].box.w - 1, maps[4].box.y + 1});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref, (CellRef{"map", {1, 3, 0, 1}}));
}

TEST(FilmStrip, OutlinesThePlacesOfAWordThatHasSomeAndOfNoOther) {
    Trace trace = clip_trace(true);
    const auto& axes = trace.tensor("map").info.axes;
    Tensor<float> gold(Shape{2, 4, 2, 2});
    gold.data()[2 * 4] = 1;
    trace.add({"gold", Role::map, "G", "Where it is", "", axes}, gold);
    const Figure first = figure_of(trace, word("map", 0)), second = figure_of(trace, word("map", 1));
    EXPECT_TRUE(says(first, "marked: where it is"));
    EXPECT_FALSE(says(second, "marked"));
    EXPECT_GT(items_of<LineItem>(first).size(), items_of<LineItem>(second).size());
}

TEST(FilmStrip, DrawsNothingThatHasNoFrames) {
    const Trace words = attention_trace({"a"}, {"b"});
    EXPECT_THROW(figure_of(words, state_for("film-strip", "")), Error);
}

}  // namespace
}  // namespace saccade::film_strip_test
