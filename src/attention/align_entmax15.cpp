#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/align_common.hpp"
#include "autograd/ops.hpp"

// Peters, Niculae and Martins 2019, "Sparse sequence-to-sequence models": entmax with alpha = 1.5, between softmax (1) and
// sparsemax (2). With z_ij = (e_ij - max_k e_ik) / temperature / 2 and a threshold for each query,
//   a_ij = [z_ij - theta_i]+ ^ 2, theta_i so that they sum to 1                          (eq. 7, with theta for their tau)
// A key more than 2 below the best gets nothing.

namespace saccade {

namespace {

constexpr const char* entmax_source = "Peters 2019, eq. 7";

/// Algorithm 2 for one row, by its sorted values; 0 if none is finite.
template <class T>
double entmax_threshold(std::span<const T> row) {
    std::vector<double> z;
    for (const T v : row)
        if (std::isfinite(v)) z.push_back(static_cast<double>(v));
    std::ranges::sort(z, std::greater<>());
    double sum = 0, squares = 0, threshold = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
        sum += z[k];
        squares += z[k] * z[k];
        const auto count = static_cast<double>(k + 1);
        const double mean = sum / count, spread = squares - count * mean * mean;
        const double candidate = mean - std::sqrt(std::max(0.0, (1 - spread) / count));
        if (candidate > z[k]) break;
        threshold = candidate;
    }
    return threshold;
}

/// z [B, n] -> thresholds [B]. The derivative is sqrt(a_ij) / sum_k sqrt(a_ik) (section 3.3).
template <class T>
Var<T> entmax_thresholds(const Var<T>& z) {
    const Index rows = z.shape()[0], n = z.shape()[1];
    Tensor<T> thresholds(Shape{rows});
    for (Index i = 0; i < rows; ++i) {
        const std::span<const T> row(z.value().data() + i * n, static_cast<std::size_t>(n));
        thresholds.data()[i] = static_cast<T>(entmax_threshold(row));
    }
    if (!z.tracked()) return thresholds;
    const auto back = [values = z.value(), thresholds, rows, n, id = z.id()](Tape<T>& tape, const Tensor<T>& grad) {
        Tensor<T> to(values.shape());
        for (Index i = 0; i < rows; ++i) {
            const auto root = [&, i](Index j) { return std::max(T(0), values.data()[i * n + j] - thresholds.data()[i]); };
            T sum = 0;
            for (Index j = 0; j < n; ++j) sum += root(j);
            for (Index j = 0; j < n && sum > T(0); ++j) to.data()[i * n + j] = grad.data()[i] * root(j) / sum;
        }
        tape.add_grad(id, std::move(to));
    };
    return z.tape()->record(std::move(thresholds), back);
}

/// The threshold as a rule: the mean over the support, less sqrt((1 - its summed squared distance from the mean) / its size). A
/// key is in the support if it is no less than the threshold that it and those that are no smaller would have.
std::string threshold_rule() {
    const std::string above = "@shifted[i,l] >= @shifted[i,j]";
    const auto threshold_of = [](const std::string& size, const std::string& sum, const std::string& squares) {
        return fmt::format("({1}) / ({0}) - sqrt(max(0, (1 - {2} + square({1}) / ({0})) / ({0})))", size, sum, squares);
    };
    const std::string inside =
        threshold_of(fmt::format("sum_l({})", above), fmt::format("sum_l(where({}, @shifted[i,l], 0))", above),
                     fmt::format("sum_l(where({}, square(@shifted[i,l]), 0))", above)) +
        " <= @shifted[i,j]";
    return fmt::format("@threshold[i] = where(max_j(@shifted[i,j]) == 0, {}, 0)",
                       threshold_of(fmt::format("sum_j({})", inside), fmt::format("sum_j(where({}, @shifted[i,j], 0))", inside),
                                    fmt::format("sum_j(where({}, square(@shifted[i,j]), 0))", inside)));
}

template <class T>
class Entmax15Align : public Align<T> {
 public:
    using Align<T>::Align;

 protected:
    Aligned<T> align(const AlignCall<T>& call, const AlignText& text, const Observer& observe) const override {
        const double temperature = this->settings().temperature;
        if (temperature == 0) return {align_hard_argmax(call.scores.value(), call.mask)};  // the limit, but for ties
        const Var<T> z = shown_below_largest(call, text, temperature, 2, observe);
        const Var<T> thresholds = observe("threshold", entmax_thresholds(z), [&] {
            return Shown{
                .role = Role::state,
                .symbol = "θ",
                .title = "Threshold: how far below the best a key may lie",
                .axes = {text.axes[0]},
                .step = {"threshold", "θ_i so that Σ_j max(0, z_ij − θ_i)² = 1", threshold_rule(), "Peters 2019, algorithm 2"}};
        });
        const Var<T> root = relu(sub(z, reshape(thresholds, {z.shape()[0], 1})));
        return {mul(root, root)};
    }
    How how(const AlignCall<T>&, const AlignText& text) const override {
        const double temperature = this->settings().temperature;
        if (temperature == 0) return argmax_how(text, "weights", text.symbol, entmax_source);
        return {text.operation, text.symbol + "_ij = max(0, z_ij − θ_i)²",
                "@weights[i,j] = square(relu(@shifted[i,j] - @threshold[i]))", entmax_source};
    }
};

}  // namespace

AlignFunction entmax15_align_function() {
    return {.id = "entmax15",
            .title = "Entmax-1.5",
            .equation = "α_ij = max(0, e_ij / 2τ − θ_i)²: between softmax and sparsemax, exactly 0 for low scores",
            .source = "Peters 2019, eq. 7",
            .make = make_align_of<Entmax15Align, float>,
            .make_double = make_align_of<Entmax15Align, double>};
}

}  // namespace saccade
