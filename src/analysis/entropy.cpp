#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "analysis/catalogue.hpp"
#include "analysis/head_numbers.hpp"
#include "tensor/eigen.hpp"

// How widely a head looks: the entropy of its rows (Clark 2019), mean over the rows, each brought to sum 1.
//
//   entropy[l,h] = mean_i( -sum_j w_ij ln w_ij ),   w = A / sum_j A

namespace saccade {

namespace {

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;

Derived derive(const Trace&, const TraceTensor& source, const std::vector<Index>&) {
    const Attention a = attention_of(source);
    const Index cols = a.keys();
    HeadNumbers numbers = mean_over_rows(a, [cols](const float* row, Index, double sum) {
        // sum w ln w of w = v / s is (sum v ln v) / s - ln s.
        const Eigen::Map<const Line> v(row, cols);
        const Line positive = (v > 0 && v <= std::numeric_limits<float>::max()).select(v, 0.0f);
        const float weighed = (positive * positive.max(std::numeric_limits<float>::min()).log()).sum();
        return std::log(sum) - static_cast<double>(weighed) / sum;
    });
    DerivedTensor result;
    result.suffix = entropy().id;
    result.role = Role::state;
    result.symbol = "H";
    result.title = "Entropy of a head's rows";
    result.unit = "nat";
    result.axes = a.axes_at("lh");
    result.values = std::move(numbers.values);
    const std::string cell = positive_cell(a, source), total = fmt::format("sum_j({})", cell);
    const std::string row = fmt::format("log({1}) - sum_j(where({0} > 0, {0} * log({0}), 0)) / {1}", cell, total);
    result.step = {"measure",
                   {},
                   entropy().formula,
                   fmt::format("@.entropy[{}] = {}", a.letters("lh"), mean_over_rows_rule(row, total, numbers.every_row)),
                   entropy().source};
    return {{}, {std::move(result)}};
}

}  // namespace

Analysis entropy() {
    return {"entropy",       "How widely a head looks: 0 at one key, ln n evenly at all",
            "Clark 2019",    "H_h = mean_i (−Σ_j w_ij ln w_ij), w = α / Σ_j α",
            accepts_weights, derive};
}

}  // namespace saccade
