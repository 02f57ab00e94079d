#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "autograd/ops.hpp"

namespace saccade {

/// A function of several tensors in double, written with ops; its result may have any shape.
using DoubleFunction = std::function<Var<double>(const std::vector<Var<double>>& inputs)>;

/// Random values in [low, high), the same for the same seed.
inline Tensor<double> random_tensor(const Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
    Rng rng(seed);
    Tensor<double> result(shape);
    for (double& value : result.values()) value = low + (high - low) * rng.uniform();
    return result;
}

/// How much larger the first result is, by a scalar that weighs every element differently, so that no two gradients can be
/// mistaken for each other. Taken element by element: of a sum over many, rounding would be larger than what one input moves.
/// Non-finite elements (scores ruled out by -inf) are left out.
inline double weighed_difference(const Tensor<double>& a, const Tensor<double>& b, const Tensor<double>& weights) {
    double total = 0;
    for (Index i = 0; i < a.size(); ++i) {
        if (std::isfinite(a.data()[i]) && std::isfinite(b.data()[i])) total += (a.data()[i] - b.data()[i]) * weights.data()[i];
    }
    return total;
}

/// Compares the gradient of every element of every input with central finite differences. The relative error is taken against
/// the larger of the two and 1e-3, so that gradients of 0 are compared absolutely.
inline void check_gradients(const DoubleFunction& f, const std::vector<Tensor<double>>& values, double tolerance = 1e-6) {
    Tape<double> tape;
    std::vector<Var<double>> leaves;
    for (const auto& value : values) leaves.push_back(tape.leaf(value.clone()));
    const Var<double> result = f(leaves);
    ASSERT_TRUE(result.tracked());
    const Tensor<double> weights = random_tensor(result.shape(), 99, 0.5, 1.5);
    tape.backward(result, weights);

    std::vector<Tensor<double>> moved;
    for (const auto& value : values) moved.push_back(value.clone());
    const auto forward = [&] {
        std::vector<Var<double>> constants(moved.begin(), moved.end());
        const Var<double> y = f(constants);
        EXPECT_FALSE(y.tracked()) << "constants alone must leave no record";
        return y.value();
    };
    const Tensor<double> untaped = forward();
    ASSERT_EQ(untaped.shape(), result.shape());
    for (Index i = 0; i < untaped.size(); ++i) {
        ASSERT_EQ(untaped.data()[i], result.value().data()[i]) << "element " << i << ": the tape must not change the forward";
    }
    constexpr double h = 1e-5;
    for (std::size_t input = 0; input < values.size(); ++input) {
        const Tensor<double> grad = tape.grad(leaves[input]);
        ASSERT_EQ(grad.shape(), values[input].shape());
        for (Index i = 0; i < grad.size(); ++i) {
            double& x = moved[input].data()[i];
            const double at = x;
            if (!std::isfinite(at)) {
                EXPECT_EQ(grad.data()[i], 0) << "input " << input << ", element " << i << ": not finite, so no gradient";
                continue;
            }
            x = at + h;
            const Tensor<double> above = forward().clone();  // what shares the input would move on with it
            x = at - h;
            const Tensor<double> below = forward().clone();
            x = at;
            const double numeric = weighed_difference(above, below, weights) / (2 * h);
            const double exact = grad.data()[i];
            const double size = std::max({std::abs(numeric), std::abs(exact), 1e-3});
            EXPECT_LE(std::abs(numeric - exact) / size, tolerance)
                << "input " << input << ", element " << i << ": backward " << exact << ", differences " << numeric;
        }
    }
}

}  // namespace saccade
