#include "exhibit/opening.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "run/run.hpp"

namespace saccade::opening_test {
namespace {

TracePtr run_of(const Exhibit& e) {
    RunRequest request;
    request.exhibit = e.id;
    return run(request);
}

/// Every exhibit that attends opens on a token that says something, at what it attends to most.
TEST(Opening, IsOnATokenThatSaysSomething) {
    int attending = 0;
    for (const Exhibit& e : exhibits()) {
        if (e.id == "bottleneck" || e.id == "complexity") continue;  // curves alone, which take a while
        const TracePtr trace = run_of(e);
        const CellRef cell = opening_cell(e, {}, *trace);
        if (cell.empty()) continue;
        ++attending;
        SCOPED_TRACE(e.id);
        const TraceTensor& tensor = trace->tensor(cell.tensor);
        // What is explained is to be seen.
        bool placed = false;
        for (const ViewPlacement& view : placements(e, {})) {
            const TraceTensor* shown = view.tensor.empty() ? &tensor : trace->find(view.tensor);
            placed = placed || (shown != nullptr && shown->info.axes == tensor.info.axes);
        }
        EXPECT_TRUE(placed) << cell.tensor;
        EXPECT_TRUE(e.id != "positions" || cell.tensor == "similarity") << cell.tensor;
        if (cell.tensor == "similarity") continue;
        const Axis& queries = *tensor.info.axes[tensor.info.axes.size() - 2];
        const Index query = cell.index[cell.index.size() - 2];
        if (!queries.labels.empty()) {
            const std::string label = queries.label(query);
            EXPECT_FALSE(label.starts_with("<") && label.ends_with(">")) << label;
        }
        EXPECT_EQ(strongest_of_row(tensor, cell), cell);
    }
    EXPECT_GE(attending, 8);
}

TEST(Opening, IsAtTheHeadThatTheRunNamesBest) {
    const Exhibit& e = exhibit("induction");
    const TracePtr trace = run_of(e);
    const CellRef cell = opening_cell(e, {}, *trace);
    const Tensor<float> scores = trace->tensor("head_scores").values.row(0);  // of induction
    ASSERT_GE(cell.index.size(), 4u);
    const float best = scores.at({cell.index[0], cell.index[1]});
    for (const float score : scores.values()) EXPECT_LE(score, best);
}

TEST(Opening, ATranslationOpensWhereTheWordsChangePlaces) {
    const Exhibit& e = exhibit("alignment");
    RunRequest request;
    request.exhibit = e.id;
    request.params.set("model", std::string("zh-en-gru"));
    request.params.set("source", std::string("她昨天买了一本很有趣的书。"));
    const TracePtr trace = run(request);
    const CellRef cell = opening_cell(e, request.params, *trace);
    const Index last = trace->axis("output")->extent - 1;
    EXPECT_LT(cell.index[0], last);
    const double far = std::abs(static_cast<double>(cell.index[0]) / static_cast<double>(last) -
                                static_cast<double>(cell.index[1]) / static_cast<double>(trace->axis("source")->extent - 1));
    EXPECT_GT(far, 0.2) << trace->axis("output")->label(cell.index[0]);
}

TEST(Opening, AClipOpensOnAWordThatLooksAtItsEvent) {
    const TracePtr trace = run_of(exhibit("temporal"));
    const CellRef cell = opening_cell(exhibit("temporal"), {}, *trace);
    ASSERT_EQ(cell.tensor, "weights");
    EXPECT_EQ(trace->tensor("pointing").values.data()[cell.index[0]], 1) << trace->axis("output")->label(cell.index[0]);
    EXPECT_GT(trace->tensor("weights").values.at(cell.index), 0.4f);
}

TEST(Opening, AStepLeadsToWhatItAttendsToMost) {
    const TracePtr trace = run_of(exhibit("alignment"));
    const TraceTensor& weights = trace->tensor("weights");
    for (Index i = 0; i < trace->axis("output")->extent; ++i) {
        const CellRef best = strongest_of_row(weights, {"weights", {i, 0}});
        EXPECT_EQ(best.index[0], i);
        for (const float w : weights.values.row(i).values()) EXPECT_LE(w, weights.values.at(best.index));
    }
    // No weights: nothing moves.
    const CellRef cell{"scores", {2, 1}};
    EXPECT_EQ(strongest_of_row(trace->tensor("scores"), cell), cell);
}

}  // namespace
}  // namespace saccade::opening_test
