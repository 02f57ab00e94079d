#include "autograd/ops.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "attention/context.hpp"
#include "attention/mask.hpp"
#include "attention/score_additive.hpp"
#include "base/parallel.hpp"
#include "nn/gru.hpp"
#include "nn/lstm.hpp"

namespace saccade::ops_test {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

Tensor<float> random_tensor(const Shape& shape, std::uint64_t seed) {
    Rng rng(seed);
    Tensor<float> result(shape);
    for (float& v : result.values()) v = static_cast<float>(2 * rng.uniform() - 1);
    return result;
}

/// The message of the error that f throws; it must have the given code.
std::string message_of(ErrorCode code, const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.message();
        return error.message();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

TEST(Ops, ErrorsNameTheOperationAndBothShapes) {
    const Tensor<float> a({2, 3}), b({4, 5});
    const auto check = [](const char* operation, const std::function<void()>& f) {
        const std::string message = message_of(ErrorCode::invalid_input, f);
        EXPECT_NE(message.find(operation), std::string::npos) << message;
        EXPECT_NE(message.find("[2, 3]"), std::string::npos) << message;
        EXPECT_NE(message.find("[4, 5]"), std::string::npos) << message;
    };
    check("matmul", [&] { matmul<float>(a, b); });
    check("matmul", [&] { matmul<float>(a, b, true); });
    check("affine", [&] { affine<float>(a, b, {}); });
    check("add", [&] { add<float>(a, b); });
    check("sub", [&] { sub<float>(a, b); });
    check("mul", [&] { mul<float>(a, b); });
    check("div", [&] { div<float>(a, b); });
    check("softmax", [&] { softmax<float>(a, b); });
    check("layer_norm", [&] { layer_norm<float>(a, b, b); });
    check("reshape", [&] { reshape<float>(a, {4, 5}); });
    check("concat", [&] {
        const Var<float> parts[] = {a, b};
        concat(std::span<const Var<float>>(parts), 0);
    });
    check("context", [&] { context<float>(a, b); });
    check("additive_scores", [&] { additive_scores<float>(a, b, b); });
    const Tensor<float> gates({6, 2}), bias({6});
    const std::string message = message_of(ErrorCode::invalid_input, [&] {
        gru_step<float>({{}, gates, {}, bias}, Tensor<float>({2, 6}), a);
    });
    EXPECT_NE(message.find("gru_step"), std::string::npos) << message;
    EXPECT_NE(message.find("[2, 3]"), std::string::npos) << message;
    EXPECT_NE(message.find("[6, 2]"), std::string::npos) << message;
}

TEST(Ops, ErrorsNameWhatIsOutOfRange) {
    const Tensor<float> table({5, 2});
    const Ids ids{1, 7};
    const auto contains_7 = [](const std::string& message) { return message.find('7') != std::string::npos; };
    EXPECT_TRUE(contains_7(message_of(ErrorCode::out_of_range, [&] { embedding<float>(table, ids); })));
    EXPECT_TRUE(contains_7(message_of(ErrorCode::out_of_range, [&] { gather<float>(Tensor<float>({2, 5}), ids); })));
    EXPECT_TRUE(contains_7(message_of(ErrorCode::out_of_range, [&] { cross_entropy<float>(Tensor<float>({2, 5}), ids); })));
    message_of(ErrorCode::out_of_range, [&] { slice<float>(table, 0, 3, 4); });
    message_of(ErrorCode::invalid_input, [&] { sum<float>(table, 2); });
    message_of(ErrorCode::invalid_input, [&] { transpose<float>(table, 0, -3); });
    Rng rng(1);
    message_of(ErrorCode::invalid_input, [&] { dropout<float>(table, 1.0F, rng); });
    message_of(ErrorCode::invalid_input, [&] { max<float>(Tensor<float>({2, 0}), 1); });
    const std::vector<float> weights{1, 0};
    EXPECT_EQ(cross_entropy<float>(Tensor<float>({2, 5}), ids, std::span<const float>(weights)).value().item(), std::log(5.0F))
        << "rows of weight 0 need no target";
}

TEST(Ops, SoftmaxRowsSumToOneAndMaskedOnesAreZero) {
    Tensor<float> scores = random_tensor({3, 37}, 1);
    for (Index j = 0; j < 37; ++j) scores.data()[37 + j] = -inf;
    for (Index j = 0; j < 36; ++j) scores.data()[2 * 37 + j] = -inf;
    const Tensor<float> w = softmax<float>(scores).value();
    const Tensor<float> l = log_softmax<float>(scores).value();
    double total = 0;
    for (Index j = 0; j < 37; ++j) {
        total += static_cast<double>(w.at({0, j}));
        EXPECT_NEAR(std::log(w.at({0, j})), l.at({0, j}), 1e-5);
        EXPECT_EQ(w.at({1, j}), 0) << "a fully masked row gives zeros, never NaN";
        EXPECT_EQ(l.at({1, j}), -inf);
        EXPECT_EQ(w.at({2, j}), j == 36 ? 1 : 0) << "what is masked has weight 0 exactly";
        EXPECT_EQ(l.at({2, j}), j == 36 ? 0 : -inf);
    }
    EXPECT_NEAR(total, 1, 1e-6);
}

TEST(Ops, SoftmaxOfHugeScores) {
    const auto w = softmax<float>(Tensor<float>::from({1, 3}, {3e38F, -3e38F, 3e38F})).value();
    EXPECT_FLOAT_EQ(w.at({0, 0}), 0.5F);
    EXPECT_EQ(w.at({0, 1}), 0);
    EXPECT_FLOAT_EQ(w.at({0, 2}), 0.5F);
    const auto one = softmax<float>(Tensor<float>::from({1, 2}, {-1e30F, -1e30F})).value();
    EXPECT_FLOAT_EQ(one.at({0, 0}), 0.5F);
}

TEST(Ops, SoftmaxMasksBroadcastOverLeadingAxes) {
    const Tensor<float> scores = random_tensor({2, 3, 4}, 1);
    Tensor<float> per_example({2, 1, 4}), per_query({3, 4});
    per_example.data()[4 + 2] = -inf;
    for (Index j = 0; j < 4; ++j) per_query.data()[4 + j] = -inf;
    const auto a = softmax<float>(scores, per_example).value();
    const auto b = softmax<float>(scores, per_query).value();
    for (Index i = 0; i < 2; ++i) {
        for (Index q = 0; q < 3; ++q) {
            for (Index k = 0; k < 4; ++k) {
                EXPECT_EQ(a.at({i, q, k}) == 0, i == 1 && k == 2);
                EXPECT_EQ(b.at({i, q, k}) == 0, q == 1);
            }
        }
    }
    message_of(ErrorCode::invalid_input, [&] { softmax<float>(scores, Tensor<float>({2, 2, 3, 4})); });
}

TEST(Ops, GradientsOfMaskedRowsAreZero) {
    Tape<float> tape;
    Tensor<float> masked({2, 3}, -inf);
    const Var<float> scores = tape.leaf(masked);
    const Var<float> values = tape.leaf(random_tensor({2, 3, 4}, 1));
    tape.backward(sum_all(context(softmax(scores), values)));
    const Tensor<float> d_scores = tape.grad(scores), d_values = tape.grad(values);
    for (const float g : d_scores.values()) EXPECT_EQ(g, 0);
    for (const float g : d_values.values()) EXPECT_EQ(g, 0);
}

TEST(Ops, MaxTakesTheFirstOfEquals) {
    Tape<float> tape;
    const Var<float> x = tape.leaf(Tensor<float>::from({1, 3}, {2, 5, 5}));
    tape.backward(sum_all(max(x, 1)));
    EXPECT_EQ(tape.grad(x).at({0, 1}), 1);
    EXPECT_EQ(tape.grad(x).at({0, 2}), 0);
}

template <class T>
void check_non_finite() {
    constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    // Long enough for whole vectors and a rest, with the odd ones in both.
    Tensor<T> x({1, 39}, T(0.5)), infinite({1, 39}, T(0.5));
    x.data()[3] = x.data()[37] = nan;
    infinite.data()[3] = infinite.data()[37] = -infinity;
    using Op = Var<T> (*)(const Var<T>&);
    for (const Op op : {Op(tanh<T>), Op(sigmoid<T>), Op(gelu<T>), Op(exp<T>), Op(log<T>), Op(softmax<T>), Op(log_softmax<T>)}) {
        const Tensor<T> y = op(x).value();
        EXPECT_TRUE(std::isnan(y.at({0, 3})) && std::isnan(y.at({0, 37}))) << "a NaN must not be hidden";
    }
    EXPECT_TRUE(std::isnan(max<T>(x, 1).value().item()));
    EXPECT_TRUE(std::isnan(log_softmax<T>(x).value().at({0, 0})));
    for (const Index at : {3, 37}) {
        EXPECT_EQ(tanh<T>(infinite).value().at({0, at}), -1);
        EXPECT_LT(sigmoid<T>(infinite).value().at({0, at}), T(1e-30));
        EXPECT_EQ(exp<T>(infinite).value().at({0, at}), 0);
        EXPECT_EQ(softmax<T>(infinite).value().at({0, at}), 0);
    }
}

TEST(Ops, NonFiniteValues) {
    check_non_finite<float>();
    check_non_finite<double>();
}

TEST(Ops, DropoutKeepsTheMean) {
    Rng rng(4);
    const Tensor<float> y = dropout<float>(Tensor<float>({100, 100}, 1), 0.3F, rng).value();
    double total = 0;
    int zeros = 0;
    for (const float v : y.values()) {
        EXPECT_TRUE(v == 0 || std::abs(v - 1 / 0.7F) < 1e-6F);
        total += static_cast<double>(v);
        zeros += v == 0;
    }
    EXPECT_NEAR(total / 10000, 1, 0.02);
    EXPECT_NEAR(zeros, 3000, 200);
    const Tensor<float> x = random_tensor({3}, 1);
    EXPECT_EQ(dropout<float>(x, 0.0F, rng).value().data(), x.data()) << "nothing to drop: the same tensor";
}

TEST(Ops, SlicesAndReshapesAreViews) {
    const Tensor<float> x = random_tensor({4, 6}, 1);
    EXPECT_EQ(slice<float>(x, 0, 1, 2).value().data(), x.data() + 6);
    EXPECT_EQ(reshape<float>(x, {2, 12}).value().data(), x.data());
}

TEST(Tape, KeepsGradientsOfLeavesAlone) {
    Tape<float> tape;
    const Var<float> x = tape.leaf(Tensor<float>::from({2}, {3, 4}));
    const Var<float> unused = tape.leaf(Tensor<float>({3}, 1));
    tape.backward(sum_all(mul(x, x)));
    EXPECT_EQ(tape.grad(x).at({1}), 8);
    const Tensor<float> none = tape.grad(unused);
    for (const float g : none.values()) EXPECT_EQ(g, 0);
}

TEST(Tape, GoesBackwardAgainFromOtherResults) {
    Tape<float> tape;
    const Var<float> x = tape.leaf(Tensor<float>::from({2}, {3, 4}));
    const Var<float> y = mul(x, x);
    for (Index row = 0; row < 2; ++row) {  // rows of the Jacobian
        Tensor<float> direction({2});
        direction.data()[row] = 1;
        tape.backward(y, direction);
        EXPECT_EQ(tape.grad(x).at({row}), row == 0 ? 6 : 8);
        EXPECT_EQ(tape.grad(x).at({1 - row}), 0) << "the last backward must be forgotten";
        EXPECT_EQ(direction.at({row}), 1) << "the given gradient must stay as it is";
    }
    tape.clear();
    const Var<float> again = tape.leaf(Tensor<float>::scalar(2));
    tape.backward(scale(again, 5.0F));
    EXPECT_EQ(tape.grad(again).item(), 5);
}

TEST(Tape, GradientsThatPassThroughAreNotShared) {
    // add hands its gradient on to both operands; each is then added to by other uses.
    Tape<float> tape;
    const Var<float> a = tape.leaf(Tensor<float>({3}, 1)), b = tape.leaf(Tensor<float>({3}, 2));
    const Var<float> s = add(a, b);
    tape.backward(sum_all(add(add(s, scale(a, 10.0F)), reshape(scale(b, 100.0F), {3}))));
    const Tensor<float> d_a = tape.grad(a), d_b = tape.grad(b);
    for (const float g : d_a.values()) EXPECT_EQ(g, 11);
    for (const float g : d_b.values()) EXPECT_EQ(g, 101);
}

TEST(Tape, RefusesMisuse) {
    Tape<float> one, two;
    const Var<float> a = one.leaf(Tensor<float>({2})), b = two.leaf(Tensor<float>({2}));
    message_of(ErrorCode::invalid_input, [&] { add(a, b); });
    const Var<float> parts[] = {a, b};
    message_of(ErrorCode::invalid_input, [&] { concat(std::span<const Var<float>>(parts), 0); });
    message_of(ErrorCode::invalid_input, [&] { one.backward(a); });
    message_of(ErrorCode::invalid_input, [&] { one.backward(sum_all(b)); });
    message_of(ErrorCode::invalid_input, [&] { one.backward(a, Tensor<float>({3})); });
    message_of(ErrorCode::invalid_input, [&] { (void)one.grad(b); });
}

TEST(Recurrent, GatesAreFilledWithoutTapeAlone) {
    const GruCell<float> gru{{}, random_tensor({12, 4}, 1), {}, random_tensor({12}, 2)};
    const auto gi = random_tensor({2, 12}, 3), h = random_tensor({2, 4}, 4);
    const auto free_step = gru_step<float>(gru, gi, h);
    for (const auto* gate : {&free_step.reset, &free_step.update, &free_step.candidate})
        EXPECT_EQ(gate->shape(), (Shape{2, 4}));
    for (Index j = 0; j < 4; ++j) {
        const float z = free_step.update.value().at({1, j}), n = free_step.candidate.value().at({1, j});
        EXPECT_NEAR(free_step.state.value().at({1, j}), (1 - z) * n + z * h.at({1, j}), 1e-6);
    }
    Tape<float> tape;
    const auto taped = gru_step<float>(gru, gi, tape.leaf(h));
    EXPECT_TRUE(taped.reset.empty());
    EXPECT_TRUE(taped.state.tracked());
    const LstmCell<float> lstm{{}, random_tensor({16, 4}, 1), {}, random_tensor({16}, 2)};
    const auto step = lstm_step<float>(lstm, random_tensor({2, 16}, 3), h, h);
    for (Index j = 0; j < 4; ++j) {
        const float c = step.forget_gate.value().at({1, j}) * h.at({1, j}) +
                        step.input_gate.value().at({1, j}) * step.candidate.value().at({1, j});
        EXPECT_NEAR(step.cell.value().at({1, j}), c, 1e-6);
        EXPECT_NEAR(step.state.value().at({1, j}), step.output_gate.value().at({1, j}) * std::tanh(c), 1e-6);
    }
}

TEST(Recurrent, RowsThatDoNotCountKeepTheirState) {
    const GruCell<float> gru{{}, random_tensor({12, 4}, 1), {}, random_tensor({12}, 2)};
    const auto gi = random_tensor({2, 12}, 3), h = random_tensor({2, 4}, 4);
    const std::vector<float> mask{1, 0};
    const auto masked = gru_step<float>(gru, gi, h, mask).state.value();
    const auto all = gru_step<float>(gru, gi, h).state.value();
    for (Index j = 0; j < 4; ++j) {
        EXPECT_EQ(masked.at({0, j}), all.at({0, j}));
        EXPECT_EQ(masked.at({1, j}), h.at({1, j}));
    }
}

TEST(Masks, HideWhatTheySay) {
    const Ids lengths{3, 0, 4};
    const auto padding = padding_mask<float>(lengths, 4);
    const auto steps = step_mask<float>(lengths, 3);
    for (Index i = 0; i < 3; ++i) {
        for (Index j = 0; j < 4; ++j) EXPECT_EQ(padding.at({i, j}), j < lengths[static_cast<std::size_t>(i)] ? 0 : -inf);
        EXPECT_EQ(steps.at({i}), i == 2 ? 1 : 0);
    }
    message_of(ErrorCode::invalid_input, [&] { padding_mask<float>(lengths, 3); });
    const auto causal = causal_mask<float>(2, 4, 1);
    const auto window = window_mask<float>(2, 4, 1);
    const auto both = combine_masks(causal, window);
    for (Index q = 0; q < 2; ++q) {
        for (Index k = 0; k < 4; ++k) {
            EXPECT_EQ(causal.at({q, k}), k <= q + 1 ? 0 : -inf);
            EXPECT_EQ(window.at({q, k}), std::abs(q - k) <= 1 ? 0 : -inf);
            EXPECT_EQ(both.at({q, k}), k <= q + 1 && std::abs(q - k) <= 1 ? 0 : -inf);
        }
    }
}

/// A graph with every op that cuts its work into pieces, on tensors large enough to be cut.
std::vector<Tensor<float>> large_graph() {
    Tape<float> tape;
    const Var<float> x = tape.leaf(random_tensor({400, 300}, 1)), w = tape.leaf(random_tensor({320, 300}, 2));
    const Var<float> b = tape.leaf(random_tensor({320}, 3)), v = tape.leaf(random_tensor({320}, 4));
    const Var<float> y = gelu(affine(x, w, b));
    const Var<float> n = layer_norm(tanh(y), add_scalar(b, 1.0F), b);
    const Var<float> s = softmax(matmul(n, n, true));
    const Var<float> mixed = mul(matmul(s, sigmoid(n)), b);
    const Var<float> heads = reshape(mixed, {8, 50, 320});
    const Var<float> e = softmax(additive_scores(slice(mixed, 0, 0, 8), heads, v));
    const Var<float> c = context(e, heads);
    const Var<float> batched = matmul(heads, heads, true);
    const Var<float> total =
        add(add(sum_all(c), sum_all(mean(batched, 1))), add(sum_all(exp(s)), sum_all(sum(log_softmax(y), 0))));
    tape.backward(total);
    return {total.value(), tape.grad(x), tape.grad(w), tape.grad(b), tape.grad(v)};
}

TEST(Threads, SameBitsAtOneAndTwo) {
    const int before = thread_count();
    set_thread_count(1);
    const auto one = large_graph();
    set_thread_count(2);
    const auto two = large_graph();
    set_thread_count(before);
    for (std::size_t i = 0; i < one.size(); ++i) {
        ASSERT_EQ(one[i].shape(), two[i].shape());
        EXPECT_EQ(std::memcmp(one[i].data(), two[i].data(), static_cast<std::size_t>(one[i].size()) * sizeof(float)), 0) << i;
        for (const float value : one[i].values()) ASSERT_TRUE(std::isfinite(value));
    }
}

}  // namespace
}  // namespace saccade::ops_test
