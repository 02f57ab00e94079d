#include <gtest/gtest.h>

#include <cstring>

#include "figure_dump.hpp"
#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

// Views draw what is made when it is looked at as they draw what is kept, and do not need all of it at once.

namespace saccade::made_values_test {
namespace {

using namespace test;

/// The same trace, of which what has layers is made when it is looked at.
Trace made_of(const Trace& kept) {
    Trace trace;
    for (const AxisPtr& axis : kept.axes()) trace.add_axis(*axis);
    for (const TraceTensor& tensor : kept.tensors()) {
        TensorInfo info = tensor.info;
        for (AxisPtr& axis : info.axes) axis = trace.axis(axis->name);
        const Tensor<float> all = tensor.values;
        if (info.axes.size() < 3)
            trace.add(std::move(info), all);
        else
            trace.add(std::move(info),
                      TraceValues(all.shape(), std::make_shared<int>(0), [all](Index i) { return all.row(i).clone(); }));
    }
    for (const Step& step : kept.steps()) trace.add_step(step);
    return trace;
}

TEST(MadeValues, EveryViewDrawsThemAsIfTheyWereKept) {
    const Trace kept = stack_trace(3, 4, {"<s>", "the", "train", "arrives", "<end>"}), made = made_of(kept);
    std::size_t drawn = 0;
    for (const View* one : views())
        for (const TraceTensor& tensor : kept.tensors()) {
            if (!one->accepts(kept, tensor)) continue;
            ViewState state;
            state.view = one->id();
            state.tensor = tensor.info.name;
            state.width = 500;
            state.height = 400;
            state.selected.marks = {{"layer", 1}, {"head", 2}, {"source", 3}};
            EXPECT_EQ(dump(one->layout(made, state, PlainMeasure())), dump(one->layout(kept, state, PlainMeasure())))
                << one->id() << " of " << tensor.info.name;
            ++drawn;
        }
    EXPECT_GT(drawn, 8u);
}

TEST(MadeValues, HeadsOfALongTextAreMadeSmallAndLookTheSame) {
    const Trace kept = heads_trace(2, 3, 600), made = made_of(kept);
    ViewState state;
    state.view = "head-grid";
    state.width = 500;
    state.height = 400;
    const auto grid_of = [&](const Trace& trace) {
        return items_of<HeatmapGridItem>(view("head-grid").layout(trace, state, PlainMeasure())).at(0);
    };
    for (const auto sink : {ViewOptions::Sink::keep, ViewOptions::Sink::first}) {
        state.options.sink = sink;
        const HeatmapGridItem all = grid_of(kept), small = grid_of(made);
        EXPECT_EQ(all.values.shape(), (Shape{6, 600, 600}));
        EXPECT_LE(small.values.shape()[1], 256);
        // Made small once more, to the texels that are drawn: four cells of a side already are one.
        const Index by = 600 / small.values.shape()[1];
        EXPECT_EQ(by, 4);
        const GridAtlas one = grid_atlas(all, {8, 8}), other = grid_atlas(small, {8 / by, 8 / by});
        ASSERT_EQ(one.values.shape(), other.values.shape());
        for (Index i = 0; i < one.values.size(); ++i) {
            const float a = one.values.data()[i], b = other.values.data()[i];
            ASSERT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << i << ": " << a << ", " << b;
        }
    }
}

}  // namespace
}  // namespace saccade::made_values_test
