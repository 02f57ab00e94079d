#include <fmt/format.h>

#include <limits>

#include "analysis/catalogue.hpp"
#include "analysis/head_numbers.hpp"
#include "tensor/eigen.hpp"

// How far a head looks, in positions (Vig and Belinkov 2019): the mean over the rows of the weighted distance.
//
//   distance[l,h] = mean_i( sum_j A_ij |i - j| / sum_j A_ij )

namespace saccade {

namespace {

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;

Derived derive(const Trace&, const TraceTensor& source, const std::vector<Index>&) {
    const Attention a = attention_of(source);
    const Index cols = a.keys();
    HeadNumbers numbers = mean_over_rows(a, [cols](const float* row, Index i, double sum) {
        const Eigen::Map<const Line> v(row, cols);
        const Line apart = (Line::LinSpaced(cols, 0, static_cast<float>(cols - 1)) - static_cast<float>(i)).abs();
        const float weighed = ((v > 0 && v <= std::numeric_limits<float>::max()).select(v, 0.0f) * apart).sum();
        return static_cast<double>(weighed) / sum;
    });
    DerivedTensor result;
    result.suffix = attention_distance().id;
    result.role = Role::state;
    result.symbol = "D";
    result.title = "Mean distance of what a head looks at";
    result.unit = "positions";
    result.axes = a.axes_at("lh");
    result.values = std::move(numbers.values);
    const std::string cell = positive_cell(a, source), total = fmt::format("sum_j({})", cell);
    const std::string row = fmt::format("sum_j({} * abs(i - j)) / {}", cell, total);
    result.step = {"measure",
                   {},
                   attention_distance().formula,
                   fmt::format("@.distance[{}] = {}", a.letters("lh"), mean_over_rows_rule(row, total, numbers.every_row)),
                   attention_distance().source};
    return {{}, {std::move(result)}};
}

}  // namespace

Analysis attention_distance() {
    return {"distance",
            "How far a head looks, in positions",
            "Vig and Belinkov 2019",
            "D_h = mean_i (Σ_j α_ij |i − j| / Σ_j α_ij)",
            accepts_weights,
            derive};
}

}  // namespace saccade
