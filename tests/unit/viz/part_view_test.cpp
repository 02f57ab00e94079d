#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "unit/viz/figure_items.hpp"
#include "unit/viz/viz_testing.hpp"
#include "viz/view.hpp"

namespace saccade::part_view_test {
namespace {

using test::items_of;
using test::says;

/// Rows 101 to 140 and columns 201 to 240 of a map of 400 positions, in blocks of `each`, and all of it beside them.
Trace part_trace(Index each, Index whole = 400) {
    Trace trace;
    const Index n = 40 / each;
    const auto axis = [&](const char* name, AxisKind kind, Index first) {
        Axis made{name, kind, n, {}, "i", {first, each, whole}};
        for (Index i = 0; i < n; ++i) made.labels.push_back(std::to_string(first + i * each + 1));
        return trace.add_axis(std::move(made));
    };
    const AxisPtr query = axis("token", AxisKind::query, 100), key = axis("token.key", AxisKind::key, 200);
    trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {query, key}}, Tensor<float>(Shape{n, n}, 0.25f));
    const AxisPtr all_query = trace.add_axis({"token.whole", AxisKind::query, 40, {}, "i", {0, whole / 40, whole}}),
                  all_key = trace.add_axis({"token.key.whole", AxisKind::key, 40, {}, "j", {0, whole / 40, whole}});
    Tensor<float> all(Shape{40, 40}, 0.5f);
    all.data()[3] = 2;
    trace.add({"weights.whole", Role::map, "x", "All", "", {all_query, all_key}}, all);
    return trace;
}

Figure figure_of(const Trace& trace, bool decorations, double width = 700, double height = 500) {
    ViewState state;
    state.view = "heatmap";
    state.tensor = "weights";
    state.decorations = decorations;
    state.width = width;
    state.height = height;
    return view("heatmap").layout(trace, state, test::PlainMeasure());
}

TEST(PartView, all_of_a_map_stands_beside_its_part) {
    const Figure figure = figure_of(part_trace(1), false);
    ASSERT_EQ(figure.parts.size(), 1u);
    const Box map = figure.parts[0].map, whole = figure.parts[0].whole;
    EXPECT_EQ(figure.parts[0].axes.at(0).axis->name, "token.key");
    EXPECT_EQ(figure.parts[0].axes.at(1).axis->name, "token");
    EXPECT_TRUE(figure.parts[0].is_of_run());
    ASSERT_GT(whole.w, 40);
    EXPECT_GT(whole.x, map.right());
    EXPECT_LE(whole.right(), 700);
    EXPECT_DOUBLE_EQ(whole.y, map.y);
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(maps.size(), 2u);
    EXPECT_EQ(maps[1].values.shape(), (Shape{40, 40}));
    EXPECT_DOUBLE_EQ(maps[1].normalization.high, 2);
    // The rectangle is where the part is: columns 201 to 240 of 400, rows 101 to 140.
    bool found = false;
    for (const RectItem& rect : items_of<RectItem>(figure))
        found = found || (std::abs(rect.box.x - (whole.x + whole.w * 0.5)) < 4 &&
                          std::abs(rect.box.y - (whole.y + whole.h * 0.25)) < 4 && std::abs(rect.box.w - whole.w * 0.1) < 8);
    EXPECT_TRUE(found);
    EXPECT_EQ(figure.subtitle, "query: token 101–140 of 400 · key: token 201–240 of 400");
}

TEST(PartView, a_figure_says_what_it_shows_instead) {
    const Figure figure = figure_of(part_trace(1), true);
    EXPECT_EQ(items_of<HeatmapItem>(figure).size(), 1u);
    EXPECT_TRUE(says(figure, "101–140 of 400"));
}

TEST(PartView, there_is_no_small_picture_without_room_or_of_all) {
    EXPECT_EQ(figure_of(part_trace(1), false, 120, 90).parts.at(0).whole.w, 0);
    Trace trace;
    const AxisPtr query = trace.add_axis({"token", AxisKind::query, 4, {}, "i", {0, 1, 4}}),
                  key = trace.add_axis({"token.key", AxisKind::key, 4, {}, "j", {0, 1, 4}});
    trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {query, key}}, Tensor<float>(Shape{4, 4}, 0.25f));
    EXPECT_EQ(figure_of(trace, false).parts.at(0).whole.w, 0);
}

TEST(PartView, labels_are_those_of_the_whole_and_thin_out) {
    for (const double height : {180.0, 300.0, 500.0}) {
        const Figure figure = figure_of(part_trace(1), false, 420, height);
        std::vector<double> rows;
        for (const TextItem& text : items_of<TextItem>(figure)) {
            if (text.halign != HAlign::right || text.at.x > figure.parts.at(0).map.x) continue;
            const double at = (text.at.y - figure.parts.at(0).map.y) / figure.parts.at(0).map.h * 40 - 0.5;
            EXPECT_EQ(text.text, std::to_string(101 + std::lround(at)));
            rows.push_back(text.at.y);
            if (rows.size() > 1) {
                EXPECT_GE(rows.back() - rows[rows.size() - 2], text.size) << height;
            }
        }
        EXPECT_GE(rows.size(), 2u);
    }
}

TEST(PartView, among_thousands_of_keys_the_largest_of_all_ends_the_scale_of_every_part) {
    EXPECT_DOUBLE_EQ(items_of<HeatmapItem>(figure_of(part_trace(1, 400), false))[0].normalization.high, 1);
    EXPECT_DOUBLE_EQ(items_of<HeatmapItem>(figure_of(part_trace(1, 4000), false))[0].normalization.high, 2);
    ViewState state;
    state.view = "heatmap";
    state.tensor = "weights";
    state.scale = Normalization::Scale::largest;
    const Figure figure = view("heatmap").layout(part_trace(1, 4000), state, test::PlainMeasure());
    EXPECT_DOUBLE_EQ(items_of<HeatmapItem>(figure)[0].normalization.high, 0.25);
}

TEST(PartView, the_whole_of_a_long_map_stands_beside_it_before_anybody_zooms) {
    Trace trace;
    const auto axis = [&](const char* name, AxisKind kind, Index n) {
        return trace.add_axis({name, kind, n, {}, "i", {0, 1, n}});
    };
    const AxisPtr query = axis("token", AxisKind::query, 80), key = axis("token.key", AxisKind::key, 80);
    trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {query, key}},
              Tensor<float>(Shape{80, 80}, 0.25f));
    EXPECT_GT(figure_of(trace, false).parts.at(0).whole.w, 40);
    EXPECT_EQ(figure_of(trace, true).parts.at(0).whole.w, 0);
}

/// Magnitudes of what is finite and not 0, sorted.
std::vector<float> sorted_magnitudes(const Tensor<float>& values) {
    std::vector<float> all;
    for (const float v : values.values())
        if (std::isfinite(v) && v != 0) all.push_back(std::abs(v));
    std::sort(all.begin(), all.end());
    return all;
}

TEST(Percentile, is_the_nearest_rank_of_what_is_not_zero) {
    std::mt19937 random(3);
    for (const Index n : {Index{1}, Index{2}, Index{100}, Index{4097}, (Index{1} << 20) + 77}) {
        Tensor<float> values(Shape{n});
        // In the last of them most are 0, so that there is little to sort.
        for (Index i = 0; i<n; i += n> 5000 ? 64 : 1)
            values.data()[i] = static_cast<float>(random()) / (1 + static_cast<float>(random() % 1000)) * (i % 2 == 0 ? 1 : -1);
        for (Index i = 0; i < n; i += 7) values.data()[i] = i % 2 == 0 ? 0 : -INFINITY;
        if (n > 3) values.data()[3] = NAN;
        const std::vector<float> sorted = sorted_magnitudes(values);
        for (const double p : {50.0, 90.0, 99.0, 99.9, 100.0}) {
            const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(sorted.size()) / 100));
            const double wanted = sorted.empty() ? 0 : static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
            EXPECT_EQ(percentile_of(values, p), wanted) << n << " " << p;
        }
    }
    EXPECT_EQ(percentile_of(Tensor<float>(Shape{5}), 99), 0);
    // 1 to 100: 99 of them are at most 99, and half at most 50.
    Tensor<float> counted(Shape{100});
    for (Index i = 0; i < 100; ++i) counted.data()[i] = static_cast<float>(i + 1);
    EXPECT_EQ(percentile_of(counted, 99), 99);
    EXPECT_EQ(percentile_of(counted, 50), 50);
    EXPECT_EQ(percentile_of(counted, 99.5), 100);
}

TEST(Percentile, ends_the_scale_of_weights_and_of_signed_values) {
    AskedScale asked;
    asked.scale = Normalization::Scale::percentile;
    asked.percentile = 75;
    const auto values = Tensor<float>::from(Shape{6}, {0, 0.1f, 0.2f, 0.3f, 0.9f, -INFINITY});
    Normalization n = normalization_for(values, true, false, asked);
    EXPECT_FLOAT_EQ(static_cast<float>(n.high), 0.3f);
    EXPECT_EQ(n.low, 0);
    EXPECT_DOUBLE_EQ(n(0.9), 1);
    n = normalization_for(Tensor<float>::from(Shape{4}, {-4, 1, 2, 3}), false, true, asked);
    EXPECT_EQ(n.high, 3);
    EXPECT_EQ(n.low, -3);
    EXPECT_EQ(n.label(), "scale to percentile 75 of what is not 0, larger values saturate");
    n = normalization_for(Tensor<float>(Shape{4}), false, false, asked);
    EXPECT_GT(n.high, n.low);
}

TEST(Percentile, is_written_wherever_it_colours) {
    const Trace trace = part_trace(1);
    for (const char* id : {"heatmap"}) {
        ViewState state;
        state.view = id;
        state.tensor = "weights";
        state.scale = Normalization::Scale::percentile;
        state.options.percentile = 97.5;
        const Figure figure = view(id).layout(trace, state, test::PlainMeasure());
        EXPECT_TRUE(says(figure, "percentile 97.5")) << id;
        EXPECT_TRUE(says(figure, "≥ 0.25")) << id;
        EXPECT_DOUBLE_EQ(items_of<HeatmapItem>(figure)[0].normalization.high, 0.25);
        EXPECT_EQ(items_of<HeatmapItem>(figure)[0].over.a, 0);  // what saturates is not outside of what there can be
    }
}

}  // namespace
}  // namespace saccade::part_view_test
