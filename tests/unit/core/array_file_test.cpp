#include "io/array_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "io/atomic_file.hpp"
#include "io/half.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "testing.hpp"
#include "unit/core/array_bytes.hpp"
#include "unit/scratch.hpp"

namespace saccade::array_file_test {

namespace {

using test::npy_bytes;

std::string path_of(const std::string& name) {
    return test::scratch_path(name);
}

std::string written(const std::string& name, const std::string& bytes) {
    write_file(path_of(name), bytes);
    return path_of(name);
}

std::vector<float> counted(Index n) {
    std::vector<float> values(static_cast<std::size_t>(n));
    std::iota(values.begin(), values.end(), 0.0f);
    return values;
}

ArrayPart whole(const FileArray& array) {
    ArrayPart part;
    for (std::size_t i = 0; i < array.dims.size(); ++i) {
        part.along.push_back({0, array.dims[i], 1});
        part.order.push_back(static_cast<int>(i));
    }
    return part;
}

std::vector<float> read(const ArrayFile& file, const ArrayPart& part) {
    const Tensor<float> values = file.read(file.arrays().front(), part, {});
    return {values.data(), values.data() + values.size()};
}

std::string refusal(const std::string& path) {
    try {
        const ArrayFile file(path);
        (void)file.read(file.arrays().front(), whole(file.arrays().front()), {});
    } catch (const Error& error) {
        return error.line();
    }
    return "";
}

}  // namespace

TEST(ArrayFile, either_order_of_axes_and_bytes_gives_the_same_values) {
    // [2, 3, 4] counted in C order; in Fortran order the first axis runs fastest.
    const std::vector<float> c = counted(24);
    std::vector<float> fortran;
    for (int k = 0; k < 4; ++k)
        for (int j = 0; j < 3; ++j)
            for (int i = 0; i < 2; ++i) fortran.push_back(static_cast<float>((i * 3 + j) * 4 + k));
    for (const bool big : {false, true})
        for (const bool columns : {false, true}) {
            const ArrayFile file(
                written("order.npy", npy_bytes<float>(big ? ">f4" : "<f4", "(2, 3, 4)", columns ? fortran : c, columns, big)));
            EXPECT_EQ(read(file, whole(file.arrays().front())), c) << big << columns;
            ArrayPart part = whole(file.arrays().front());
            part.along[1] = {1, 2, 1};
            part.along[2] = {2, 2, 1};
            part.order = {2, 0, 1};  // [k, i, j]
            EXPECT_EQ(read(file, part), (std::vector<float>{6, 10, 18, 22, 7, 11, 19, 23})) << big << columns;
        }
}

TEST(ArrayFile, every_type_of_number_is_read) {
    const std::vector<float> values{0, 1, 2, 3};
    const auto check = [&](const std::string& bytes, const char* what) {
        const ArrayFile file(written("type.npy", bytes));
        EXPECT_EQ(read(file, whole(file.arrays().front())), values) << what;
    };
    check(npy_bytes<double>("<f8", "(4,)", values), "f8");
    check(npy_bytes<std::int8_t>("|i1", "(4,)", values), "i1");
    check(npy_bytes<std::int64_t>(">i8", "(4,)", values, false, true), "i8");
    check(npy_bytes<std::uint16_t>("<u2", "(4,)", values), "u2");
    check(npy_bytes<std::uint16_t>("<f2", "(4,)", {0, 0x3c00, 0x4000, 0x4200}), "f2");
    const ArrayFile truth(written("type.npy", npy_bytes<std::uint8_t>("|b1", "(4,)", {0, 1, 1, 0})));
    EXPECT_EQ(read(truth, whole(truth.arrays().front())), (std::vector<float>{0, 1, 1, 0}));
}

TEST(ArrayFile, blocks_keep_their_peaks_or_their_mean) {
    std::vector<float> values(64, 0);  // [8, 8]
    values[3 * 8 + 6] = 1;
    values[7 * 8 + 7] = NAN;
    const ArrayFile file(written("blocks.npy", npy_bytes<float>("<f4", "(8, 8)", values)));
    ArrayPart part = whole(file.arrays().front());
    part.along = {{0, 8, 4}, {0, 8, 3}};  // the last block of a row has two columns
    EXPECT_EQ(read(file, part), (std::vector<float>{0, 0, 1, 0, 0, 0}));
    part.peaks = false;
    EXPECT_EQ(read(file, part), (std::vector<float>{0, 0, 1.0f / 8, 0, 0, 0}));
}

TEST(ArrayFile, peaks_of_halves_are_those_of_their_numbers) {
    // 0.5, -1 | -2, -1 | NaN, 0.25 | inf, 1 | -inf, -inf | NaN, NaN
    const ArrayFile file(written("halves.npy", npy_bytes<std::uint16_t>("<f2", "(12,)",
                                                                        {0x3800, 0xbc00, 0xc000, 0xbc00, 0x7e00, 0x3400, 0x7c00,
                                                                         0x3c00, 0xfc00, 0xfc00, 0x7e00, 0xfe00})));
    ArrayPart part = whole(file.arrays().front());
    part.along = {{0, 12, 2}};
    const std::vector<float> peaks = read(file, part);
    EXPECT_EQ((std::vector<float>{peaks.begin(), peaks.begin() + 5}),
              (std::vector<float>{0.5f, -1, 0.25f, INFINITY, -INFINITY}));
    EXPECT_TRUE(std::isnan(peaks[5]));
}

TEST(ArrayFile, peaks_of_halves_are_those_of_the_same_floats_in_any_part_and_order) {
    // Rows of weights, with some that hold negative numbers, masks and none: both are read in ways of their own.
    const Index n = 3, rows = 37, cols = 53;
    Rng rng(11);
    std::vector<float> halves, floats;  // bits of the first, as numbers
    for (Index i = 0; i < n * rows * cols; ++i) {
        const Index row = i / cols;
        float v = static_cast<float>(rng.uniform());
        if (row % 5 == 2 && i % 7 == 0) v = -v;
        if (row % 11 == 3 && i % 3 == 0) v = -INFINITY;
        if (row % 13 == 5) v = NAN;
        const std::uint16_t bits = float_to_half(v);
        halves.push_back(bits);
        floats.push_back(half_to_float(bits));
    }
    const ArrayFile narrow(written("narrow.npy", npy_bytes<std::uint16_t>("<f2", "(3, 37, 53)", halves)));
    const ArrayFile wide(written("wide.npy", npy_bytes<float>("<f4", "(3, 37, 53)", floats)));
    for (const std::vector<int>& order : {std::vector<int>{0, 1, 2}, {0, 2, 1}, {2, 1, 0}})
        for (const Index block : {1, 2, 3, 7, 40})
            for (const Index joined : {1, 2}) {
                ArrayPart part = whole(narrow.arrays().front());
                part.along = {{0, n, joined}, {1, rows - 3, block}, {5, cols - 6, block + 1}};
                part.order = order;
                const std::vector<float> got = read(narrow, part), expected = read(wide, part);
                ASSERT_EQ(got.size(), expected.size());
                for (std::size_t i = 0; i < got.size(); ++i)
                    ASSERT_TRUE(got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i])))
                        << i << " of blocks of " << block << ": " << got[i] << ", not " << expected[i];
            }
}

TEST(ArrayFile, a_block_without_numbers_is_none_and_a_masked_one_is_masked) {
    const ArrayFile file(written("none.npy", npy_bytes<float>("<f4", "(4,)", {NAN, NAN, -INFINITY, NAN})));
    ArrayPart part = whole(file.arrays().front());
    part.along = {{0, 4, 2}};
    const std::vector<float> read_back = read(file, part);
    EXPECT_TRUE(std::isnan(read_back[0]));
    EXPECT_EQ(read_back[1], -INFINITY);
}

TEST(ArrayFile, large_arrays_are_read_in_pieces_that_fit_together) {
    // Runs that end within a row, and many more rows than one piece holds.
    const Index n = 3, rows = 701, columns = 333;
    const ArrayFile file(written("large.npy", npy_bytes<float>("<f4", "(3, 701, 333)", counted(n * rows * columns))));
    EXPECT_EQ(read(file, whole(file.arrays().front())), counted(n * rows * columns));
    ArrayPart part = whole(file.arrays().front());
    part.along[0] = {1, 1, 1};
    part.along[1] = {0, rows, 100};
    part.along[2] = {0, columns, 333};
    const std::vector<float> peaks = read(file, part);
    ASSERT_EQ(peaks.size(), 8U);
    EXPECT_EQ(peaks[0], static_cast<float>(rows * columns + 100 * columns - 1));
    EXPECT_EQ(peaks[7], static_cast<float>(2 * rows * columns - 1));
}

TEST(ArrayFile, archives_and_safetensors_list_what_they_hold) {
    write_npz(path_of("two.npz"), {{"a", Tensor<float>::from(Shape{2, 2}, {1, 2, 3, 4}), ""},
                                   {"b", Tensor<float>::from(Shape{3}, {5, 6, 7}), ""},
                                   {"capture.json", {}, "{}"}});
    const ArrayFile npz(path_of("two.npz"));
    ASSERT_EQ(npz.arrays().size(), 2U);
    EXPECT_FALSE(npz.find("b")->packed);
    EXPECT_EQ(npz.texts().at("capture.json"), "{}");
    EXPECT_EQ(npz.read(*npz.find("b"), whole(*npz.find("b")), {}).at({2}), 7.0f);
    write_safetensors(path_of("one.safetensors"), {{"w", Tensor<float>::from(Shape{2}, {0.5f, -2})}}, StoredType::bf16,
                      {{"saccade", "x"}});
    const ArrayFile tensors(path_of("one.safetensors"));
    EXPECT_EQ(tensors.texts().at("saccade"), "x");
    EXPECT_EQ(read(tensors, whole(tensors.arrays().front())), (std::vector<float>{0.5f, -2}));
}

TEST(ArrayFile, what_is_no_array_of_numbers_is_refused_in_one_line) {
    const auto says = [](const std::string& bytes, const std::string& part) {
        const std::string line = refusal(written("bad.npy", bytes));
        EXPECT_NE(line.find(part), std::string::npos) << line;
        EXPECT_EQ(line.find('\n'), std::string::npos);
    };
    says(npy_bytes<float>("<c8", "(2,)", {1, 2, 3, 4}), "'<c8'; real numbers are needed");
    says(npy_bytes<float>("|O", "(2,)", {1, 2}), "'|O'; real numbers are needed");
    says(npy_bytes<float>("<f4", "(0, 3)", {}), "holds no values: its shape is [0, 3]");
    says(npy_bytes<float>("<f4", "()", {1}), "is one number, without axes");
    says(npy_bytes<float>("<f4", "(1, 1, 1, 1, 1, 1, 1)", {1}), "has 7 axes; at most 6");
    says(npy_bytes<float>("<f4", "(1000, 1000)", {1}), "larger than its data");
    says(npy_bytes<float>("<f4", "(3,)", {1}), "has 4 bytes of data where its shape needs 3 of 4");
    says("\x80\x04\x95hello", "is a pickle, which is never read");
    says("", "ends within its header");
}

TEST(ArrayFile, a_file_that_shrinks_while_it_is_open_is_an_error_and_no_fault) {
    const std::string path = written("shrinks.npy", npy_bytes<float>("<f4", "(5000,)", counted(5000)));
    const ArrayFile file(path);
    std::filesystem::resize_file(path, 4096);
    EXPECT_THROW(read(file, whole(file.arrays().front())), Error);
}

}  // namespace saccade::array_file_test
