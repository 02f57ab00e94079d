#include "autograd/ops_image.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "nn/conv.hpp"
#include "unit/core/testing.hpp"

namespace saccade::image_ops_test {
namespace {

template <class T>
Tensor<T> random(const Shape& shape, std::uint64_t seed) {
    Rng rng(seed);
    Tensor<T> x(shape);
    for (T& v : x.values()) v = static_cast<T>(rng.uniform() * 2 - 1);
    return x;
}

void expect_same_bits(const Tensor<float>& a, const Tensor<float>& b) {
    ASSERT_EQ(a.shape(), b.shape());
    for (Index i = 0; i < a.size(); ++i) ASSERT_EQ(a.data()[i], b.data()[i]) << "element " << i;
}

/// The sum as the definition has it, in double.
Tensor<double> direct_convolution(const Tensor<float>& x, const Tensor<float>& w, const Tensor<float>& bias, ConvForm f) {
    const ConvShape s = conv_shape(x.shape(), w.shape(), f);
    Tensor<double> y(Shape{s.batch, s.out_height(), s.out_width(), s.out});
    double* to = y.data();
    for (Index n = 0; n < s.batch; ++n) {
        for (Index r = 0; r < s.out_height(); ++r) {
            for (Index c = 0; c < s.out_width(); ++c) {
                for (Index o = 0; o < s.out; ++o, ++to) {
                    *to = bias.empty() ? 0 : static_cast<double>(bias.data()[o]);
                    for (Index k = 0; k < s.group_in() * s.kernel_height * s.kernel_width; ++k) {
                        const Index j = k % s.kernel_width, i = k / s.kernel_width % s.kernel_height;
                        const Index in = k / (s.kernel_width * s.kernel_height);
                        const Index row = r * f.stride + i - f.padding + f.shift, col = c * f.stride + j - f.padding + f.shift;
                        if (row < 0 || row >= s.height || col < 0 || col >= s.width) continue;
                        *to += static_cast<double>(x.at({n, row, col, o / s.group_out() * s.group_in() + in})) *
                               static_cast<double>(w.at({o, in, i, j}));
                    }
                }
            }
        }
    }
    return y;
}

struct ConvCase {
    Shape x, weight;
    ConvForm form;
};

/// Widths and channels that fill vectors and tiles, and that do not; the layers of ResNet-20; planes; groups.
const std::vector<ConvCase> conv_cases{
    {{2, 32, 32, 16}, {16, 16, 3, 3}, {1, 1, 1}}, {{1, 16, 16, 32}, {32, 32, 3, 3}, {1, 1, 1}},
    {{2, 8, 8, 64}, {64, 64, 3, 3}, {1, 1, 1}},   {{1, 17, 23, 3}, {16, 3, 3, 3}, {1, 1, 1}},
    {{1, 16, 16, 16}, {32, 16, 3, 3}, {2, 1, 1}}, {{1, 15, 13, 32}, {64, 32, 3, 3}, {2, 1, 1}},
    {{1, 9, 11, 5}, {7, 5, 3, 3}, {1, 1, 1}},     {{1, 9, 37, 20}, {40, 20, 3, 5}, {1, 2, 1}},
    {{2, 33, 35, 2}, {1, 2, 7, 7}, {1, 3, 1}},    {{1, 5, 6, 1}, {2, 1, 7, 7}, {1, 3, 1}},
    {{1, 8, 8, 64}, {33, 64, 1, 1}, {1, 0, 1}},   {{1, 9, 9, 12}, {6, 4, 3, 3}, {1, 1, 3}},
    {{1, 7, 7, 6}, {6, 1, 3, 3}, {2, 1, 6}},      {{1, 3, 200, 16}, {16, 16, 3, 3}, {1, 1, 1}},
    {{1, 64, 61, 8}, {48, 8, 3, 3}, {3, 0, 1}},   {{2, 24, 18, 48}, {64, 48, 3, 3}, {2, 1, 1, 1}},
    {{1, 9, 11, 5}, {7, 5, 3, 3}, {1, 1, 1, 1}},  {{1, 15, 13, 2}, {1, 2, 5, 5}, {1, 2, 1, 1}},
};

TEST(Convolution, IsTheSumOfTheDefinition) {
    for (const ConvCase& c : conv_cases) {
        const Tensor<float> x = random<float>(c.x, 1), w = random<float>(c.weight, 2), bias = random<float>({c.weight[0]}, 3);
        const Tensor<float> y = conv2d<float>(x, w, bias, c.form).value();
        const Tensor<double> expected = direct_convolution(x, w, bias, c.form);
        ASSERT_EQ(y.shape(), expected.shape());
        for (Index i = 0; i < y.size(); ++i)
            ASSERT_NEAR(y.data()[i], expected.data()[i], 1e-4) << c.x.str() << " * " << c.weight.str() << ", element " << i;
    }
}

/// <y', conv(x, w)> changes with x and w as the gradients say: it is linear in both, so the product of each with its gradient
/// is the whole.
TEST(Convolution, GradientsBelongToTheForward) {
    for (const ConvCase& c : conv_cases) {
        Tape<float> tape;
        const Var<float> x = tape.leaf(random<float>(c.x, 1)), w = tape.leaf(random<float>(c.weight, 2));
        const Var<float> y = conv2d(x, w, Var<float>(), c.form);
        const Tensor<float> weights = random<float>(y.shape(), 4);
        tape.backward(y, weights);
        const auto dot = [](const Tensor<float>& a, const Tensor<float>& b) {
            double total = 0;
            for (Index i = 0; i < a.size(); ++i) total += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
            return total;
        };
        const double whole = dot(y.value(), weights);
        const double tolerance = 1e-5 * std::sqrt(static_cast<double>(conv_shape(c.x, c.weight, c.form).products()));
        EXPECT_NEAR(dot(tape.grad(x), x.value()), whole, tolerance) << c.x.str() << " * " << c.weight.str();
        EXPECT_NEAR(dot(tape.grad(w), w.value()), whole, tolerance) << c.x.str() << " * " << c.weight.str();
    }
}

TEST(Convolution, GradientsOfTwoUsesAreAdded) {
    for (const ConvCase& c : conv_cases) {
        const auto gradients = [&](int uses) {
            Tape<float> tape;
            const Var<float> x = tape.leaf(random<float>(c.x, 1)), w = tape.leaf(random<float>(c.weight, 2));
            Var<float> total = sum_all(conv2d(x, w, Var<float>(), c.form));
            for (int i = 1; i < uses; ++i) total = add(total, sum_all(conv2d(x, w, Var<float>(), c.form)));
            tape.backward(total);
            return std::pair{tape.grad(x), tape.grad(w)};
        };
        const auto once = gradients(1), twice = gradients(2);
        for (Index i = 0; i < once.first.size(); ++i)
            ASSERT_NEAR(twice.first.data()[i], 2 * once.first.data()[i], 1e-4) << c.x.str() << " * " << c.weight.str();
        for (Index i = 0; i < once.second.size(); ++i)
            ASSERT_NEAR(twice.second.data()[i], 2 * once.second.data()[i], 2e-2) << c.x.str() << " * " << c.weight.str();
    }
}

TEST(Convolution, APictureIsTheSameInAnyBatchAndOnAnyThreads) {
    for (const ConvCase& c : conv_cases) {
        const Tensor<float> x = random<float>(Shape{5, c.x[1], c.x[2], c.x[3]}, 1), w = random<float>(c.weight, 2);
        const auto run = [&](const Tensor<float>& pictures, int threads) {
            set_thread_count(threads);
            Tape<float> tape;
            const Var<float> leaf_x = tape.leaf(pictures), leaf_w = tape.leaf(w);
            const Var<float> y = conv2d(leaf_x, leaf_w, Var<float>(), c.form);
            tape.backward(y, y.value());
            return std::tuple{y.value(), tape.grad(leaf_x), tape.grad(leaf_w)};
        };
        const int threads = thread_count();
        const auto all = run(x, 3), alone = run(x.rows(3, 1), 1), serial = run(x, 1);
        set_thread_count(threads);
        expect_same_bits(std::get<0>(all).rows(3, 1), std::get<0>(alone));
        expect_same_bits(std::get<1>(all).rows(3, 1), std::get<1>(alone));
        expect_same_bits(std::get<2>(all), std::get<2>(serial));
    }
}

TEST(Convolution, LaidOutOnceGivesTheSameBits) {
    for (const ConvCase& c : conv_cases) {
        const Conv2d<float> plain{random<float>(c.weight, 2), random<float>({c.weight[0]}, 3), c.form};
        const Conv2d<float> packed = laid_out(plain);
        ASSERT_NE(packed.packed, nullptr);
        const Tensor<float> x = random<float>(c.x, 1), y = plain(x).value();
        const Tensor<float> residual = random<float>(y.shape(), 4);
        expect_same_bits(packed(x).value(), y);
        expect_same_bits(packed.then_relu(x).value(), relu<float>(y).value());
        expect_same_bits(packed.then_relu(x, residual).value(), add_relu<float>(y, residual).value());
    }
    const Conv2d<float> conv = laid_out(Conv2d<float>{random<float>({4, 3, 3, 3}, 2), {}, {1, 1, 1}});
    test::error_of(ErrorCode::invalid_input, [&] { conv(Tensor<float>({1, 4, 4, 2})); });
    test::error_of(ErrorCode::invalid_input, [&] { conv.then_relu(Tensor<float>({1, 4, 4, 3}), Tensor<float>({1, 4, 4, 3})); });
}

TEST(Convolution, FoldedWithTheNormBehindItIsBoth) {
    const Conv2d<float> conv{random<float>({16, 8, 3, 3}, 2), random<float>({16}, 3), {1, 1, 1}};
    Tensor<float> variance = random<float>({16}, 7);
    for (float& v : variance.values()) v = 0.1F + v * v;
    const BatchNorm<float> norm{random<float>({16}, 4), random<float>({16}, 5), random<float>({16}, 6), variance};
    const Tensor<float> x = random<float>({2, 9, 9, 8}, 1), y = folded(conv, norm)(x).value();
    const Tensor<float> expected =
        batch_norm_fixed<float>(conv(x), norm.gain, norm.bias, norm.mean, norm.variance, 1e-5F).value();
    for (Index i = 0; i < y.size(); ++i) ASSERT_NEAR(y.data()[i], expected.data()[i], 1e-5);
    BatchNorm<float> wrong = norm;
    wrong.gain = Tensor<float>({15});
    test::error_of(ErrorCode::invalid_input, [&] { folded(conv, wrong); });
    wrong = norm;
    wrong.variance = Tensor<float>({16}, -1.0F);
    test::error_of(ErrorCode::invalid_input, [&] { folded(conv, wrong); });
}

TEST(Convolution, WhatDoesNotFitIsSaid) {
    const auto fails = [](const Shape& x, const Shape& w, ConvForm form, const Shape& bias = {0}) {
        return test::error_of(ErrorCode::invalid_input,
                              [&] { conv2d<float>(Tensor<float>(x), Tensor<float>(w), Tensor<float>(bias), form); });
    };
    EXPECT_NE(fails({1, 4, 4, 3}, {8, 4, 3, 3}, {}).find("[1, 4, 4, 3]"), std::string::npos);
    EXPECT_NE(fails({1, 4, 4}, {8, 4, 3, 3}, {}).find("[N, H, W, C]"), std::string::npos);
    EXPECT_NE(fails({1, 2, 4, 3}, {8, 3, 3, 3}, {}).find("larger than the picture"), std::string::npos);
    EXPECT_NE(fails({1, 4, 4, 3}, {8, 3, 3, 3}, {0, 1, 1}).find("stride"), std::string::npos);
    EXPECT_NE(fails({1, 4, 4, 3}, {8, 3, 3, 3}, {1, 1, 1, 2}).find("shift"), std::string::npos);
    EXPECT_NE(fails({1, 4, 4, 4}, {9, 2, 3, 3}, {1, 1, 2}).find("channels"), std::string::npos);
    EXPECT_NE(fails({1, 4, 4, 3}, {8, 3, 3, 3}, {}, {7}).find("bias"), std::string::npos);
}

TEST(BatchNorm, NormalisesEachChannelEvenFarFromZero) {
    Tensor<float> x = random<float>({8, 9, 7, 19}, 1);
    for (Index i = 0; i < x.size(); ++i) x.data()[i] += 1000.0F;
    BatchStatistics<float> seen;
    const Tensor<float> y = batch_norm<float>(x, Tensor<float>({19}, 2.0F), Tensor<float>({19}, 0.5F), 1e-5F, &seen).value();
    for (Index c = 0; c < 19; ++c) {
        double mean = 0, square = 0, x_mean = 0, x_square = 0;
        const Index rows = x.size() / 19;
        for (Index r = 0; r < rows; ++r) {
            const double v = static_cast<double>(y.data()[r * 19 + c]), u = static_cast<double>(x.data()[r * 19 + c]) - 1000;
            mean += v / static_cast<double>(rows), square += v * v / static_cast<double>(rows);
            x_mean += u / static_cast<double>(rows), x_square += u * u / static_cast<double>(rows);
        }
        EXPECT_NEAR(mean, 0.5, 1e-2);
        EXPECT_NEAR(square - mean * mean, 4, 1e-2);
        EXPECT_NEAR(seen.mean.data()[c], 1000 + x_mean, 1e-3);
        EXPECT_NEAR(seen.variance.data()[c], x_square - x_mean * x_mean, 1e-3);
    }
}

TEST(BatchNorm, ByItsOwnStatisticsIsTheSameAsByThemGiven) {
    const Tensor<float> x = random<float>({3, 5, 5, 16}, 1), residual = random<float>({3, 5, 5, 16}, 2);
    const Tensor<float> gain = random<float>({16}, 3), bias = random<float>({16}, 4);
    BatchStatistics<float> seen;
    const Tensor<float> own = batch_norm_relu<float>(x, gain, bias, residual, 1e-5F, &seen).value();
    expect_same_bits(own, batch_norm_fixed_relu<float>(x, gain, bias, residual, seen.mean, seen.variance, 1e-5F).value());
    expect_same_bits(own, add_relu<float>(batch_norm<float>(x, gain, bias, 1e-5F), residual).value());
}

TEST(BatchNorm, DoesNotDependOnThreads) {
    const Tensor<float> x = random<float>({16, 32, 32, 16}, 1), gain = random<float>({16}, 3), bias = random<float>({16}, 4);
    const auto run = [&](int threads) {
        set_thread_count(threads);
        Tape<float> tape;
        const Var<float> leaf = tape.leaf(x), g = tape.leaf(gain);
        const Var<float> y = batch_norm_relu<float>(leaf, g, bias, Var<float>());
        tape.backward(y, y.value());
        return std::tuple{y.value(), tape.grad(leaf), tape.grad(g)};
    };
    const int threads = thread_count();
    const auto one = run(1), three = run(3);
    set_thread_count(threads);
    expect_same_bits(std::get<0>(one), std::get<0>(three));
    expect_same_bits(std::get<1>(one), std::get<1>(three));
    expect_same_bits(std::get<2>(one), std::get<2>(three));
}

TEST(BatchNorm, WhatDoesNotFitIsSaid) {
    const Tensor<float> x({2, 3, 3, 4}), four({4}), five({5});
    test::error_of(ErrorCode::invalid_input, [&] { batch_norm<float>(x, five, four); });
    test::error_of(ErrorCode::invalid_input, [&] { batch_norm<float>(x, four, five); });
    test::error_of(ErrorCode::invalid_input, [&] { batch_norm<float>(Tensor<float>({0, 4}), four, four); });
    test::error_of(ErrorCode::invalid_input, [&] { batch_norm_relu<float>(x, four, four, Tensor<float>({2, 3, 4, 4})); });
    test::error_of(ErrorCode::invalid_input, [&] { batch_norm_fixed<float>(x, four, four, five, four); });
}

TEST(Pooling, OfASmallPicture) {
    const Tensor<float> x = Tensor<float>::from({1, 2, 4, 1}, {1, 5, 2, 0, 3, 4, -1, 8});
    const auto values = [](const Var<float>& v) {
        return std::vector<float>(v.value().values().begin(), v.value().values().end());
    };
    EXPECT_EQ(values(max_pool2d<float>(x, 2, 2)), (std::vector<float>{5, 8}));
    EXPECT_EQ(values(mean_pool2d<float>(x, 2, 2)), (std::vector<float>{3.25F, 2.25F}));
    EXPECT_EQ(values(mean_pool2d<float>(x, 2, 2, 1)), (std::vector<float>{0.25F, 1.75F, 0, 0.75F, 0.75F, 2}));
    EXPECT_EQ(values(global_mean_pool<float>(x)), (std::vector<float>{2.75F}));
    EXPECT_EQ(values(global_max_pool<float>(x)), (std::vector<float>{8}));
    EXPECT_EQ(values(subsample<float>(x, 2, 2)), (std::vector<float>{1, 0, 2, 0}));
    test::error_of(ErrorCode::invalid_input, [&] { max_pool2d<float>(x, 3, 1); });
    test::error_of(ErrorCode::invalid_input, [&] { mean_pool2d<float>(x, 2, 0); });
    test::error_of(ErrorCode::invalid_input, [&] { subsample<float>(x, 2, 0); });
    test::error_of(ErrorCode::invalid_input, [&] { global_max_pool<float>(Tensor<float>({1, 0, 4, 2})); });
}

TEST(Pooling, TheFirstMaximumGetsTheGradient) {
    Tape<float> tape;
    const Var<float> x = tape.leaf(Tensor<float>::from({1, 1, 3, 1}, {2, 7, 7}));
    tape.backward(global_max_pool(x), Tensor<float>({1, 1}, 1.0F));
    EXPECT_EQ(tape.grad(x).data()[1], 1);
    EXPECT_EQ(tape.grad(x).data()[2], 0);
}

/// The maximum along the innermost axis is looked for lane by lane: rows that fill vectors and that do not.
TEST(Reduction, TheFirstMaximumOfARow) {
    constexpr float inf = std::numeric_limits<float>::infinity();
    for (const Index size : {1, 5, 16, 17, 40, 64}) {
        for (Index at = 0; at < size; ++at) {
            Tensor<float> row({1, size}, -inf);
            for (Index i = at; i < size; ++i) row.data()[i] = 3;
            Tape<float> tape;
            const Var<float> x = tape.leaf(row);
            const Var<float> y = max(x, -1);
            tape.backward(y, Tensor<float>({1}, 1.0F));
            EXPECT_EQ(y.value().data()[0], 3);
            for (Index i = 0; i < size; ++i) EXPECT_EQ(tape.grad(x).data()[i], i == at ? 1 : 0) << size << ", " << at;
            row.data()[at] = std::nanf("");
            EXPECT_TRUE(std::isnan(max<float>(row, -1).value().data()[0]));
        }
        EXPECT_EQ(max<float>(Tensor<float>({1, size}, -inf), -1).value().data()[0], -inf);
    }
}

}  // namespace
}  // namespace saccade::image_ops_test
