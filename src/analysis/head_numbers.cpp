#include "analysis/head_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

namespace saccade {

namespace {

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;

}  // namespace

HeadNumbers mean_over_rows(const Attention& a, const RowValue& value) {
    const Index maps = a.layers() * a.heads(), rows = a.queries(), cols = a.keys();
    HeadNumbers numbers{Tensor<float>(Shape{a.layers(), a.heads()}), true};
    std::vector<char> whole(static_cast<std::size_t>(maps));
    const auto number_of = [&](Index m, const float* map) {
        double total = 0;
        Index counted = 0;
        for (Index i = 0; i < rows; ++i) {
            const float* row = map + i * cols;
            const Eigen::Map<const Line> v(row, cols);
            const auto sum = static_cast<double>((v > 0 && v <= std::numeric_limits<float>::max()).select(v, 0.0f).sum());
            if (sum <= 0) continue;
            total += value(row, i, sum);
            ++counted;
        }
        numbers.values.data()[m] = counted > 0 ? static_cast<float>(total / static_cast<double>(counted)) : 0.0f;
        whole[static_cast<std::size_t>(m)] = counted == rows;
    };
    for (Index l = 0; l < a.layers(); ++l) {
        const Tensor<float> heads = a.of(l);
        parallel_for(a.heads(), [&](Index h) { number_of(l * a.heads() + h, heads.row(h).data()); });
    }
    numbers.every_row = std::all_of(whole.begin(), whole.end(), [](char w) { return w != 0; });
    if (!a.has_layer()) numbers.values = numbers.values.row(0);
    if (!a.has_head()) {
        const Shape shape = a.has_layer() ? Shape{a.layers()} : Shape{};
        numbers.values = numbers.values.reshape(shape);
    }
    return numbers;
}

std::string mean_over_rows_rule(const std::string& row, const std::string& total, bool every_row) {
    if (every_row) return fmt::format("mean_i({})", row);
    return fmt::format("sum_i(where({0} > 0, {1}, 0)) / max(1, sum_i({0} > 0))", total, row);
}

std::string positive_cell(const Attention& a, const TraceTensor& source) {
    // Of what is made when it is looked at, one layer says of what kind they are.
    const Tensor<float> some = source.values.kept() ? source.values.whole() : source.values.row(0);
    const bool weights = a.finite && std::ranges::all_of(some.values(), [](float v) { return v >= 0; });
    return weights ? a.cell() : "where(" + a.cell() + " > 0, " + a.cell() + ", 0)";
}

bool accepts_weights(const Trace&, const TraceTensor& tensor) {
    return attention_axes(tensor) && tensor.info.role == Role::weights;
}

}  // namespace saccade
