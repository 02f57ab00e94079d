#include "autograd/ops_hard.hpp"
#include "gradcheck/gradcheck.hpp"

namespace saccade::ops_gradcheck_test {
namespace {

using V = std::vector<Var<double>>;
constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

TEST(GradCheck, MatmulPlain) {
    check_gradients([](const V& x) { return matmul(x[0], x[1]); }, {random_tensor({3, 4}, 1), random_tensor({4, 2}, 2)});
}

TEST(GradCheck, MatmulTransposed) {
    check_gradients([](const V& x) { return matmul(x[0], x[1], true); }, {random_tensor({3, 4}, 1), random_tensor({2, 4}, 2)});
}

TEST(GradCheck, MatmulBatched) {
    check_gradients([](const V& x) { return matmul(x[0], x[1]); },
                    {random_tensor({2, 3, 2, 4}, 1), random_tensor({2, 3, 4, 5}, 2)});
    check_gradients([](const V& x) { return matmul(x[0], x[1], true); },
                    {random_tensor({2, 3, 2, 4}, 1), random_tensor({2, 3, 5, 4}, 2)});
}

TEST(GradCheck, MatmulSharedSecond) {
    check_gradients([](const V& x) { return matmul(x[0], x[1]); }, {random_tensor({3, 2, 4}, 1), random_tensor({4, 5}, 2)});
    check_gradients([](const V& x) { return matmul(x[0], x[1], true); },
                    {random_tensor({3, 2, 4}, 1), random_tensor({5, 4}, 2)});
}

TEST(GradCheck, MatmulSharedFirst) {
    check_gradients([](const V& x) { return matmul(x[0], x[1]); }, {random_tensor({2, 4}, 1), random_tensor({3, 4, 5}, 2)});
    check_gradients([](const V& x) { return matmul(x[0], x[1], true); },
                    {random_tensor({2, 4}, 1), random_tensor({3, 5, 4}, 2)});
}

TEST(GradCheck, MatmulOfOneTensorWithItself) {
    check_gradients([](const V& x) { return matmul(x[0], x[0], true); }, {random_tensor({2, 3, 4}, 1)});
}

TEST(GradCheck, Affine) {
    check_gradients([](const V& x) { return affine(x[0], x[1], x[2]); },
                    {random_tensor({2, 3, 4}, 1), random_tensor({5, 4}, 2), random_tensor({5}, 3)});
    check_gradients([](const V& x) { return affine(x[0], x[1], {}); }, {random_tensor({4}, 1), random_tensor({5, 4}, 2)});
}

TEST(GradCheck, WeightsUsedTwiceAddUp) {
    check_gradients(
        [](const V& x) {
            const Var<double> first = affine(x[0], x[1], x[2]);
            return affine(tanh(first), x[1], x[2]);
        },
        {random_tensor({2, 4}, 1), random_tensor({4, 4}, 2), random_tensor({4}, 3)});
}

/// Every arithmetic op for a pair of shapes that broadcast.
void check_arithmetic(const Shape& a, const Shape& b) {
    SCOPED_TRACE(a.str() + " with " + b.str());
    const std::vector<Tensor<double>> inputs{random_tensor(a, 1), random_tensor(b, 2, 0.5, 2)};
    check_gradients([](const V& x) { return add(x[0], x[1]); }, inputs);
    check_gradients([](const V& x) { return sub(x[0], x[1]); }, inputs);
    check_gradients([](const V& x) { return mul(x[0], x[1]); }, inputs);
    check_gradients([](const V& x) { return div(x[0], x[1]); }, inputs);
}

TEST(GradCheck, ArithmeticOfEqualShapes) {
    check_arithmetic({2, 3, 4}, {2, 3, 4});
}
TEST(GradCheck, ArithmeticWithScalar) {
    check_arithmetic({2, 3}, {});
    check_arithmetic({}, {2, 3});
    check_arithmetic({}, {});
    check_arithmetic({1}, {1, 1});
}
TEST(GradCheck, ArithmeticWithRow) {
    check_arithmetic({2, 3, 4}, {4});
    check_arithmetic({4}, {2, 3, 4});
    check_arithmetic({2, 3, 4}, {3, 4});
}
TEST(GradCheck, ArithmeticWithColumn) {
    check_arithmetic({2, 3, 4}, {2, 3, 1});
    check_arithmetic({3, 1}, {3, 4});
}
TEST(GradCheck, ArithmeticInTheMiddle) {
    check_arithmetic({2, 1, 4}, {2, 3, 4});
    check_arithmetic({2, 3, 4}, {1, 3, 1});
    check_arithmetic({2, 1, 3, 1, 2}, {1, 2, 1, 2, 1});
}
TEST(GradCheck, ArithmeticOuter) {
    check_arithmetic({3, 1}, {1, 4});
}

TEST(GradCheck, OneTensorAsBothOperands) {
    const auto x0 = random_tensor({2, 3}, 1, 0.5, 2);
    check_gradients([](const V& x) { return add(x[0], x[0]); }, {x0});
    check_gradients([](const V& x) { return sub(x[0], scale(x[0], 3.0)); }, {x0});
    check_gradients([](const V& x) { return mul(x[0], x[0]); }, {x0});
    check_gradients([](const V& x) { return div(add_scalar(x[0], 1.0), x[0]); }, {x0});
}

TEST(GradCheck, Elementwise) {
    const auto any = random_tensor({3, 7}, 1, -3, 3);
    const auto positive = random_tensor({3, 7}, 2, 0.3, 3);
    check_gradients([](const V& x) { return tanh(x[0]); }, {any});
    check_gradients([](const V& x) { return sigmoid(x[0]); }, {any});
    check_gradients([](const V& x) { return relu(x[0]); }, {any});
    check_gradients([](const V& x) { return gelu(x[0]); }, {any});
    check_gradients([](const V& x) { return gelu_tanh(x[0]); }, {any});
    check_gradients([](const V& x) { return silu(x[0]); }, {any});
    const auto past_corners = random_tensor({3, 7}, 3, -6, 6);
    check_gradients([](const V& x) { return hard_sigmoid(x[0]); }, {past_corners});
    check_gradients([](const V& x) { return hard_swish(x[0]); }, {past_corners});
    check_gradients([](const V& x) { return exp(x[0]); }, {any});
    check_gradients([](const V& x) { return log(x[0]); }, {positive});
    check_gradients([](const V& x) { return scale(x[0], -2.5); }, {any});
    check_gradients([](const V& x) { return add_scalar(x[0], 2.5); }, {any});
}

TEST(GradCheck, Dropout) {
    check_gradients(
        [](const V& x) {
            Rng rng(5);
            return dropout(x[0], 0.4, rng);
        },
        {random_tensor({5, 7}, 1)});
}

TEST(GradCheck, Reductions) {
    const auto x0 = random_tensor({2, 3, 4}, 1);
    for (const bool keep : {false, true}) {
        for (int axis = -3; axis < 3; ++axis) {
            SCOPED_TRACE(axis);
            check_gradients([&](const V& x) { return sum(x[0], axis, keep); }, {x0});
            check_gradients([&](const V& x) { return mean(x[0], axis, keep); }, {x0});
            check_gradients([&](const V& x) { return max(x[0], axis, keep); }, {x0});
        }
    }
    check_gradients([](const V& x) { return sum_all(mul(x[0], x[0])); }, {x0});
}

TEST(GradCheck, Softmax) {
    check_gradients([](const V& x) { return softmax(x[0]); }, {random_tensor({2, 3, 5}, 1, -3, 3)});
}

TEST(GradCheck, SoftmaxWithInfiniteScores) {
    Tensor<double> scores = random_tensor({3, 4}, 1, -3, 3);
    scores.data()[1] = minus_infinity;
    for (Index j = 0; j < 4; ++j) scores.data()[4 + j] = minus_infinity;  // a row with nothing left
    check_gradients([](const V& x) { return softmax(x[0]); }, {scores});
}

TEST(GradCheck, SoftmaxWithMasks) {
    const auto scores = random_tensor({2, 3, 4}, 1, -3, 3);
    Tensor<double> by_key({4}), by_query({3, 4}), by_batch({2, 1, 4});
    by_key.data()[3] = minus_infinity;
    for (Index j = 0; j < 4; ++j) by_query.data()[4 + j] = minus_infinity;
    by_batch.data()[5] = by_batch.data()[0] = minus_infinity;
    check_gradients([&](const V& x) { return softmax(x[0], by_key); }, {scores});
    check_gradients([&](const V& x) { return softmax(x[0], by_query); }, {scores});
    check_gradients([&](const V& x) { return softmax(x[0], by_batch); }, {scores});
}

TEST(GradCheck, LogSoftmax) {
    Tensor<double> logits = random_tensor({3, 5}, 1, -3, 3);
    check_gradients([](const V& x) { return log_softmax(x[0]); }, {logits});
    logits.data()[2] = minus_infinity;
    for (Index j = 0; j < 5; ++j) logits.data()[10 + j] = minus_infinity;
    check_gradients([](const V& x) { return log_softmax(x[0]); }, {logits});
}

TEST(GradCheck, LayerNorm) {
    check_gradients([](const V& x) { return layer_norm(x[0], x[1], x[2]); },
                    {random_tensor({2, 3, 6}, 1), random_tensor({6}, 2), random_tensor({6}, 3)});
}

TEST(GradCheck, RmsNorm) {
    check_gradients([](const V& x) { return rms_norm(x[0], x[1]); }, {random_tensor({2, 3, 6}, 1), random_tensor({6}, 2)});
    check_gradients([](const V& x) { return rms_norm(x[0], x[1], 0.5); }, {random_tensor({4}, 1), random_tensor({4}, 2)});
}

TEST(GradCheck, ShapesAndSelection) {
    const auto x0 = random_tensor({2, 3, 4}, 1);
    check_gradients([](const V& x) { return reshape(x[0], {6, 4}); }, {x0});
    for (int a = 0; a < 3; ++a) {
        for (int b = 0; b < 3; ++b) {
            if (a != b) check_gradients([&](const V& x) { return transpose(x[0], a, b); }, {x0});
        }
        check_gradients([&](const V& x) { return slice(x[0], a, 1, 1); }, {x0});
        check_gradients(
            [&](const V& x) {
                const V parts{x[0], x[1], x[0]};
                return concat(std::span<const Var<double>>(parts), a);
            },
            {x0, random_tensor(x0.shape().with_extent(a, 5), 2)});
    }
    check_gradients(
        [](const V& x) {
            const V parts{x[0], mul(x[0], x[0]), x[1]};
            return stack(std::span<const Var<double>>(parts));
        },
        {x0, random_tensor({2, 3, 4}, 2)});
}

TEST(GradCheck, SlicesOfOneTensorShareItsGradient) {
    check_gradients(
        [](const V& x) {
            const Var<double> y = tanh(x[0]);
            const Var<double> first = slice(y, 0, 0, 2);
            return add(mul(first, slice(y, 0, 1, 2)), reshape(slice(y, 1, 0, 2), {2, 3}));
        },
        {random_tensor({3, 3}, 1)});
}

TEST(GradCheck, EmbeddingAndGather) {
    const Ids ids{2, 0, 2, 3};
    check_gradients([&](const V& x) { return embedding(x[0], std::span<const Index>(ids)); }, {random_tensor({5, 3}, 1)});
    check_gradients([&](const V& x) { return gather(x[0], std::span<const Index>(ids)); }, {random_tensor({4, 5}, 1)});
}

TEST(GradCheck, CrossEntropy) {
    const Ids targets{1, 4, 0};
    const std::vector<double> weights{1, 0, 2.5};
    const auto logits = random_tensor({3, 5}, 1, -2, 2);
    for (const double smoothing : {0.0, 0.1}) {
        check_gradients([&](const V& x) { return cross_entropy<double>(x[0], targets, {}, smoothing); }, {logits});
        check_gradients([&](const V& x) { return cross_entropy<double>(x[0], targets, weights, smoothing); }, {logits});
    }
}

}  // namespace
}  // namespace saccade::ops_gradcheck_test
