#include "viz/figure.hpp"

#include "viz_testing.hpp"

namespace saccade::figure_test {
namespace {

Figure grid() {
    Figure figure;
    HitRegion region;
    region.box = {10, 20, 60, 40};
    region.ref = {"weights", {3, -1, -1}};
    region.rows = 4;
    region.cols = 6;
    region.row_axis = 1;
    region.col_axis = 2;
    region.editable = true;
    figure.regions.push_back(region);
    return figure;
}

TEST(FigureHit, FindsTheCellOfAGrid) {
    const auto hit = grid().hit({10 + 35, 20 + 25});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref, (CellRef{"weights", {3, 2, 3}}));
    EXPECT_TRUE(hit->editable);
    EXPECT_DOUBLE_EQ(hit->cell.x, 40);
    EXPECT_DOUBLE_EQ(hit->cell.y, 40);
    EXPECT_DOUBLE_EQ(hit->cell.w, 10);
    EXPECT_DOUBLE_EQ(hit->cell.h, 10);
}

TEST(FigureHit, EdgesBelongToOneCellOnly) {
    EXPECT_EQ(grid().hit({10, 20})->ref.index, (std::vector<Index>{3, 0, 0}));
    EXPECT_EQ(grid().hit({69.999, 59.999})->ref.index, (std::vector<Index>{3, 3, 5}));
    EXPECT_FALSE(grid().hit({70, 30}));
    EXPECT_FALSE(grid().hit({30, 60}));
    EXPECT_FALSE(grid().hit({9.9, 30}));
}

TEST(FigureHit, LaterRegionsLieAbove) {
    Figure figure = grid();
    HitRegion above;
    above.box = {30, 30, 5, 5};
    above.ref = {"context", {7}};
    figure.regions.push_back(above);
    EXPECT_EQ(figure.hit({32, 32})->ref.tensor, "context");
    EXPECT_EQ(figure.hit({32, 36})->ref.tensor, "weights");
}

TEST(TextStart, FollowsAlignment) {
    const test::PlainMeasure measure;
    TextItem item;
    item.text = "abcde";  // 5 * 0.6 * 10 = 30 px
    item.size = 10;
    const auto start = [&](HAlign h, VAlign v) {
        item.halign = h;
        item.valign = v;
        return text_start(item, measure);
    };
    EXPECT_DOUBLE_EQ(start(HAlign::left, VAlign::baseline).x, 0);
    EXPECT_DOUBLE_EQ(start(HAlign::center, VAlign::baseline).x, -15);
    EXPECT_DOUBLE_EQ(start(HAlign::right, VAlign::baseline).x, -30);
    EXPECT_DOUBLE_EQ(start(HAlign::left, VAlign::baseline).y, 0);
    EXPECT_DOUBLE_EQ(start(HAlign::left, VAlign::top).y, 10);
    EXPECT_DOUBLE_EQ(start(HAlign::left, VAlign::bottom).y, -2.5);
    EXPECT_DOUBLE_EQ(start(HAlign::left, VAlign::middle).y, 3.6);
}

}  // namespace
}  // namespace saccade::figure_test
