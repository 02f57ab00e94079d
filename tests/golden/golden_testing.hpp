#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "io/npz.hpp"
#include "run/runner.hpp"

namespace saccade {

/// Within 1e-5 of the largest value; of each row by itself where `by_row` says so: a strong row must not hide a weak one.
inline void expect_close(const std::string& name, const Tensor<float>& values, const Tensor<double>& expected,
                         bool by_row = false) {
    ASSERT_EQ(values.shape(), expected.shape()) << name;
    const Index rows = by_row ? values.shape()[0] : 1, width = values.size() / rows;
    for (Index r = 0; r < rows; ++r) {
        double largest = 0, worst = 0;
        for (Index i = r * width; i < (r + 1) * width; ++i) {
            largest = std::max(largest, std::abs(expected.data()[i]));
            worst = std::max(worst, std::abs(expected.data()[i] - static_cast<double>(values.data()[i])));
        }
        EXPECT_LE(worst, 1e-5 * largest) << name << ", row " << r;
    }
}

inline std::map<std::string, NpyArray> read_golden(const std::string& name) {
    return read_npz(std::string(SACCADE_TEST_DATA) + "/golden/" + name + ".npz");
}

/// Every golden tensor of the file against the run's; `tensors`: how many there must be.
inline void expect_golden(const Trace& trace, const std::string& name, std::size_t tensors) {
    const auto golden = read_golden(name);
    ASSERT_EQ(golden.size(), tensors);
    for (const auto& [tensor, expected] : golden)
        expect_close(tensor, trace.tensor(tensor).values, expected, tensor.starts_with("memory."));
}

}  // namespace saccade
