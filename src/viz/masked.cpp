#include "viz/masked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.hpp"
#include "trace/formula_ast.hpp"
#include "trace/hand.hpp"

namespace saccade {

namespace {

constexpr float none = std::numeric_limits<float>::quiet_NaN(), hidden = -std::numeric_limits<float>::infinity();

bool hides_any(const TraceValues& mask) {
    bool any = false;
    const auto look = [&](const Tensor<float>& part) {
        return std::ranges::any_of(part.values(), [](float v) { return v == hidden; });
    };
    if (mask.kept()) return look(mask.whole());
    for (Index i = 0; !any && i < mask.shape()[0]; ++i) any = look(mask.row(i));
    return any;
}

/// Made of a tensor and a mask. Holds the mask too: its address is part of the name under which this is kept.
struct Seen {
    TraceValues mask;  // is held: its address names it, too
    Tensor<float> values;
    std::size_t bytes() const { return static_cast<std::size_t>(values.size()) * sizeof(float); }
};

std::string kept_as(const char* what, const HiddenCells& cells, const Shape& shape) {
    return fmt::format("{}{} {} {}", what, reinterpret_cast<std::uintptr_t>(cells.mask()->values.identity()), cells.first(),
                       shape.str());
}

bool is_attention(const TraceTensor& tensor) {
    return tensor.info.role == Role::weights || tensor.info.role == Role::scores;
}

/// The weights or scores whose cells a tensor holds, and which: for each of their axes the tensor's own axis that runs over it,
/// or -1, and then the position at which it stands.
struct Copied {
    const TraceTensor* from = nullptr;
    std::vector<int> axis{};
    std::vector<Index> at{};
};

Copied copied_from(const Trace& trace, const TraceTensor& tensor) {
    Copied copy{is_attention(tensor) ? &tensor : nullptr};
    if (copy.from != nullptr) {
        for (int a = 0; a < tensor.values.shape().rank(); ++a) copy.axis.push_back(a);
        copy.at.resize(copy.axis.size(), 0);
        return copy;
    }
    const Step* step = trace.step_of(tensor.info.name);
    if (step == nullptr || step->rule.empty()) return {};
    const Rule rule = parse_rule(step->rule);
    const FormulaNode& node = *rule.expression;
    const TraceTensor* from = node.kind == FormulaNode::Kind::ref ? trace.find(node.name) : nullptr;
    if (from == nullptr || !is_attention(*from)) return {};
    for (const IndexNode& index : node.indices) {
        const auto letter = std::ranges::find(rule.letters, plain_letter(index));
        const bool runs = plain_letter(index) != 0 && letter != rule.letters.end();
        if (!runs && index.kind != IndexNode::Kind::number) return {};
        copy.axis.push_back(runs ? static_cast<int>(letter - rule.letters.begin()) : -1);
        copy.at.push_back(runs ? 0 : index.number);
    }
    copy.from = from;
    return copy;
}

/// Visits the rows (of the innermost axis) of the tensor: visit(first cell, first cell of the mask).
template <class Visit>
void for_each_row(const TraceTensor& tensor, const HiddenCells& cells, const Visit& visit) {
    const Shape& shape = tensor.values.shape();
    const Index cols = shape[-1];
    parallel_for(shape.size() / std::max<Index>(cols, 1), [&](Index row) {
        Index rest = row, at = cells.first();
        for (int a = shape.rank() - 1; a-- > 0; rest /= shape[a])
            at += rest % shape[a] * cells.strides()[static_cast<std::size_t>(a)];
        visit(row * cols, at);
    });
}

}  // namespace

HiddenCells::HiddenCells(const Trace& trace, const TraceTensor& tensor, Reuse* memo) {
    const Copied copy = copied_from(trace, tensor);
    if (copy.from == nullptr) return;
    const TraceTensor* mask = mask_of(trace, *copy.from);
    if (mask == nullptr || !*remembered<bool>(memo, mask->values, "hides", [&] { return hides_any(mask->values); })) return;
    const Shape& shape = mask->values.shape();
    for (const AxisPtr& axis : tensor.info.axes) extents_.push_back(axis->extent);
    strides_.resize(extents_.size(), 0);
    const auto& axes = copy.from->info.axes;
    for (std::size_t a = 0, m = 0; a < axes.size(); ++a) {
        if (m == mask->info.axes.size() || mask->info.axes[m] != axes[a]) continue;
        const Index stride = shape.span_size(static_cast<int>(++m), shape.rank());
        if (copy.axis[a] >= 0)
            strides_[static_cast<std::size_t>(copy.axis[a])] += stride;
        else
            first_ += copy.at[a] * stride;
    }
    mask_ = mask;
    scores_ = copy.from->info.role == Role::scores;
}

bool HiddenCells::operator()(const std::vector<Index>& index) const {
    if (mask_ == nullptr) return false;
    Index at = first_;
    for (std::size_t a = 0; a < index.size() && a < strides_.size(); ++a) {
        if (strides_[a] == 0) continue;
        if (index[a] >= 0) {
            at += index[a] * strides_[a];
            continue;
        }
        std::vector<Index> one = index;
        for (one[a] = 0; one[a] < extents_[a]; ++one[a])
            if (!(*this)(one)) return false;
        return true;
    }
    return hidden_at(at);
}

bool HiddenCells::hidden_at(Index at) const {
    const TraceValues& mask = mask_->values;
    if (mask.kept()) return mask.data()[at] == hidden;
    const Index size = mask.size() / mask.shape()[0];
    if (row_at_ != at / size) {
        row_at_ = at / size;
        row_ = mask.row(row_at_);
    }
    return row_.data()[at % size] == hidden;
}

bool HiddenCells::untouched(float value) const {
    return scores_ || value == 0 || !std::isfinite(value);
}

float HiddenCells::seen(const std::vector<Index>& index, float value) const {
    return mask_ != nullptr && untouched(value) && (*this)(index) ? none : value;
}

Tensor<float> seen_values(const Trace& trace, const TraceTensor& tensor, Reuse* memo) {
    const HiddenCells cells(trace, tensor, memo);
    if (!cells.any()) return tensor.values;
    return remembered<Seen>(memo, tensor.values, kept_as("seen ", cells, tensor.values.shape()),
                            [&] {
                                Seen seen{cells.mask()->values, tensor.values.clone()};
                                const Index cols = tensor.values.shape()[-1];
                                const Tensor<float>& all = seen.mask;
                                for_each_row(tensor, cells, [&](Index first, Index at) {
                                    const float* mask = all.data() + at;
                                    float* to = seen.values.data() + first;
                                    for (Index c = 0; c < cols; ++c)
                                        if (mask[c] == hidden && cells.untouched(to[c])) to[c] = none;
                                });
                                return seen;
                            })
        ->values;
}

Tensor<float> seen_map(const HiddenCells& cells, const AttentionAxes& axes, Index layer, Index head, const Tensor<float>& map) {
    if (!cells.any()) return map;
    const auto stride = [&](int axis) { return axis < 0 ? Index{0} : cells.strides()[static_cast<std::size_t>(axis)]; };
    const Index first = cells.first() + layer * stride(axes.layer) + head * stride(axes.head), cols = map.shape()[1];
    Tensor<float> seen = map.clone();
    for (Index i = 0; i < seen.size(); ++i)
        if (cells.untouched(seen.data()[i]) &&
            cells.hidden_at(first + i / cols * stride(axes.query) + i % cols * stride(axes.key)))
            seen.data()[i] = none;
    return seen;
}

void hide_masked(const Trace& trace, const TraceTensor& source, Slice& slice, Reuse* memo) {
    const HiddenCells cells(trace, source, memo);
    if (!cells.any()) return;
    // Where the source's axes stand in the sliced tensor, and what runs.
    const auto& of = slice.tensor->info.axes;
    std::vector<Index> index(source.info.axes.size(), -1);
    std::size_t row = index.size(), col = index.size();
    for (std::size_t a = 0; a < index.size(); ++a) {
        const auto found = std::find(of.begin(), of.end(), source.info.axes[a]);
        if (found == of.end()) continue;
        const auto at = static_cast<int>(found - of.begin());
        if (at == slice.row_axis)
            row = a;
        else if (at == slice.col_axis)
            col = a;
        else
            index[a] = slice.fixed[static_cast<std::size_t>(at)];
    }
    if (col == index.size()) return;
    std::string where = " seen";
    for (const Index i : index) where += " " + std::to_string(i);
    slice.computed = slice.values;
    slice.values = remembered<Seen>(memo, slice.computed, kept_as("mask ", cells, slice.computed.shape()) + where, [&] {
                       Seen seen{cells.mask()->values, slice.computed.clone()};
                       const Index cols = slice.computed.shape()[-1];
                       for (Index i = 0; i < slice.computed.size(); ++i) {
                           if (row < index.size()) index[row] = i / cols;
                           index[col] = i % cols;
                           seen.values.data()[i] = cells.seen(index, seen.values.data()[i]);
                       }
                       return seen;
                   })->values;
}

ShownValues shown_values(const std::string& name, const Slice& slice, std::vector<AxisPtr> axes) {
    ShownValues shown{name, std::move(axes), slice.computed.empty() ? slice.values : slice.computed, {}};
    // What is drawn hatched: masked by the run, or not there in what was derived. Of a mask, -inf is its value.
    const auto masked = [&](float v) { return !std::isfinite(v); };
    if (slice.tensor->info.role != Role::mask && std::ranges::any_of(slice.values.values(), masked)) {
        shown.mask = Tensor<float>(shown.values.shape());
        for (Index i = 0; i < shown.values.size(); ++i)
            if (masked(slice.values.data()[i])) shown.mask.data()[i] = hidden;
    }
    if (shown.axes.size() == 1) {
        shown.values = shown.values.reshape(Shape{shown.values.size()});
        if (!shown.mask.empty()) shown.mask = shown.mask.reshape(Shape{shown.values.size()});
    }
    return shown;
}

}  // namespace saccade
