#include <algorithm>
#include <cmath>

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz/layout.hpp"
#include "viz/text_measure_pango.hpp"
#include "viz_testing.hpp"

namespace saccade::stated_size_test {
namespace {

using namespace test;

constexpr double mm = 96 / 25.4, pt = 96.0 / 72;

/// A column of a journal, 8 pt.
ViewState column(const std::string& view, const std::string& tensor) {
    ViewState state;
    state.view = view;
    state.tensor = tensor;
    state.theme = "print";
    state.width = 85 * mm;
    state.height = 85 * mm / 1.3;
    state.text_size = 8 * pt;
    state.text_scale = state.text_size / 13;
    state.marks = false;
    return state;
}

const std::vector<std::string> words{"he", "gets", "up", "at", "six", "every", "morning", ".", "<end>"};

TEST(StatedSize, EveryTextHasItAndNoneIsCut) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    for (const char* id : {"heatmap", "head-grid", "flow", "stages", "bars", "neuron"}) {
        ViewState state = column(id, "encoder.weights");
        state.selected = focus_of(trace, {"encoder.weights", {1, 2, 3, 4}});
        const Figure figure = view(id).layout(trace, state, measure);
        const auto texts = items_of<TextItem>(figure);
        EXPECT_GT(texts.size(), 8u) << id;
        for (const TextItem& text : texts) {
            EXPECT_DOUBLE_EQ(text.size, state.text_size) << id << " " << text.text;
            EXPECT_EQ(text.text.find("…"), std::string::npos) << id << ": " << text.text;
            const Point start = text_start(text, measure);
            const double w = measure.width(text.text, text.size, text.font);
            if (text.angle != 0) continue;
            EXPECT_GE(text.at.x + start.x, -0.5) << id << " " << text.text;
            EXPECT_LE(text.at.x + start.x + w, state.width + 0.5) << id << " " << text.text;
        }
        // Nothing is outlined that was not asked for.
        for (const RectItem& rect : items_of<RectItem>(figure))
            EXPECT_FALSE(rect.stroke == theme("print").selection && !rect.hatched) << id;
    }
}

TEST(StatedSize, LabelsThatHaveRoomAreAllWritten) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(1, 1, words);
    for (const double height : {60.0, 65.0, 80.0}) {
        ViewState state = column("heatmap", "encoder.weights");
        state.height = height * mm;
        const Figure figure = view("heatmap").layout(trace, state, measure);
        const double pitch = items_of<HeatmapItem>(figure).front().box.h / static_cast<double>(words.size());
        if (pitch < state.text_size * 1.05) continue;
        for (const std::string& word : words) EXPECT_TRUE(says(figure, word)) << word << " at " << height << " mm";
    }
}

TEST(StatedSize, TitlesAreNoLargerThanWhatTheyAreAbove) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    for (const double scale : {0.8, 1.0, 2.0})
        for (const char* id : {"heatmap", "head-grid", "flow", "bars"}) {
            ViewState state;
            state.view = id;
            state.tensor = "encoder.weights";
            state.text_scale = scale;
            const auto texts = items_of<TextItem>(view(id).layout(trace, state, measure));
            double smallest = 1e9;
            for (std::size_t i = 1; i < texts.size(); ++i) smallest = std::min(smallest, texts[i].size);
            EXPECT_LE(texts.front().size, smallest + 1e-9) << id << " " << texts.front().text;
        }
}

TEST(StatedSize, TheHeadGridHasItsScaleAndSquareCorners) {
    const Trace trace = stack_trace(3, 6, words);
    const Figure figure = view("head-grid").layout(trace, column("head-grid", "encoder.weights"), PangoTextMeasure());
    EXPECT_EQ(items_of<ColorBarItem>(figure).size(), 1u);
    EXPECT_TRUE(says(figure, "weight"));
    for (const RectItem& rect : items_of<RectItem>(figure)) EXPECT_EQ(rect.radius, 0);
    // On the stage, too.
    ViewState card = column("head-grid", "encoder.weights");
    card.decorations = false;
    EXPECT_EQ(items_of<ColorBarItem>(view("head-grid").layout(trace, card, PangoTextMeasure())).size(), 1u);
}

TEST(StatedSize, NotesDoNotTakeTheScaleOfWhatIsSigned) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    for (const double height : {45.0, 57.0, 65.0}) {
        ViewState state = column("heatmap", "encoder.scores");
        state.height = height * mm;
        state.by_hand = "ablate layer 2, head 1 (encoder.weights) · α₅,₂ 0.74 → 0.20";
        const Figure figure = view("heatmap").layout(trace, state, measure);
        const auto bars = items_of<ColorBarItem>(figure);
        ASSERT_EQ(bars.size(), 1u) << height;
        EXPECT_LE(bars[0].box.right(), state.width);
        EXPECT_LE(bars[0].box.bottom(), state.height);
        const Box grid = items_of<HeatmapItem>(figure).front().box;
        EXPECT_TRUE(bars[0].box.y >= grid.bottom() || bars[0].box.x >= grid.right()) << height;
    }
    // A low card on the stage.
    ViewState card = column("heatmap", "encoder.scores");
    card.text_size = 0;
    card.text_scale = 1;
    card.decorations = false;
    for (const double height : {90.0, 120.0, 150.0})
        for (const double width : {200.0, 420.0}) {
            card.width = width;
            card.height = height;
            EXPECT_EQ(items_of<ColorBarItem>(view("heatmap").layout(trace, card, measure)).size(), 1u)
                << width << "x" << height;
        }
}

TEST(StatedSize, FlowTurnsItsLabelsBeforeItDropsOne) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(1, 1, words);
    const Figure figure = view("flow").layout(trace, column("flow", "encoder.weights"), measure);
    for (const std::string& word : words) {
        const auto texts = items_of<TextItem>(figure);
        EXPECT_EQ(std::count_if(texts.begin(), texts.end(), [&](const TextItem& t) { return t.text == word; }), 2) << word;
    }
}

TEST(StatedSize, TheSizeOfTheContextIsNotCut) {
    const PangoTextMeasure measure;
    const Trace trace = attention_trace(words, words, 128);
    const Figure figure = view("stages").layout(trace, column("stages", "weights"), measure);
    EXPECT_TRUE(says(figure, "±"));
    for (const TextItem& text : items_of<TextItem>(figure)) EXPECT_EQ(text.text.find("…"), std::string::npos) << text.text;
}

TEST(StatedSize, ALongTitleGoesOnBelow) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    const Figure figure = view("heatmap").layout(trace, column("heatmap", "encoder.weights"), measure);
    EXPECT_TRUE(says(figure, "layer 1, head 1"));
    EXPECT_TRUE(says(figure, "query: source"));
}

}  // namespace
}  // namespace saccade::stated_size_test
