#include "viz/touched.hpp"

#include <algorithm>

#include "figure_items.hpp"
#include "run/run.hpp"
#include "run/run_request.hpp"
#include "trace/hand.hpp"
#include "viz/difference.hpp"
#include "viz/export.hpp"
#include "viz/figure_panels.hpp"
#include "viz/layout.hpp"
#include "viz_testing.hpp"

namespace saccade::touched_test {
namespace {

using namespace test;

RunRequest touched_request(const std::vector<std::string>& interventions, const std::string& mask = {}) {
    RunRequest request;
    request.exhibit = "self-attention";
    request.params.set("text", std::string("火车几点"));
    if (!mask.empty()) request.params.set("mask", mask);
    for (const std::string& spec : interventions) request.interventions.push_back(parse_intervention(spec));
    return request;
}

std::vector<char> touched_in(const Trace& trace, const std::string& name) {
    const TraceTensor& tensor = trace.tensor(name);
    return touched_cells(trace, tensor, plane_of(tensor, {}));
}

Index count(const std::vector<char>& touched) {
    return std::count(touched.begin(), touched.end(), 1);
}

TEST(Touched, IsWhatWasSetAndNotWhatGaveWay) {
    const auto touched = touched_in(*run(touched_request({"weights[1,2]=0.7"})), "weights");
    ASSERT_EQ(touched.size(), 16u);
    EXPECT_EQ(count(touched), 1);
    EXPECT_EQ(touched[1 * 4 + 2], 1);
    EXPECT_EQ(count(touched_in(*run(touched_request({"weights[1,2]=0.5", "weights[1,0]=0.1", "weights[3,3]=0.9"})), "weights")),
              3);
    const auto all_on_one = touched_in(*run(touched_request({"weights[1,2]=1"})), "weights");
    EXPECT_EQ(count(all_on_one), 1) << "the others had nothing left";
    EXPECT_EQ(all_on_one.at(1 * 4 + 2), 1);
    EXPECT_EQ(count(touched_in(*run(touched_request({"weights[1,:]*=5"})), "weights")), 4);
    EXPECT_EQ(count(touched_in(*run(touched_request({"scores[2,1]=4"})), "scores")), 1);
    EXPECT_TRUE(touched_in(*run(touched_request({"scores[2,1]=4"})), "weights").empty());  // it follows, no hand was there
    EXPECT_TRUE(touched_in(*run(touched_request({})), "weights").empty());
}

TEST(Touched, HidingByHandTouchesTheHiddenCells) {
    const auto touched = touched_in(*run(touched_request({"mask[1,2]=-inf"})), "weights");
    ASSERT_EQ(touched.size(), 16u);
    EXPECT_EQ(count(touched), 1);
    EXPECT_EQ(touched[1 * 4 + 2], 1);
}

TEST(Touched, EveryPictureOfTheCellHasItsDotAndNoOther) {
    const PlainMeasure measure;
    const TracePtr edited = run(touched_request({"weights[1,2]=0.7"})), plain = run(touched_request({}));
    for (const std::string& theme_id : theme_ids())
        for (const char* id : {"heatmap", "flow", "stages"}) {
            ViewState state;
            state.view = id;
            state.tensor = "weights";
            state.theme = theme_id;
            state.selected = focus_of(*edited, {"weights", {1, 0}});
            // A dot is two circles: ink, and an edge that sets it off.
            EXPECT_EQ(items_of<CircleItem>(view(id).layout(*edited, state, measure)).size(), 2u) << id;
            EXPECT_EQ(items_of<CircleItem>(view(id).layout(*plain, state, measure)).size(), 0u) << id;
            state.decorations = false;
            EXPECT_EQ(items_of<CircleItem>(view(id).layout(*edited, state, measure)).size(), 2u) << id;
        }
}

/// Where a hand left nothing of a weight, a dot alone would hang in the air.
TEST(Touched, EveryDotOfAFlowStandsOnALine) {
    const TracePtr trace = run(touched_request({"weights[1,2]=0", "weights[3,0]=0.002", "mask[0,3]=-inf"}));
    ViewState state;
    state.view = "flow";
    state.tensor = "weights";
    const Figure figure = view("flow").layout(*trace, state, PlainMeasure());
    const auto dots = items_of<CircleItem>(figure);
    ASSERT_EQ(dots.size(), 6u);
    for (const CircleItem& dot : dots)
        EXPECT_TRUE(std::ranges::any_of(items_of<CurveItem>(figure), [&](const CurveItem& curve) {
            return std::abs((curve.from.x + curve.to.x) / 2 - dot.center.x) < 0.01 &&
                   std::abs((curve.from.y + curve.to.y) / 2 - dot.center.y) < 0.01;
        })) << dot.center.x;
}

TEST(Touched, WhatWasDoneToAllOfItIsSaidByEveryView) {
    for (const auto& [spec, said] : {std::pair{"weights*=0", "ablated by hand"}, std::pair{"weights*=0.5", "× 0.50 by hand"}})
        for (const char* id : {"heatmap", "flow", "stages", "neuron"}) {
            ViewState state;
            state.view = id;
            state.tensor = "weights";
            const TracePtr plain = run(touched_request({})), trace = run(touched_request({spec}));
            if (!view(id).accepts(*trace, trace->tensor("weights"))) continue;
            for (const bool decorations : {true, false}) {
                state.decorations = decorations;
                const Figure figure = view(id).layout(*trace, state, PlainMeasure());
                EXPECT_TRUE(says(figure, said) || figure.subtitle.find(said) != std::string::npos) << id << ": " << spec;
                EXPECT_FALSE(says(view(id).layout(*plain, state, PlainMeasure()), "by hand")) << id;
            }
        }
    const TracePtr row = run(touched_request({"weights[1,:]*=0"}));
    EXPECT_EQ(block_said(row->tensor("weights"), {1, -1}), "ablated by hand");
    EXPECT_EQ(block_said(row->tensor("weights"), {-1, -1}), "");
    EXPECT_EQ(block_said(row->tensor("weights"), {2, -1}), "");
    EXPECT_EQ(block_said(row->tensor("scores"), {1, -1}), "");
}

TEST(Touched, EveryPanelThatFollowsFromAHandSaysSo) {
    const RunRequest request = touched_request({"weights[1,2]=0.7"});
    const TracePtr trace = run(request);
    EXPECT_TRUE(follows_hand(*trace, "weights"));
    EXPECT_TRUE(follows_hand(*trace, "context"));
    EXPECT_FALSE(follows_hand(*trace, "scores"));
    ViewState whole;
    whole.width = whole.height = 700;
    whole.by_hand = changed_by_hand(*trace, {request_text(request), {}, {}});
    FigurePanels panels;
    for (const char* tensor : {"scores", "weights", "context"}) {
        ViewState state;
        state.view = "heatmap";
        state.tensor = tensor;
        panels.states.push_back(state);
    }
    for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(panel_state(*trace, whole, panels, n).by_hand.empty(), n == 0) << n;
}

TEST(Stages, MarksWeightsOutsideTheScale) {
    const PlainMeasure measure;
    for (const char* spec : {"weights*=5", "weights*=-1"}) {
        const TracePtr trace = run(touched_request({spec}));
        ViewState state;
        state.view = "stages";
        state.tensor = "weights";
        const Figure figure = view("stages").layout(*trace, state, measure);
        const bool above = spec == std::string("weights*=5");
        const Color color = above ? theme("light").over : theme("light").under;
        const auto rects = items_of<RectItem>(figure);
        EXPECT_TRUE(std::any_of(rects.begin(), rects.end(), [&](const RectItem& r) { return r.fill == color; })) << spec;
        EXPECT_TRUE(says(figure, above ? "above 1" : "below 0")) << spec;
    }
}

TEST(Stages, HatchesStayInTheirColumn) {
    const PlainMeasure measure;
    RunRequest request = touched_request({"scores[2,:]=-3"}, "causal");
    const TracePtr trace = run(request);
    for (const double width : {320.0, 720.0}) {
        ViewState state;
        state.view = "stages";
        state.tensor = "weights";
        state.width = width;
        state.selected = focus_of(*trace, {"weights", {2, 0}});
        const Figure figure = view("stages").layout(*trace, state, measure);
        double score_right = 0, align_left = 1e9;
        for (const HitRegion& region : figure.regions) {
            if (region.ref.tensor == "scores") score_right = region.box.right();
            if (region.ref.tensor == "weights") align_left = region.box.x;
        }
        ASSERT_LT(score_right, align_left);
        int hatched = 0;
        for (const RectItem& rect : items_of<RectItem>(figure)) {
            if (!rect.hatched) continue;
            ++hatched;
            EXPECT_TRUE(rect.box.right() <= score_right + 0.5 || rect.box.x >= align_left - 0.5) << width << ": " << rect.box.x;
        }
        EXPECT_GE(hatched, 2);
    }
}

TEST(Compared, FiguresSayWhatAAndBAre) {
    const RunRequest a = touched_request({}), b = touched_request({}, "causal");
    EXPECT_EQ(compared_settings({request_text(a), {}, {}}), "");
    const std::string said = compared_settings({request_text(a), {}, request_text(b)});
    EXPECT_EQ(said.rfind("A: mask ", 0), 0u) << said;
    EXPECT_NE(said.find(" · B: mask causal"), std::string::npos) << said;
    ViewState state;
    state.difference = true;
    state.compared_as = said;
    state.tensor = "weights";
    const Trace difference = difference_of(*run(a), *run(b));
    for (const char* id : {"heatmap", "flow"}) {
        state.view = id;
        EXPECT_TRUE(says(view(id).layout(difference, state, PlainMeasure()), "B: mask causal")) << id;
    }
    // More and less weight in two colours.
    RunRequest words = touched_request({"weights[1,2]=0.9"});
    state.view = "flow";
    const auto lines = items_of<CurveItem>(view("flow").layout(difference_of(*run(a), *run(words)), state, PlainMeasure()));
    const auto has = [&](Color color) {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const CurveItem& line) { return with_alpha(line.color, 1) == color; });
    };
    EXPECT_TRUE(has(theme("light").accent));
    EXPECT_TRUE(has(theme("light").negative));
}

TEST(Export, SaysWhatDoesNotFitAndWhatIsFarBelowTheScale) {
    const TemporaryFolder folder;
    const RunRequest request = touched_request({});
    const TracePtr trace = run(request);
    const auto notes = [&](double width, double height, double font,
                           Normalization::Scale scale = Normalization::Scale::linear) {
        ViewState state;
        state.view = "heatmap";
        state.tensor = "weights";
        state.width = width;
        state.height = height;
        state.text_size = font;
        if (font > 0) state.text_scale = std::min(font / 13, 8.0);
        state.scale = scale;
        std::string said;
        for (const Note& note : export_figure(folder / "f.svg", *trace, {request_text(request), state}))
            said += note.text + ": " + note.hint + "\n";
        return said;
    };
    EXPECT_NE(notes(321, 214, 266).find("text of 200 pt does not fit a figure of 85 × 57 mm"), std::string::npos)
        << notes(321, 214, 266);
    EXPECT_NE(notes(321, 38, 0).find("title and labels are left out"), std::string::npos) << notes(321, 38, 0);
    EXPECT_EQ(notes(720, 480, 0).find("fit"), std::string::npos) << notes(720, 480, 0);
    // Weights of thirty keys that are all alike, on a scale up to 1.
    Trace even;
    const AxisPtr query = even.add_axis({"output", AxisKind::query, 4, {}, "i"}),
                  key = even.add_axis({"source", AxisKind::key, 30, {}, "j"});
    even.add({"weights", Role::weights, "α", "Weights", "weight", {query, key}}, Tensor<float>(Shape{4, 30}, 1 / 30.0f));
    for (const auto scale : {Normalization::Scale::linear, Normalization::Scale::largest}) {
        ViewState state;
        state.view = "heatmap";
        state.scale = scale;
        const auto said = export_figure(folder / "f.svg", even, {request_text(request), state});
        ASSERT_EQ(said.size(), scale == Normalization::Scale::linear ? 1u : 0u);
        if (!said.empty()) {
            EXPECT_NE(said[0].hint.find("--scale largest"), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace saccade::touched_test
