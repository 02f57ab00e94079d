#include "params/matrix_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/rng.hpp"
#include "io/npz.hpp"
#include "params/matrix_file.hpp"
#include "testing.hpp"

namespace saccade {
namespace {

using test::contains;
using test::error_of;

TEST(MatrixText, reads_what_people_type_and_paste) {
    for (const char* text : {"1 0; -2.5 1e-3", "1,0;-2.5,1e-3", "1\t0\n-2.5\t1e-3\n", "1, 0\r\n-2.5, 1e-3\r\n\r\n",
                             "[[1, 0], [-2.5, 1e-3]]", "[[1, 0],\n [-2.5, 1e-3]]", "[[ 1.   0. ]\n [-2.5  0.001]]",
                             "[1 0; -2.5 1e-3]", "1，0；−2.5，1e-3", " ;; +1 0 ;\n -2.5 .001 ; ",
                             "\xef\xbb\xbf"
                             "1 0\n-2.5 0.001"}) {
        const Tensor<float> matrix = matrix_from_text(text);
        ASSERT_EQ(matrix.shape(), (Shape{2, 2})) << text;
        EXPECT_EQ(matrix.at({0, 0}), 1.0f) << text;
        EXPECT_EQ(matrix.at({1, 0}), -2.5f) << text;
        EXPECT_EQ(matrix.at({1, 1}), 1e-3f) << text;
    }
    EXPECT_EQ(matrix_from_text("[[1 2 3\n 4]\n [5 6 7\n 8]]").shape(), (Shape{2, 4}));  // NumPy wraps long rows
    EXPECT_EQ(matrix_from_text("[1, 2, 3]").shape(), (Shape{1, 3}));
    EXPECT_EQ(matrix_from_text("7").shape(), (Shape{1, 1}));
}

TEST(MatrixText, refuses_in_one_line_that_says_where) {
    const auto line = [](const std::string& text) {
        return error_of(ErrorCode::invalid_input, [&] { matrix_from_text(text); });
    };
    EXPECT_TRUE(contains(line("1 0; 0 x"), "row 2, column 2: 'x' is not a number"));
    EXPECT_TRUE(contains(line("1 2; 3"), "row 2 has 1 number, the rows before have 2"));
    EXPECT_TRUE(contains(line("1 2\n3 4 5"), "row 2 has 3 numbers"));
    EXPECT_TRUE(contains(line("1,,2"), "row 1, column 2: there is no number"));
    EXPECT_TRUE(contains(line("1,2,\n3,4,"), "row 1, column 3: there is no number"));
    EXPECT_TRUE(contains(line("1 nan"), "row 1, column 2: 'nan' is not a finite number"));
    EXPECT_TRUE(contains(line("-inf"), "not a finite number"));
    EXPECT_TRUE(contains(line("1e400"), "beyond"));
    EXPECT_TRUE(contains(line("1e39"), "beyond"));
    EXPECT_TRUE(contains(line(""), "empty"));
    EXPECT_TRUE(contains(line(" \n;;"), "empty"));
    EXPECT_TRUE(contains(line("[[1, 2], 3]"), "between rows"));
    EXPECT_TRUE(contains(line("[[1, 2], [3, 4]"), "not closed"));
    EXPECT_TRUE(contains(line("1 2]"), "not opened"));
    EXPECT_TRUE(contains(line("[[[1]]]"), "two deep"));
    EXPECT_TRUE(contains(line("[[1]] 2"), "after the last bracket"));
    line("name,weight\na,1");
    line(std::string(3, '\0'));
    line("1 \xff\xfe 2");
    line(std::string(100000, 'x'));
}

TEST(MatrixText, text_goes_both_ways_to_the_last_bit) {
    Rng rng(5);
    Tensor<float> matrix(Shape{7, 9});
    for (float& v : matrix.values()) v = static_cast<float>(rng.normal() * std::exp(20 * (rng.uniform() - 0.5)));
    matrix.data()[3] = std::numeric_limits<float>::denorm_min();
    matrix.data()[4] = std::numeric_limits<float>::max();
    const Tensor<float> read = matrix_from_text(matrix_to_text(matrix));
    ASSERT_EQ(read.shape(), matrix.shape());
    EXPECT_TRUE(std::ranges::equal(read.values(), matrix.values()));
    EXPECT_EQ(matrix_to_text(Tensor<float>::from({2, 2}, {1, 0.1f, 0, -3})), "1 0.1; 0 -3");
    EXPECT_EQ(shortest_double(0.1f), 0.1);
}

TEST(MatrixFile, reads_text_and_arrays) {
    const test::TemporaryFolder folder;
    test::put_bytes(folder / "m.csv", "1,2,3\n4,5,6\n");
    EXPECT_EQ(read_matrix(folder / "m.csv").shape(), (Shape{2, 3}));
    write_npz(folder / "m.npz",
              {{"a", Tensor<float>::from({2, 1}, {1, 2}), ""}, {"row", Tensor<float>::from({3}, {1, 2, 3}), ""}});
    EXPECT_EQ(read_matrix(folder / "m.npz:a").shape(), (Shape{2, 1}));
    EXPECT_EQ(read_matrix(folder / "m.npz:row").shape(), (Shape{1, 3}));
}

TEST(MatrixFile, says_what_is_wrong_with_a_file) {
    const test::TemporaryFolder folder;
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { read_matrix(folder / "none.csv"); }), "none.csv"));
    test::put_bytes(folder / "names.csv", "slot,weight\ncat,1\n");
    const std::string line = error_of(ErrorCode::bad_format, [&] { read_matrix(folder / "names.csv"); });
    EXPECT_TRUE(contains(line, "names.csv") && contains(line, "row 1, column 1: 'slot'")) << line;
    write_npz(folder / "bad.npz", {{"deep", Tensor<float>(Shape{2, 2, 2}), ""},
                                   {"nan", Tensor<float>::from({2, 2}, {1, 2, 3, std::nanf("")}), ""}});
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_matrix(folder / "bad.npz:deep"); }), "[2, 2, 2]"));
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_matrix(folder / "bad.npz:nan"); }), "row 2, column 2"));
}

}  // namespace
}  // namespace saccade
