#include "params/matrix_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/rng.hpp"
#include "io/npz.hpp"
#include "params/matrix_file.hpp"
#include "testing.hpp"

namespace saccade::matrix_text_test {
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

TEST(MatrixText, finds_what_separates_the_numbers) {
    struct Case {
        const char* text;
        Shape shape;
        float last;
    };
    const Case cases[] = {
        // As spreadsheets write where commas are decimal: the first is cases/k_excel_europe.csv.
        {"0,5;1,5;2,5\n-1,0;0,0;1,0\n3,0;4,0;5,0\n0,0;0,0;1,0\n", {4, 3}, 1.0f},
        {"0,5;1,5\r\n2;3\r\n", {2, 2}, 3.0f},
        {"1;0\n0;1", {2, 2}, 1.0f},
        {"0.5;1.5\n2;3.25", {2, 2}, 3.25f},
        {"0,5\t1,5\n-1,0\t2", {2, 2}, 2.0f},
        {"0,5 1,5\n2,5 3,5", {2, 2}, 3.5f},
        {"1,2\n3,4", {2, 2}, 4.0f},
        {"1,2,3;4,5,6;7,8,9", {3, 3}, 9.0f},
        // Points between thousands, as in German.
        {"1.000,5;2\n3;4\n", {2, 2}, 4.0f},
        {"3;4\n2;-12.001.000,5\n", {2, 2}, -12001000.5f},
        {"2.000 1.000,5", {1, 2}, 1000.5f},
        {"0,500;1,250\n0,750;2,000\n", {2, 2}, 2.0f},  // no thousands begin with a zero
        {"0.125,3\n0.5,4", {2, 2}, 4.0f},
        {"1,0\n-1,0", {2, 2}, 0.0f},
        {"1 0;\n0 1;", {2, 2}, 1.0f},
        {"1, 0", {1, 2}, 0.0f},
        {"1，0", {1, 2}, 0.0f},
        {"1,2,3;4,5,6", {2, 3}, 6.0f},
        {"1,2,3;4,5,6\n7,8,9;1,2,3", {4, 3}, 3.0f},
        {"1; 0; 1", {3, 1}, 1.0f},  // as a column is written back
        {"1,234.5\t-2,345,678.5", {1, 2}, -2345678.5f},
        {"１．５　２", {1, 2}, 2.0f},
        {"1\u200b 2", {1, 2}, 2.0f},
    };
    for (const Case& c : cases) {
        const Tensor<float> matrix = matrix_from_text(c.text);
        ASSERT_EQ(matrix.shape(), c.shape) << c.text;
        EXPECT_EQ(matrix.values().back(), c.last) << c.text;
    }
}

TEST(MatrixText, refuses_what_can_be_read_in_two_ways_with_both) {
    const auto line = [](const std::string& text) {
        return error_of(ErrorCode::invalid_input, [&] { matrix_from_text(text); });
    };
    for (const auto& [text, one, other] :
         std::vector<std::array<const char*, 3>>{{"1,5", "1 × 2", "1 × 1"},
                                                 {"0,5\n1,5", "2 × 2", "2 × 1"},
                                                 {"3,14\n1,05", "(3 14; 1 5)", "(3.14; 1.05)"},
                                                 {"0,5 1,5; 2,5 3,5", "2 × 2", "1 × 4"},
                                                 {"1,0;0,1", "(1 0; 0 1)", "(1; 0.1)"},
                                                 {"0,5;2,5", "2 × 2", "1 × 2"},
                                                 {"0,5;1,5;2,5", "3 × 2", "1 × 3"},
                                                 {"1,2;3,4", "(1 2; 3 4)", "(1.2 3.4)"},
                                                 {"1,2;3,4\n", "(1 2; 3 4)", "(1.2 3.4)"},
                                                 {"1,000 2,000", "(1 2)", "(1000 2000)"},
                                                 {"1,250;2,750\n1,000;2,000", "(1.25 2.75; 1 2)", "(1250 2750; 1000 2000)"},
                                                 {"1,000\n2,000", "(1 0; 2 0)", "(1000; 2000)"},
                                                 {"0,5, 1,5\n1,0, 2,0", "2 × 4", "(0.5 1.5; 1 2)"},
                                                 {"1,000, 2,000", "(1 0 2 0)", "(1000 2000)"},
                                                 {"1.234,5\n2.345,6", "(1.234 5; 2.345 6)", "(1234.5; 2345.6)"},
                                                 {"1 0; 0 1\n1 1; 0 0", "2 × 4", "4 × 2"},
                                                 {"1,234.5\n2,345.5", "(1 234.5; 2 345.5)", "(1234.5; 2345.5)"}})
        EXPECT_TRUE(contains(line(text), one) && contains(line(text), other)) << line(text);
    EXPECT_TRUE(contains(line("1\u202f234,5 2"), "1234"));
    EXPECT_TRUE(contains(line("1\t\t2\n3\t\t4"), "row 1, column 2: there is no number"));
    EXPECT_TRUE(contains(line("1;;2\n3;4;5"), "there is no number"));
    EXPECT_TRUE(contains(line("0,5 1.5"), "decimal"));
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

TEST(MatrixFile, is_one_reader_with_typed_text) {
    const test::TemporaryFolder folder;
    test::put_bytes(folder / "k.csv", "0,5;1,5\n2,5;3,5\n");
    EXPECT_EQ(matrix_from_words("@" + (folder / "k.csv")).at({1, 1}), 3.5f);
    EXPECT_EQ(matrix_from_words(" @file://" + (folder / "k.csv")).at({1, 1}), 3.5f);
    EXPECT_EQ(matrix_from_words("0,5;1,5\n2,5;3,5\n").at({1, 1}), 3.5f);
    test::put_bytes(folder / "two.csv", "0,5\n2,5\n");
    const std::string line = error_of(ErrorCode::bad_format, [&] { read_matrix(folder / "two.csv"); });
    EXPECT_TRUE(contains(line, "two.csv") && contains(line, "2 × 2") && contains(line, "2 × 1")) << line;
    for (const char* text : {"1,2;3,4", "1,000 2,000", "0,5, 1,5"}) {
        test::put_bytes(folder / "both.csv", std::string(text) + "\n");
        const std::string typed = error_of(ErrorCode::invalid_input, [&] { matrix_from_words(text); });
        EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_matrix(folder / "both.csv"); }), typed)) << typed;
    }
    test::put_bytes(folder / "gbk.csv", "\xa3\xb1 2\n");
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_matrix(folder / "gbk.csv"); }), "line 1"));
}

TEST(MatrixText, what_is_longer_than_any_number_takes_no_time) {
    const auto line = [](const std::string& text) {
        return error_of(ErrorCode::invalid_input, [&] { matrix_from_text(text); });
    };
    const std::string digits(15'000'000, '1');
    EXPECT_TRUE(contains(line("1 2\n3 " + digits), "line 2: '1111")) << line("1 2\n3 " + digits);
    EXPECT_LT(line(digits).size(), 300u);
    EXPECT_EQ(matrix_from_text(std::string(64, '0') + " 1").shape(), (Shape{1, 2}));
    std::string wide, row;
    for (int i = 0; i < 100; ++i) wide += "１，";
    EXPECT_EQ(matrix_from_text(wide + "１").shape(), (Shape{1, 101}));
    for (int i = 0; i < 200'000; ++i) row += "1.5,";  // each point was looked at in the whole of its row
    EXPECT_EQ(matrix_from_text(row + "1.5").shape(), (Shape{1, 200'001}));
}

TEST(MatrixFile, a_file_without_a_name_is_named_as_that) {
    for (const char* words : {"@", "@  "})
        EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { matrix_from_words(words); }), "'@'"));
    EXPECT_EQ(matrix_file_in(" @m.npz:a"), "m.npz");
    EXPECT_EQ(matrix_file_in("@'m.csv'"), "m.csv");
    EXPECT_EQ(matrix_file_in("1 0; 0 1"), "");
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
}  // namespace saccade::matrix_text_test
