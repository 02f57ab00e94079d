// Every op against PyTorch in float64 (ops.json, written by make_ops_golden.py): results and gradients, in float and in double.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "attention/context.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "nn/gru.hpp"
#include "nn/lstm.hpp"

namespace saccade::ops_golden_test {
namespace {

template <class T>
using Inputs = std::vector<Var<T>>;
template <class T>
using Function = std::function<Var<T>(const Inputs<T>&)>;

constexpr Index pytorch_ids[] = {3, 0, 3, 1};
const std::span<const Index> ids(pytorch_ids);

template <class T>
Var<T> join(const Inputs<T>& parts, int axis) {
    return concat(std::span<const Var<T>>(parts), axis);
}

template <class T>
Tensor<T> query_key_mask() {
    Tensor<T> mask({4, 7});
    for (Index j = 2; j < 7; ++j) mask.data()[7 + j] = -std::numeric_limits<T>::infinity();
    mask.data()[3 * 7] = -std::numeric_limits<T>::infinity();
    return mask;
}

/// A recurrent layer over x [T, batch, in], projected by one GEMM; states stacked [T, batch, H].
template <class T>
Var<T> gru_layer(const Inputs<T>& in) {
    const GruCell<T> cell{in[2], in[3], in[4], in[5]};
    const Var<T> projected = affine(in[0], cell.input_weight, cell.input_bias);
    Inputs<T> states;
    Var<T> h = in[1];
    for (Index t = 0; t < in[0].shape()[0]; ++t) {
        h = gru_step(cell, reshape(slice(projected, 0, t, 1), projected.shape().without(0)), h).state;
        states.push_back(h);
    }
    return stack(std::span<const Var<T>>(states));
}

template <class T>
Var<T> lstm_layer(const Inputs<T>& in) {
    const LstmCell<T> cell{in[3], in[4], in[5], in[6]};
    const Var<T> projected = affine(in[0], cell.input_weight, cell.input_bias);
    Inputs<T> states;
    Var<T> h = in[1], c = in[2];
    for (Index t = 0; t < in[0].shape()[0]; ++t) {
        const auto step = lstm_step(cell, reshape(slice(projected, 0, t, 1), projected.shape().without(0)), h, c);
        h = step.state;
        c = step.cell;
        states.push_back(h);
    }
    return stack(std::span<const Var<T>>(states));
}

template <class T>
Var<T> one_gru_step(const Inputs<T>& in, std::span<const T> row_mask) {
    const GruCell<T> cell{in[2], in[3], in[4], in[5]};
    return gru_step(cell, affine(in[0], cell.input_weight, cell.input_bias), in[1], row_mask).state;
}

template <class T>
LstmStep<T> one_lstm_step(const Inputs<T>& in) {
    const LstmCell<T> cell{in[3], in[4], in[5], in[6]};
    return lstm_step(cell, affine(in[0], cell.input_weight, cell.input_bias), in[1], in[2]);
}

template <class T>
void add_arithmetic(std::map<std::string, Function<T>>& f) {
    using In = const Inputs<T>&;
    for (const char* name : {"matmul", "matmul_batched", "matmul_shared_second", "matmul_shared_first"}) {
        f[name] = [](In x) { return matmul(x[0], x[1]); };
    }
    for (const char* name : {"matmul_transposed", "matmul_batched_transposed"}) {
        f[name] = [](In x) { return matmul(x[0], x[1], true); };
    }
    f["affine"] = [](In x) { return affine(x[0], x[1], x[2]); };
    f["affine_no_bias"] = [](In x) { return affine(x[0], x[1], Var<T>()); };
    f["add_row"] = [](In x) { return add(x[0], x[1]); };
    f["sub_column"] = [](In x) { return sub(x[0], x[1]); };
    f["mul_middle"] = [](In x) { return mul(x[0], x[1]); };
    f["div_outer"] = [](In x) { return div(x[0], x[1]); };
    f["scale"] = [](In x) { return scale(x[0], T(-2.5)); };
    f["add_scalar"] = [](In x) { return add_scalar(x[0], T(2.5)); };
    f["tanh"] = [](In x) { return tanh(x[0]); };
    f["sigmoid"] = [](In x) { return sigmoid(x[0]); };
    f["relu"] = [](In x) { return relu(x[0]); };
    f["gelu"] = [](In x) { return gelu(x[0]); };
    f["exp"] = [](In x) { return exp(x[0]); };
    f["log"] = [](In x) { return log(x[0]); };
    f["sum"] = [](In x) { return sum(x[0], 1); };
    f["mean"] = [](In x) { return mean(x[0], -1, true); };
    f["max"] = [](In x) { return max(x[0], 1); };
    f["sum_all"] = [](In x) { return sum_all(x[0]); };
}

template <class T>
void add_normalising_and_shapes(std::map<std::string, Function<T>>& f) {
    using In = const Inputs<T>&;
    f["softmax"] = [](In x) { return softmax(x[0]); };
    f["softmax_infinite"] = [](In x) { return softmax(x[0]); };
    f["softmax_mask"] = [](In x) { return softmax(x[0], query_key_mask<T>()); };
    f["log_softmax"] = [](In x) { return log_softmax(x[0]); };
    f["layer_norm"] = [](In x) { return layer_norm(x[0], x[1], x[2]); };
    f["reshape"] = [](In x) { return reshape(x[0], {4, 6}); };
    f["transpose"] = [](In x) { return transpose(x[0], 0, 2); };
    f["transpose_last"] = [](In x) { return transpose(x[0], -1, -2); };
    f["concat"] = [](In x) { return join<T>({x[0], x[1], x[0]}, 1); };
    f["stack"] = [](In x) { return stack(std::span<const Var<T>>(x)); };
    f["slice"] = [](In x) { return slice(x[0], 1, 1, 2); };
    f["embedding"] = [](In x) { return embedding(x[0], ids); };
    f["gather"] = [](In x) { return gather(x[0], ids); };
    f["cross_entropy"] = [](In x) { return cross_entropy<T>(x[0], ids); };
    f["cross_entropy_smoothed"] = [](In x) { return cross_entropy<T>(x[0], ids, {}, T(0.1)); };
    f["cross_entropy_weighted"] = [](In x) {
        const T weights[] = {1, 0, 2, T(0.5)};
        return cross_entropy<T>(x[0], ids, weights, T(0.1));
    };
}

template <class T>
void add_layers(std::map<std::string, Function<T>>& f) {
    using In = const Inputs<T>&;
    f["gru_step"] = [](In x) { return one_gru_step<T>(x, {}); };
    f["gru_step_row_mask"] = [](In x) {
        const T counts[] = {1, 0, 1, 1};
        return one_gru_step<T>(x, counts);
    };
    f["lstm_step_state"] = [](In x) { return one_lstm_step<T>(x).state; };
    f["lstm_step_cell"] = [](In x) { return one_lstm_step<T>(x).cell; };
    f["gru_sequence"] = gru_layer<T>;
    f["lstm_sequence"] = lstm_layer<T>;
    for (const char* name : {"additive_scores", "additive_scores_queries"}) {
        f[name] = [](In x) { return additive_scores(x[0], x[1], x[2]); };
    }
    for (const char* name : {"context", "context_queries"}) {
        f[name] = [](In x) { return context(x[0], x[1]); };
    }
}

const nlohmann::json& golden() {
    static const nlohmann::json document = [] {
        std::ifstream file(SACCADE_TEST_DATA "/golden/ops.json");
        return nlohmann::json::parse(file);
    }();
    return document.at("cases");
}

template <class T>
Tensor<T> unpack(const nlohmann::json& packed) {
    const auto dims = packed.at("shape").get<std::vector<Index>>();
    Tensor<T> result{Shape(std::span<const Index>(dims))};
    Index i = 0;
    for (const auto& value : packed.at("data")) {
        result.data()[i++] = value.is_string() ? -std::numeric_limits<T>::infinity() : static_cast<T>(value.get<double>());
    }
    return result;
}

/// Differences are taken relative to the largest value of the tensor.
template <class T>
void expect_near(const Tensor<T>& ours, const nlohmann::json& theirs, const std::string& what) {
    const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-10;
    const Tensor<double> expected = unpack<double>(theirs);
    ASSERT_EQ(ours.shape(), expected.shape()) << what;
    double largest = 1e-30;
    for (const double v : expected.values()) largest = std::max(largest, std::abs(v));
    for (Index i = 0; i < ours.size(); ++i) {
        ASSERT_NEAR(static_cast<double>(ours.data()[i]), expected.data()[i], tolerance * largest) << what << ", element " << i;
    }
}

template <class T>
void check_case(const nlohmann::json& data, const Function<T>& f) {
    Tape<T> tape;
    Inputs<T> constants, leaves;
    for (const auto& input : data.at("inputs")) {
        constants.push_back(unpack<T>(input));
        leaves.push_back(tape.leaf(constants.back().value()));
    }
    expect_near(f(constants).value(), data.at("output"), "result without a tape");
    const Var<T> result = f(leaves);
    expect_near(result.value(), data.at("output"), "result");
    tape.backward(result, unpack<T>(data.at("grad_out")));
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        expect_near(tape.grad(leaves[i]), data.at("grads").at(i), "gradient of input " + std::to_string(i));
    }
}

template <class T>
class OpsGolden : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(OpsGolden, Scalars);

TYPED_TEST(OpsGolden, AgreesWithPyTorch) {
    std::map<std::string, Function<TypeParam>> functions;
    add_arithmetic(functions);
    add_normalising_and_shapes(functions);
    add_layers(functions);
    std::set<std::string> checked;
    for (const auto& [name, data] : golden().items()) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(functions.contains(name));
        check_case(data, functions.at(name));
        checked.insert(name);
    }
    EXPECT_EQ(checked.size(), functions.size()) << "an op has no golden case";
}

}  // namespace
}  // namespace saccade::ops_golden_test
