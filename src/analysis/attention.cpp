#include "analysis/attention.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr double distribution = 1e-4;  // a row's sum may differ from 1 by this much

/// By their names: a decoder's queries are called by what is written, its keys by what was read, and both are its positions.
bool same_tokens(const Axis& a, const Axis& b) {
    if (&a == &b) return true;
    return a.extent == b.extent && (b.name == a.name + ".key" || (!a.labels.empty() && a.labels == b.labels));
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

Tensor<float> of_layer(const TraceValues& values, const AttentionAxes& axes, Index layer) {
    const Shape& shape = values.shape();
    const Shape heads{axes.head < 0 ? 1 : shape[axes.head], shape[axes.query], shape[axes.key]};
    return axes.layer == 0 ? values.row(layer).reshape(heads) : values.reshape(heads.with_inserted(0, 1)).row(layer);
}

Attention attention_of(const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    if (!axes)
        throw Error(ErrorCode::invalid_input, tensor.info.name + " is not an attention of queries to keys",
                    "choose weights or scores");
    const Shape& shape = tensor.values.shape();
    Attention attention{*axes, tensor.values,
                        Shape{axes->layer < 0 ? 1 : shape[axes->layer], axes->head < 0 ? 1 : shape[axes->head],
                              shape[axes->query], shape[axes->key]},
                        true};
    const auto finite = [](const Tensor<float>& part) {
        return std::ranges::all_of(part.values(), [](float v) { return std::isfinite(v); });
    };
    // What is made when it is looked at is alike in all layers: as many keys are hidden in each.
    attention.finite = finite(tensor.values.kept() ? tensor.values.whole() : tensor.values.row(0));
    return attention;
}

std::string Attention::letters(const std::string& wanted) const {
    std::string text;
    for (const char letter : wanted) {
        if ((letter == 'l' && !has_layer()) || (letter == 'h' && !has_head())) continue;
        text += (text.empty() ? "" : ",") + std::string(1, letter);
    }
    return text;
}

std::vector<int> Attention::axes_at(const std::string& wanted) const {
    std::vector<int> at;
    for (const char letter : wanted) {
        const int axis = letter == 'l' ? axes.layer : letter == 'h' ? axes.head : letter == 'i' ? axes.query : axes.key;
        if (axis >= 0) at.push_back(axis);
    }
    return at;
}

std::string Attention::cell(const std::string& h, const std::string& i, const std::string& j) const {
    return "@[" + std::string(has_layer() ? "l," : "") + (has_head() ? h + "," : "") + i + "," + j + "]";
}

std::string Attention::finite_cell(const std::string& h, const std::string& i, const std::string& j) const {
    return finite ? cell(h, i, j) : zero_if_masked(cell(h, i, j));
}

std::string zero_if_masked(const std::string& cell) {
    return "where(" + cell + " > -inf, " + cell + ", 0)";
}

double RowSums::error() const {
    return std::max(std::abs(low - 1), std::abs(high - 1));
}

RowSums row_sums(const Tensor<float>& matrix) {
    const Index cols = matrix.shape()[-1], rows = cols > 0 ? matrix.size() / cols : 0;
    RowSums sums;
    bool first = true;
    for (Index r = 0; r < rows; ++r) {
        double sum = 0;
        for (Index c = 0; c < cols; ++c)
            if (const float v = matrix.data()[r * cols + c]; std::isfinite(v)) sum += static_cast<double>(v);
        ++sums.rows;
        if (sum == 0) {  // a query that may look nowhere
            ++sums.empty;
            continue;
        }
        sums.low = first ? sum : std::min(sums.low, sum);
        sums.high = first ? sum : std::max(sums.high, sum);
        first = false;
    }
    return sums;
}

Role role_of_rows(Role source, const Tensor<float>& values) {
    if (source != Role::weights) return source;
    return row_sums(values).error() < distribution ? Role::weights : Role::state;
}

std::optional<Error> refuses_layers(const std::string& what, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    if (!axes || !axes->square)
        return Error(ErrorCode::invalid_input,
                     what + " goes through layers of self-attention: " + tensor.info.name + " reads other tokens",
                     "choose one layer, mean or max");
    if (tensor.info.role != Role::weights)
        return Error(ErrorCode::invalid_input, what + " is of attention weights, not of " + tensor.info.name,
                     "choose one layer, mean or max");
    return std::nullopt;
}

}  // namespace saccade
