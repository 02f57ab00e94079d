#include "viz/attention_combine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

namespace {

constexpr float masked = std::numeric_limits<float>::quiet_NaN();
constexpr double nothing = 1e-9;  // of a row's weight: what rounding leaves

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;

/// One value from those of all maps at each cell, masked where all are; `join` puts the finite ones of a row of a map (others
/// are `start`) to those before.
template <class Join>
Tensor<float> over_maps(const Tensor<float>& maps, float start, bool divide, const Join& join) {
    const Index n = maps.shape()[0], rows = maps.shape()[1], cols = maps.shape()[2];
    Tensor<float> out = Tensor<float>::uninitialized(Shape{rows, cols});
    parallel_for(rows, [&](Index r) {
        Line joined = Line::Constant(cols, start), count = Line::Zero(cols);
        for (Index k = 0; k < n; ++k) {
            const Eigen::Map<const Line> row(maps.data() + (k * rows + r) * cols, cols);
            join(joined, (row.abs() <= std::numeric_limits<float>::max()).select(row, start));
            count += (row.abs() <= std::numeric_limits<float>::max()).select(Line::Ones(cols), 0.0f);
        }
        if (divide) joined /= count.max(1.0f);
        Eigen::Map<Line>(out.data() + r * cols, cols) = (count > 0.0f).select(joined, masked);
    });
    return out;
}

bool same_tokens(const Axis& a, const Axis& b) {
    return &a == &b || (a.extent == b.extent && (a.labels.empty() ? b.name == a.name + ".key" : a.labels == b.labels));
}

}  // namespace

std::optional<AttentionAxes> attention_axes(const TraceTensor& tensor) {
    const auto& axes = tensor.info.axes;
    const int rank = static_cast<int>(axes.size());
    if (rank < 2 || tensor.values.empty()) return std::nullopt;
    const auto kind = [&axes](int i) { return axes[static_cast<std::size_t>(i)]->kind; };
    if (kind(rank - 2) != AxisKind::query || kind(rank - 1) != AxisKind::key) return std::nullopt;
    AttentionAxes found;
    found.query = rank - 2;
    found.key = rank - 1;
    for (int i = 0; i < rank - 2; ++i) {
        if (kind(i) == AxisKind::layer && found.layer < 0 && found.head < 0)
            found.layer = i;
        else if (kind(i) == AxisKind::head && found.head < 0)
            found.head = i;
        else
            return std::nullopt;
    }
    found.square = same_tokens(*axes[static_cast<std::size_t>(rank - 2)], *axes[static_cast<std::size_t>(rank - 1)]);
    return found;
}

Tensor<float> by_layer_and_head(const TraceTensor& tensor, const AttentionAxes& axes) {
    const Shape& shape = tensor.values.shape();
    return tensor.values.reshape(Shape{axes.layer < 0 ? 1 : shape[axes.layer], axes.head < 0 ? 1 : shape[axes.head],
                                       shape[axes.query], shape[axes.key]});
}

std::vector<Index> heads_asked_for(const ViewOptions& options, Index n) {
    std::vector<Index> which;
    for (const Index head : options.chosen)
        if (head < n) which.push_back(head);
    if (which.empty()) {
        which.resize(static_cast<std::size_t>(n));
        std::iota(which.begin(), which.end(), Index{0});
    }
    return which;
}

Index head_shown(const ViewState& state, const AxisPtr& head) {
    if (!head) return 0;
    const std::vector<Index> which = heads_asked_for(state.options, head->extent);
    const Index at = position_on(state, head).value_or(which.front());
    return std::find(which.begin(), which.end(), at) == which.end() ? which.front() : at;
}

std::vector<Index> ordinary_positions(const Axis& axis) {
    std::vector<Index> kept;
    for (Index i = 0; i < axis.extent; ++i)
        if (axis.labels.empty() || !is_special(axis.labels[static_cast<std::size_t>(i)])) kept.push_back(i);
    if (kept.empty()) {
        kept.resize(static_cast<std::size_t>(axis.extent));
        std::iota(kept.begin(), kept.end(), Index{0});
    }
    return kept;
}

Tensor<float> mean_of(const Tensor<float>& maps) {
    return over_maps(maps, 0, true, [](Line& sum, const auto& row) { sum += row; });
}

Tensor<float> max_of(const Tensor<float>& maps) {
    return over_maps(maps, std::numeric_limits<float>::lowest(), false,
                     [](Line& most, const auto& row) { most = most.max(row); });
}

Tensor<float> with_residual(const Tensor<float>& matrix) {
    const Index t = matrix.shape()[0];
    Tensor<float> out = Tensor<float>::uninitialized(matrix.shape());
    for (Index i = 0; i < t; ++i) {
        double sum = 0.5;
        for (Index j = 0; j < t; ++j) {
            const float v = matrix.data()[i * t + j];
            out.data()[i * t + j] = std::isfinite(v) ? 0.5f * v : 0.0f;
            sum += static_cast<double>(out.data()[i * t + j]);
        }
        out.data()[i * t + i] += 0.5f;
        for (Index j = 0; j < t; ++j)
            out.data()[i * t + j] = static_cast<float>(static_cast<double>(out.data()[i * t + j]) / sum);
    }
    return out;
}

Tensor<float> attention_rollout(const Tensor<float>& layers) {
    const Index t = layers.shape()[1];
    Tensor<float> product = with_residual(layers.row(0));
    for (Index l = 1; l < layers.shape()[0]; ++l) {
        Tensor<float> next = Tensor<float>::uninitialized(Shape{t, t});
        gemm<float>(with_residual(layers.row(l)).data(), product.data(), next.data(), t, t, t);
        product = next;
    }
    return product;
}

Tensor<float> relevance_rollout(const Tensor<float>& layers) {
    const Index t = layers.shape()[1];
    Tensor<float> relevance(Shape{t, t});
    for (Index i = 0; i < t; ++i) relevance.data()[i * t + i] = 1;
    for (Index l = 0; l < layers.shape()[0]; ++l) {
        Tensor<float> finite = layers.row(l).clone();
        for (float& v : finite.values())
            if (!std::isfinite(v)) v = 0;
        Tensor<float> next = relevance.clone();
        gemm<float>(finite.data(), relevance.data(), next.data(), t, t, t, {false, false, true});
        relevance = next;
    }
    return relevance;
}

Tensor<float> gradient_attention(const Tensor<float>& weights, const Tensor<float>& gradients) {
    Tensor<float> product = Tensor<float>::uninitialized(weights.shape());
    for (Index i = 0; i < weights.size(); ++i)
        product.data()[i] = std::isfinite(weights.data()[i]) ? std::max(0.0f, weights.data()[i] * gradients.data()[i]) : masked;
    return mean_of(product);
}

std::optional<Index> most_attended(const Tensor<float>& matrix) {
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    std::vector<double> sums(static_cast<std::size_t>(cols));
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c)
            if (const float v = matrix.data()[r * cols + c]; std::isfinite(v))
                sums[static_cast<std::size_t>(c)] += static_cast<double>(v);
    const auto most = std::max_element(sums.begin(), sums.end());
    if (most == sums.end() || *most <= 0) return std::nullopt;
    return most - sums.begin();
}

Tensor<float> without_key(const Tensor<float>& matrix, Index sink) {
    Tensor<float> out = matrix.clone();
    const Index rows = out.shape()[0], cols = out.shape()[1];
    for (Index r = 0; r < rows; ++r) {
        float* row = out.data() + r * cols;
        row[sink] = masked;
        double left = 0;
        for (Index c = 0; c < cols; ++c)
            if (std::isfinite(row[c])) left += static_cast<double>(row[c]);
        for (Index c = 0; c < cols; ++c)
            if (std::isfinite(row[c])) row[c] = left > nothing ? static_cast<float>(static_cast<double>(row[c]) / left) : 0.0f;
    }
    return out;
}

double RowSums::error() const {
    return std::max(std::abs(low - 1), std::abs(high - 1));
}

RowSums row_sums(const Tensor<float>& matrix) {
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    RowSums sums;
    bool first = true;
    for (Index r = 0; r < rows; ++r) {
        double sum = 0;
        for (Index c = 0; c < cols; ++c)
            if (const float v = matrix.data()[r * cols + c]; std::isfinite(v)) sum += static_cast<double>(v);
        if (sum == 0) continue;  // a query that may look nowhere
        sums = first ? RowSums{sum, sum} : RowSums{std::min(sums.low, sum), std::max(sums.high, sum)};
        first = false;
    }
    return sums;
}

std::string row_sums_text(const RowSums& sums) {
    if (sums.error() == 0) return "rows sum to 1 exactly";
    if (sums.error() < 1e-4) return fmt::format("rows sum to 1: max error {:.0e}", sums.error());
    const std::string low = fmt::format("{:.2g}", sums.low), high = fmt::format("{:.2g}", sums.high);
    return "rows sum to " + (low == high ? low : low + " to " + high);
}

}  // namespace saccade
