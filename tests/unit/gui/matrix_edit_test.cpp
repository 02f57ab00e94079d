#include "ui/matrix_edit.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace saccade::matrix_edit_test {
namespace {

const Tensor<float> two = Tensor<float>::from(Shape{2, 2}, {1, 2, 3, 4});

void expect_cells(const Tensor<float>& matrix, const Shape& shape, const std::vector<float>& cells) {
    ASSERT_EQ(matrix.shape(), shape);
    EXPECT_EQ(std::vector<float>(matrix.values().begin(), matrix.values().end()), cells);
}

TEST(MatrixEdit, ABlockGrowsTheMatrixAndLeavesTheGivenOneAlone) {
    expect_cells(with_block(two, 0, 1, Tensor<float>::from(Shape{1, 1}, {9})), Shape{2, 2}, {1, 9, 3, 4});
    expect_cells(with_block(two, 1, 1, Tensor<float>::from(Shape{2, 2}, {5, 6, 7, 8})), Shape{3, 3},
                 {1, 2, 0, 3, 5, 6, 0, 7, 8});
    expect_cells(two, Shape{2, 2}, {1, 2, 3, 4});
}

TEST(MatrixEdit, ABlockBeyondAllMeasureIsRefusedBeforeMemoryIsTaken) {
    EXPECT_THROW(with_block(two, 100'000'000, 0, two), Error);
}

TEST(MatrixEdit, LinesComeAndGoAndTheLastOneStays) {
    expect_cells(with_line(two, 0, 1), Shape{3, 2}, {1, 2, 0, 0, 3, 4});
    expect_cells(with_line(two, 1, 2), Shape{2, 3}, {1, 2, 0, 3, 4, 0});
    expect_cells(with_line(two, 1, 0), Shape{2, 3}, {0, 1, 2, 0, 3, 4});
    expect_cells(without_line(two, 0, 0), Shape{1, 2}, {3, 4});
    expect_cells(without_line(two, 1, 1), Shape{2, 1}, {1, 3});
    expect_cells(without_line(without_line(two, 0, 0), 0, 0), Shape{1, 2}, {3, 4});
    expect_cells(without_line(two, 1, 7), Shape{2, 2}, {1, 2, 3, 4});
}

}  // namespace
}  // namespace saccade::matrix_edit_test
