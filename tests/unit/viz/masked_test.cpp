#include "viz/masked.hpp"

#include <algorithm>
#include <cmath>

#include "exhibit/exhibits.hpp"
#include "figure_items.hpp"
#include "io/npz.hpp"
#include "run/run.hpp"
#include "run/run_request.hpp"
#include "sample_trace.hpp"
#include "trace/hand.hpp"
#include "viz/csv.hpp"
#include "viz/difference.hpp"
#include "viz/export.hpp"
#include "viz/hatching.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::masked_test {
namespace {

using namespace test;

TracePtr ran(const std::string& exhibit_id, const std::vector<std::pair<std::string, std::string>>& settings,
             const std::vector<std::string>& interventions = {}) {
    RunRequest request;
    request.exhibit = exhibit_id;
    for (const auto& [name, value] : settings)
        for (const ParamSpec& spec : exhibit(exhibit_id).params)
            if (spec.name == name) request.params.set(name, parse_param(spec, value));
    for (const std::string& spec : interventions) request.interventions.push_back(parse_intervention(spec));
    return run(request);
}

ViewState state_of(const std::string& view, const std::string& tensor) {
    ViewState state;
    state.view = view;
    state.tensor = tensor;
    return state;
}

/// Cells that are drawn as masked: of heatmaps and of the first pictures of grids by their values, of all else hatched boxes.
std::size_t hatched(const Figure& figure) {
    std::size_t n = 0;
    const auto masked = [&n](const Tensor<float>& values) {
        for (const float v : values.values()) n += std::isfinite(v) ? 0 : 1;
    };
    for (const HeatmapItem& item : items_of<HeatmapItem>(figure))
        if (item.hatch.a > 0) masked(item.values);
    for (const HeatmapGridItem& item : items_of<HeatmapGridItem>(figure)) masked(item.values);
    for (const RectItem& item : items_of<RectItem>(figure)) n += item.hatched ? 1 : 0;
    return n;
}

std::size_t hidden_in(const TraceTensor& mask) {
    const auto values = mask.values.values();
    return static_cast<std::size_t>(std::count_if(values.begin(), values.end(), [](float v) { return std::isinf(v); }));
}

struct Case {
    const char* exhibit;
    std::vector<std::pair<std::string, std::string>> settings;
    std::vector<std::string> interventions;
};

/// Causal, restricted, drawn, local windows, sequences of a batch: each kind of mask that a run records.
const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        {"self-attention", {{"text", "火车几点到北京？"}, {"mask", "causal"}}, {}},
        {"self-attention", {{"text", "火车几点到北京？"}, {"mask", "restricted"}, {"radius", "1"}}, {}},
        {"self-attention", {{"text", "火车几点到北京？"}}, {"mask[2,5]=-inf", "mask[6,0]=-inf"}},
        {"multi-head", {{"text", "火车几点"}}, {"mask[:,1]=-inf"}},
        {"alignment", {{"source", "30 Sep 2019"}, {"alignment", "local_m"}}, {}},
        {"transformer", {{"source", "我爱中国。"}}, {"cross.mask[:,:,2]=-inf"}},
        {"induction", {}, {}},
        {"permutation", {}, {}},
    };
    return all;
}

// The kind: whatever a run masks is hatched in every view that draws its weights, from the mask that was recorded.
TEST(Masked, EveryViewOfEveryMaskedAttentionHatchesIt) {
    const PlainMeasure measure;
    std::size_t masks = 0, drawn = 0;
    for (const Case& c : cases()) {
        const TracePtr trace = ran(c.exhibit, c.settings, c.interventions);
        for (const TraceTensor* weights : trace->with_role(Role::weights)) {
            const TraceTensor* mask = mask_of(*trace, *weights);
            if (mask == nullptr || hidden_in(*mask) == 0) continue;
            ++masks;
            for (const View* view : views()) {
                if (!view->accepts(*trace, *weights)) continue;
                ViewState state = state_of(view->id(), weights->info.name);
                // Where the mask hides something.
                Index at = 0;
                while (!std::isinf(mask->values.data()[at])) ++at;
                CellRef cell{mask->info.name, std::vector<Index>(mask->info.axes.size(), 0)};
                for (std::size_t a = cell.index.size(); a-- > 0; at /= mask->info.axes[a]->extent)
                    cell.index[a] = at % mask->info.axes[a]->extent;
                state.selected = focus_of(*trace, cell);
                const std::size_t n = hatched(view->layout(*trace, state, measure));
                EXPECT_GT(n, 0u) << c.exhibit << " " << weights->info.name << " " << view->id();
                ++drawn;
                if (view->id() != "heatmap") continue;
                std::size_t expected = 0;
                const Tensor<float> of =
                    mask->values.shape().rank() == 3 ? mask->values.row(cell.index[0]) : mask->values.whole();
                for (const float v : of.values()) expected += std::isinf(v) ? 1 : 0;
                EXPECT_EQ(n, expected) << c.exhibit << " " << weights->info.name;
            }
        }
    }
    EXPECT_GE(masks, cases().size() - 1);
    EXPECT_GE(drawn, 4 * masks);
}

TEST(Masked, WithoutAMaskNothingIsHatchedAndTheStorageIsShared) {
    const TracePtr trace = ran("self-attention", {{"text", "火车几点"}});
    const TraceTensor& weights = trace->tensor("weights");
    EXPECT_EQ(seen_values(*trace, weights, nullptr).data(), weights.values.data());
    for (const View* view : views()) {
        if (!view->accepts(*trace, weights)) continue;
        EXPECT_EQ(hatched(view->layout(*trace, state_of(view->id(), "weights"), PlainMeasure())), 0u) << view->id();
    }
}

TEST(Masked, AWeightThatAHandSetOnAMaskedCellIsShown) {
    const TracePtr trace = ran("self-attention", {{"text", "火车几点"}, {"mask", "causal"}}, {"weights[0,3]=0.4"});
    const TraceTensor& weights = trace->tensor("weights");
    ASSERT_FLOAT_EQ(weights.values.at({0, 3}), 0.4f);
    const Tensor<float> seen = seen_values(*trace, weights, nullptr);
    EXPECT_FLOAT_EQ(seen.at({0, 3}), 0.4f);
    EXPECT_TRUE(std::isnan(seen.at({0, 2})));
    EXPECT_TRUE(std::isnan(seen_values(*trace, trace->tensor("scores"), nullptr).at({0, 3})));
}

TEST(Masked, WhatIsMadeOfMaskedHeadsIsMaskedToo) {
    const TracePtr trace = ran("induction", {});
    const std::string name = trace->with_role(Role::weights).front()->info.name;
    const PlainMeasure measure;
    for (const auto heads : {ViewOptions::Heads::mean, ViewOptions::Heads::max})
        for (const auto layers : {ViewOptions::Layers::one, ViewOptions::Layers::mean, ViewOptions::Layers::rollout}) {
            ViewState state = state_of("heatmap", name);
            state.options.heads = heads;
            state.options.layers = layers;
            const Figure figure = view("heatmap").layout(*trace, state, measure);
            const Tensor<float> values = items_of<HeatmapItem>(figure).front().values;
            for (Index i = 0; i < values.shape()[0]; ++i)
                for (Index j = 0; j < values.shape()[1]; ++j) EXPECT_EQ(std::isnan(values.at({i, j})), j > i) << i << " " << j;
        }
}

TEST(Masked, TablesLeaveTheCellEmptyAndArraysCarryTheMask) {
    const TracePtr trace = ran("self-attention", {{"text", "火车几点"}, {"mask", "causal"}});
    const auto shown = view("heatmap").shown(*trace, state_of("heatmap", "weights"));
    EXPECT_EQ(shown[0].values.data()[1], 0.0f);
    ASSERT_EQ(shown[0].mask.shape(), shown[0].values.shape());
    const std::string csv = csv_of(shown);
    EXPECT_NE(csv.find("火,1,,,\r\n"), std::string::npos) << csv;
    ViewState stages = state_of("stages", "weights");
    stages.selected = focus_of(*trace, {"weights", {0, 0}});
    EXPECT_NE(csv_of(view("stages").shown(*trace, stages)).find("\r\n点,,\r\n"), std::string::npos)
        << csv_of(view("stages").shown(*trace, stages));
    for (const char* id : {"head-grid", "flow", "neuron", "bars"}) {
        const TracePtr heads = ran("multi-head", {{"text", "火车几点"}}, {"mask[:,1]=-inf"});
        const auto values = view(id).shown(*heads, state_of(id, heads->with_role(Role::weights).front()->info.name));
        EXPECT_TRUE(std::any_of(values.begin(), values.end(), [](const ShownValues& s) { return !s.mask.empty(); })) << id;
    }
    const TemporaryFolder folder;
    ViewState state = state_of("heatmap", "weights");
    RunRequest request;
    request.exhibit = "self-attention";
    export_figure(folder / "w.npz", *trace, {request_text(request), state});
    EXPECT_EQ(read_npz(folder / "w.npz").count("weights.masked"), 1u);
}

TEST(Masked, ADifferenceIsHatchedWhereARunMasks) {
    const TracePtr all = ran("self-attention", {{"text", "火车几点"}}),
                   causal = ran("self-attention", {{"text", "火车几点"}, {"mask", "causal"}});
    const Trace both = difference_of(*causal, *causal), one = difference_of(*all, *causal);
    EXPECT_TRUE(std::isnan(both.tensor("weights").values.at({0, 3})));
    EXPECT_FALSE(std::isnan(both.tensor("weights").values.at({3, 0})));
    EXPECT_NE(both.tensor("weights").info.title.find("masked in both"), std::string::npos);
    EXPECT_TRUE(std::isnan(one.tensor("weights").values.at({0, 3})));  // the mask's 0 is none that the model chose
    EXPECT_FALSE(std::isnan(one.tensor("weights").values.at({3, 0})));
    EXPECT_NE(one.tensor("weights").info.title.find("hatched: masked in B"), std::string::npos);
}

/// One head of many, as a tensor of its own: what the mask hides of the head it hides of the copy.
TEST(Masked, WhatHoldsCellsOfMaskedWeightsIsMaskedToo) {
    const TracePtr trace = ran("induction", {{"text", "tom likes mary. tom likes"}}, {"self.mask[1,3,2]=-inf"});
    const TraceTensor& copy = trace->tensor("best.weights");
    const Index n = copy.values.shape()[0];
    const Tensor<float> seen = seen_values(*trace, copy, nullptr);
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < n; ++j) EXPECT_EQ(std::isnan(seen.at({i, j})), j > i || (i == 3 && j == 2)) << i << "," << j;
    const PlainMeasure measure;
    EXPECT_EQ(hatched(view("heatmap").layout(*trace, state_of("heatmap", "best.weights"), measure)),
              static_cast<std::size_t>(n * (n - 1) / 2 + 1));
    EXPECT_FALSE(HiddenCells(*trace, trace->tensor("head_scores"), nullptr).any());
}

TEST(Masked, OfSeveralMasksTheOneThatTheRuleReads) {
    const TracePtr trace = ran("transformer", {{"source", "我爱中国。"}});
    for (const char* stack : {"encoder", "decoder", "cross"}) {
        const std::string name = stack;
        ASSERT_NE(mask_of(*trace, trace->tensor(name + ".weights")), nullptr);
        EXPECT_EQ(mask_of(*trace, trace->tensor(name + ".weights"))->info.name, name + ".mask");
        EXPECT_EQ(mask_of(*trace, trace->tensor(name + ".scores"))->info.name, name + ".mask");
    }
}

TEST(Masked, HatchingIsLinesInsideTheBoxes) {
    const std::vector<Box> boxes{{10, 10, 40, 20}, {10, 30, 40, 20}, {100, 3, 2, 2}};
    const std::vector<Segment> lines = hatch_lines(boxes);
    ASSERT_FALSE(lines.empty());
    for (const Segment& s : lines) {
        EXPECT_NEAR(std::remainder(s.from.x + s.from.y, hatch_spacing), 0, 1e-9);
        EXPECT_NEAR(s.from.x + s.from.y, s.to.x + s.to.y, 1e-9);
        for (const Point p : {s.from, s.to}) {
            const bool first = p.x >= 9.99 && p.x <= 50.01 && p.y >= 9.99 && p.y <= 50.01;
            EXPECT_TRUE(first || (p.x >= 99.99 && p.x <= 102.01 && p.y >= 2.99 && p.y <= 5.01)) << p.x << " " << p.y;
        }
    }
    // Through both of the first two boxes at once: 40 + 40 px along x + y, a line every 6.
    EXPECT_NEAR(static_cast<double>(lines.size()), 80 / hatch_spacing, 2);
}

}  // namespace
}  // namespace saccade::masked_test
