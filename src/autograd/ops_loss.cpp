#include <cmath>

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

namespace {

/// Weight of each row over the sum of all; empty weights are all 1. A row of weight 0 needs no valid target.
template <class T>
std::vector<T> row_shares(Index rows, std::span<const T> weights) {
    std::vector<T> shares(static_cast<std::size_t>(rows), T(1));
    if (!weights.empty()) std::copy(weights.begin(), weights.end(), shares.begin());
    T total = 0;
    for (const T w : shares) total += w;
    if (total > T(0)) {
        for (T& w : shares) w /= total;
    }
    return shares;
}

template <class T>
void check_cross_entropy(const Shape& logits, std::span<const Index> targets, std::span<const T> weights, T smoothing) {
    const auto rows = static_cast<Index>(targets.size());
    if (logits.rank() != 2 || logits[0] != rows || logits[1] == 0) {
        throw shape_error("cross_entropy", logits, fmt::format("it takes [n, classes], and there are {} targets", rows));
    }
    if (!weights.empty() && weights.size() != targets.size()) {
        throw shape_error("cross_entropy", logits, fmt::format("{} row weights for {} targets", weights.size(), rows));
    }
    if (!(smoothing >= T(0) && smoothing <= T(1))) {
        throw Error(ErrorCode::invalid_input, fmt::format("cross_entropy: label smoothing {}", smoothing),
                    "use a value in [0, 1]");
    }
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const bool counts = weights.empty() || weights[i] != T(0);
        if (counts && (targets[i] < 0 || targets[i] >= logits[1])) {
            throw Error(ErrorCode::out_of_range,
                        fmt::format("cross_entropy: target {} is not one of {} classes", targets[i], logits[1]));
        }
    }
}

}  // namespace

template <class T>
Var<T> cross_entropy(const Var<T>& logits, std::span<const Index> targets, std::span<const T> row_weights, T label_smoothing) {
    check_cross_entropy(logits.shape(), targets, row_weights, label_smoothing);
    const Index rows = logits.shape()[0], classes = logits.shape()[1];
    std::vector<T> shares = row_shares(rows, row_weights);
    const T off = label_smoothing / static_cast<T>(classes);
    const T on = T(1) - label_smoothing;
    std::vector<T> log_totals(static_cast<std::size_t>(rows));
    T loss = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        if (shares[i] == T(0)) continue;
        const auto x = array(logits.value().data() + static_cast<Index>(i) * classes, classes);
        const T maximum = x.maxCoeff();
        log_totals[i] = maximum + std::log((x - maximum).exp().sum());
        // -sum_c q_c (x_c - log_total), and q sums to 1
        T expected = on * x[targets[i]];
        if (off > T(0)) expected += off * x.sum();
        loss += shares[i] * (log_totals[i] - expected);
    }
    Tensor<T> y = Tensor<T>::scalar(loss);
    if (!logits.tracked()) return y;
    return logits.tape()->record(
        std::move(y), [=, x = logits.value(), shares = std::move(shares), log_totals = std::move(log_totals),
                       ids = Ids(targets.begin(), targets.end()), a = logits.id()](Tape<T>& tape, const Tensor<T>& grad) {
            Tensor<T>& to = tape.grad_of(a);
            for (std::size_t i = 0; i < shares.size(); ++i) {
                const T factor = grad.item() * shares[i];
                if (factor == T(0)) continue;
                const Index start = static_cast<Index>(i) * classes;
                Array<T> row = array(to.data() + start, classes);
                row += ((array(x.data() + start, classes) - log_totals[i]).exp() - off) * factor;
                row[ids[i]] -= on * factor;
            }
        });
}

template Var<float> cross_entropy(const Var<float>&, std::span<const Index>, std::span<const float>, float);
template Var<double> cross_entropy(const Var<double>&, std::span<const Index>, std::span<const double>, double);

}  // namespace saccade
