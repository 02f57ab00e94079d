#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/align_common.hpp"
#include "autograd/ops.hpp"

// Martins and Astudillo 2016, "From softmax to sparsemax": the point of the simplex that is nearest to the scores. With
// z_ij = (e_ij - max_k e_ik) / temperature and a threshold for each query,
//   a_ij = [z_ij - theta_i]+, theta_i so that they sum to 1                              (eq. 3, with theta for their tau)
// A key more than 1 below the best gets nothing. A shift of all z changes nothing, so the largest is 0 here.

namespace saccade {

namespace {

constexpr const char* sparsemax_source = "Martins and Astudillo 2016, eq. 3";

/// Algorithm 1 for one row, by its sorted values; 0 if none is finite.
template <class T>
double sparsemax_threshold(std::span<const T> row) {
    std::vector<double> z;
    for (const T v : row)
        if (std::isfinite(v)) z.push_back(static_cast<double>(v));
    std::ranges::sort(z, std::greater<>());
    double sum = 0, threshold = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
        if (!(1 + static_cast<double>(k + 1) * z[k] > sum + z[k])) break;
        sum += z[k];
        threshold = (sum - 1) / static_cast<double>(k + 1);
    }
    return threshold;
}

/// z [B, n] -> thresholds [B]. The derivative is 1 / |S| at each key of the support S, 0 elsewhere (section 2.5).
template <class T>
Var<T> sparsemax_thresholds(const Var<T>& z) {
    const Index rows = z.shape()[0], n = z.shape()[1];
    Tensor<T> thresholds(Shape{rows});
    for (Index i = 0; i < rows; ++i) {
        const std::span<const T> row(z.value().data() + i * n, static_cast<std::size_t>(n));
        thresholds.data()[i] = static_cast<T>(sparsemax_threshold(row));
    }
    if (!z.tracked()) return thresholds;
    const auto back = [values = z.value(), thresholds, rows, n, id = z.id()](Tape<T>& tape, const Tensor<T>& grad) {
        Tensor<T> to(values.shape());
        for (Index i = 0; i < rows; ++i) {
            const T* const row = values.data() + i * n;
            const auto inside = [&, i](Index j) { return row[j] > thresholds.data()[i]; };
            Index size = 0;
            for (Index j = 0; j < n; ++j) size += inside(j) ? 1 : 0;
            for (Index j = 0; j < n; ++j)
                if (inside(j)) to.data()[i * n + j] = grad.data()[i] / static_cast<T>(size);
        }
        tape.add_grad(id, std::move(to));
    };
    return z.tape()->record(std::move(thresholds), back);
}

/// The threshold as a rule: the sum over the support, less 1, over its size. A key is in the support if
/// 1 + k z > the sum of the k that are no smaller.
std::string threshold_rule() {
    const std::string above = "@shifted[i,l] >= @shifted[i,j]";
    const std::string inside = fmt::format("1 + sum_l({0}) * @shifted[i,j] > sum_l(where({0}, @shifted[i,l], 0))", above);
    return fmt::format(
        "@threshold[i] = where(max_j(@shifted[i,j]) == 0, (sum_j(where({0}, @shifted[i,j], 0)) - 1) / sum_j({0}), 0)", inside);
}

template <class T>
class SparsemaxAlign : public Align<T> {
 public:
    using Align<T>::Align;

 protected:
    Aligned<T> align(const AlignCall<T>& call, const AlignText& text, const Observer& observe) const override {
        const double temperature = this->settings().temperature;
        if (temperature == 0) return {align_hard_argmax(call.scores.value(), call.mask)};  // the limit, but for ties
        const Var<T> z = shown_below_largest(call, text, temperature, 1, observe);
        const Var<T> thresholds = observe("threshold", sparsemax_thresholds(z), [&] {
            return Shown{.role = Role::state,
                         .symbol = "θ",
                         .title = "Threshold: how far below the best a key may lie",
                         .axes = {text.axes[0]},
                         .step = {"threshold", "θ_i so that Σ_j max(0, z_ij − θ_i) = 1", threshold_rule(),
                                  "Martins and Astudillo 2016, algorithm 1"}};
        });
        return {relu(sub(z, reshape(thresholds, {z.shape()[0], 1})))};
    }
    How how(const AlignCall<T>&, const AlignText& text) const override {
        const double temperature = this->settings().temperature;
        if (temperature == 0) return argmax_how(text, "weights", text.symbol, sparsemax_source);
        return {text.operation, text.symbol + "_ij = max(0, z_ij − θ_i)", "@weights[i,j] = relu(@shifted[i,j] - @threshold[i])",
                sparsemax_source};
    }
};

}  // namespace

AlignFunction sparsemax_align_function() {
    return {.id = "sparsemax",
            .title = "Sparsemax",
            .equation = "α_i = argmin over the simplex of |α − e_i / τ|²: max(0, e_ij / τ − θ_i), exactly 0 for low scores",
            .source = "Martins and Astudillo 2016, eq. 2 and 3",
            .make = make_align_of<SparsemaxAlign, float>,
            .make_double = make_align_of<SparsemaxAlign, double>};
}

}  // namespace saccade
