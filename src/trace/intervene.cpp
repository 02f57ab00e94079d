#include "trace/intervene.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

namespace {

constexpr float hidden_value = -std::numeric_limits<float>::infinity();
constexpr double sums_to_one = 1e-5;
constexpr float near_the_end = 1e-5f;  // of 0 to 1: as computed weights are

bool may_be_masked(Role role) {
    return role == Role::mask || role == Role::scores;
}

void check_array(const Intervention& intervention, Role role, const Tensor<float>& array) {
    for (const float value : array.values()) {
        if (std::isnan(value)) refuse(intervention, "the array holds NaN", "replace it by numbers");
        if (std::isinf(value) && !(value < 0 && may_be_masked(role)))
            refuse(intervention, "the array holds an infinite value", "only scores and masks may hold -inf");
        if (std::isfinite(value) && std::abs(value) > largest_intervention)
            refuse(intervention, fmt::format("the array holds {}", value), "a number may be at most 1e9");
        // What was frozen here may have been scaled by hand; a file holds weights as they are set.
        const bool in_range = value >= -near_the_end && value <= 1 + near_the_end;
        if (role == Role::weights && !intervention.array_source.empty() && !in_range)
            refuse(intervention, fmt::format("the array holds {}, and a weight lies between 0 and 1", value),
                   "give values from 0 to 1");
        if (role == Role::mask && value != 0 && value != hidden_value)
            refuse(intervention, "a mask holds 0 (visible) and -inf (hidden)", "give an array of these");
    }
}

/// The array that belongs to this row (or to the whole tensor); none if it has no such row.
std::optional<Tensor<float>> array_of(const Intervention& intervention, const Selection& at) {
    if (!at.all_rows) return intervention.array;
    if (intervention.array.shape().rank() == 0)
        refuse(intervention, "the array is a single number", "give one row for each row of the tensor");
    if (at.row >= intervention.array.shape()[0]) return std::nullopt;
    return intervention.array.row(at.row);
}

Shape selected_shape(const Shape& shape, std::span<const Index> index) {
    std::vector<Index> dims;
    for (int i = 0; i < shape.rank(); ++i)
        if (index[static_cast<std::size_t>(i)] < 0) dims.push_back(shape[i]);
    return Shape(dims);
}

/// Of a tensor that is shown row by row, rows are compared: how many there will be is not known yet.
[[noreturn]] void refuse_shape(const Intervention& intervention, const Selection& at, const Shape& array, const Shape& block) {
    const std::string has = at.all_rows
                                ? fmt::format("the array has shape {}, {} for each {}; each {} of the cells has shape {}",
                                              intervention.array.shape().str(), array.str(), at.each, at.each, block.str())
                                : fmt::format("the array has shape {}, the cells have shape {}", array.str(), block.str());
    refuse(intervention, has,
           "give an array of the shape of the cells that it replaces, or an index after its name, f.npz:name[2,1]");
}

/// The offset in an array of the cell that is `ordinal`-th in a block; -1 if the array has no such cell. Both have the same
/// rank.
Index counterpart(const Shape& block, const Shape& array, Index ordinal) {
    std::array<Index, Shape::max_rank> at{};
    for (int i = block.rank(); i-- > 0; ordinal /= block[i]) at[static_cast<std::size_t>(i)] = ordinal % block[i];
    Index offset = 0;
    for (int i = 0; i < array.rank(); ++i) {
        if (at[static_cast<std::size_t>(i)] >= array[i]) return -1;
        offset = offset * array[i] + at[static_cast<std::size_t>(i)];
    }
    return offset;
}

/// Brings one row of weights to the sum 1 over what is visible. False: nothing visible has a weight.
bool normalise_row(float* cells, Index n, const char* hidden) {
    double sum = 0;
    for (Index j = 0; j < n; ++j) {
        if (hidden[j] != 0) cells[j] = 0;
        sum += static_cast<double>(cells[j]);
    }
    if (!(sum > 0)) return false;
    if (std::abs(sum - 1) <= sums_to_one) return true;
    for (Index j = 0; j < n; ++j) cells[j] = static_cast<float>(static_cast<double>(cells[j]) / sum);
    return true;
}

}  // namespace

void refuse(const Intervention& intervention, const std::string& why, const std::string& hint) {
    throw Error(ErrorCode::invalid_input, fmt::format("intervention {}: {}", brief(intervention), why), hint);
}

std::optional<Selection> selection_in(const Intervention& intervention, const ProbeSite& site, Index row, const Shape& shape) {
    Selection at{.index = intervention.index, .row = row};
    if (at.index.size() > site.axes.size()) {
        refuse(intervention, fmt::format("{} indices for {} axes", at.index.size(), site.axes.size()),
               "give at most one index for each axis: " + fmt::format("{}", fmt::join(site.axes, ", ")));
    }
    at.index.resize(site.axes.size(), -1);
    if (row >= 0) {
        at.all_rows = at.index.front() < 0;
        at.each = site.axes.front();
        if (!at.all_rows && at.index.front() != row) return std::nullopt;
        at.index.erase(at.index.begin());
    }
    if (shape.size() == 0) return std::nullopt;
    for (int i = 0; i < shape.rank(); ++i)
        if (at.index[static_cast<std::size_t>(i)] >= shape[i]) return std::nullopt;
    return at;
}

void hide_masked(const ShownMask& mask, const ProbeSite& site, Index row, const Shape& shape, std::vector<char>& hidden) {
    std::vector<std::string> axes = mask.site.axes;
    if (axes.empty() || site.axes.empty() || axes.back() != site.axes.back()) return;
    Tensor<float> values = mask.values;
    const bool same_lead = axes.front() == site.axes.front();
    if (mask.row >= 0) {
        if (!same_lead || mask.row != row) return;
        axes.erase(axes.begin());
    } else if (row >= 0 && same_lead) {
        if (row >= values.shape()[0]) return;
        values = values.row(row);
        axes.erase(axes.begin());
    }
    // How far a step along each of the site's axes goes in the mask.
    const std::size_t first = row >= 0 ? 1 : 0;
    std::array<Index, Shape::max_rank> strides{};
    std::size_t met = 0;
    for (std::size_t i = first; i < site.axes.size(); ++i) {
        if (met == axes.size() || axes[met] != site.axes[i]) continue;
        const int axis = static_cast<int>(met);
        if (values.shape()[axis] != shape[static_cast<int>(i - first)]) return;
        strides[i - first] = values.shape().span_size(axis + 1, values.shape().rank());
        ++met;
    }
    if (met != axes.size()) return;
    const std::vector<Index> everything(static_cast<std::size_t>(shape.rank()), -1);
    for_each_selected(shape, everything, [&](Index offset, Index) {
        Index rest = offset, at = 0;
        for (int i = shape.rank(); i-- > 0; rest /= shape[i]) at += rest % shape[i] * strides[static_cast<std::size_t>(i)];
        if (values.data()[at] == hidden_value) hidden[static_cast<std::size_t>(offset)] = 1;
    });
}

void set_cells(const Intervention& intervention, const Selection& at, Role role, const Shape& shape, float* cells) {
    const float value = intervention.value;
    if (role == Role::mask && value != 0 && value != hidden_value)
        refuse(intervention, "a mask holds 0 (visible) and -inf (hidden)", "give 0 or -inf");
    if (role != Role::mask && !std::isfinite(value))
        refuse(intervention, "only a mask takes -inf", "give a number; of a mask's cells, -inf hides a key");
    for_each_selected(shape, at.index, [&](Index offset, Index) { cells[offset] = value; });
}

void scale_cells(const Intervention& intervention, const Selection& at, const Shape& shape, float* cells) {
    // A masked score stays masked: 0 * -inf would be NaN.
    for_each_selected(shape, at.index, [&](Index offset, Index) {
        if (std::isfinite(cells[offset])) cells[offset] *= intervention.value;
    });
}

bool replace_cells(const Intervention& intervention, const Selection& at, Role role, const Shape& shape, bool prefix,
                   float* cells) {
    const std::optional<Tensor<float>> array = array_of(intervention, at);
    if (!array) return false;
    const Shape block = selected_shape(shape, at.index);
    const bool fits = array->shape() == block;
    if (!fits && !prefix) refuse_shape(intervention, at, array->shape(), block);
    if (!fits && array->shape().rank() != block.rank()) return false;
    check_array(intervention, role, *array);
    for_each_selected(shape, at.index, [&](Index offset, Index ordinal) {
        const Index from = fits ? ordinal : counterpart(block, array->shape(), ordinal);
        if (from >= 0) cells[offset] = array->data()[from];
    });
    return true;
}

FrozenRows freeze_cells(const Intervention& intervention, const Selection& at, Role role, const Shape& shape,
                        const std::vector<char>& hidden, float* cells) {
    FrozenRows result;
    const Index n = shape.rank() > 0 ? shape[-1] : 1;
    // Each row of the innermost axis, as the index of the axes before it selects them.
    const Shape rows = shape.rank() > 0 ? shape.without(shape.rank() - 1) : shape;
    const Index in_row = shape.rank() > 0 ? at.index.back() : -1;
    const std::span<const Index> row_index(at.index.data(), static_cast<std::size_t>(rows.rank()));
    const std::optional<Tensor<float>> array = array_of(intervention, at);
    const Shape row_block = selected_shape(rows, row_index);
    const bool whole_rows = shape.rank() > 0 && in_row < 0;
    if (array && array->shape().rank() != row_block.rank() + (whole_rows ? 1 : 0))
        refuse_shape(intervention, at, array->shape(), selected_shape(shape, at.index));
    if (array) check_array(intervention, role, *array);
    const Index m = !array ? 0 : whole_rows ? array->shape()[-1] : 1;
    const Shape array_rows = array && whole_rows ? array->shape().without(array->shape().rank() - 1)
                             : array             ? array->shape()
                                                 : Shape{};
    for_each_selected(rows, row_index, [&](Index row, Index ordinal) {
        const Index from = array ? counterpart(row_block, array_rows, ordinal) : -1;
        if (from < 0 || m == 0) {
            ++result.computed;
            return;
        }
        float* into = cells + row * n;
        const float* frozen = array->data() + from * m;
        const std::vector<float> computed(into, into + n);
        if (whole_rows)
            std::copy(frozen, frozen + std::min(n, m), into);
        else
            into[std::max<Index>(in_row, 0)] = *frozen;
        ++result.taken;
        if (role != Role::weights) return;
        const char* hides = hidden.data() + row * n;
        bool altered = !whole_rows || n != m;
        for (Index j = 0; j < n; ++j) altered = altered || (hides[j] != 0 && into[j] != 0);
        if (!altered) return;
        ++result.normalised;
        const bool nothing_visible = std::all_of(hides, hides + n, [](char h) { return h != 0; });
        if (normalise_row(into, n, hides) || nothing_visible) return;
        std::copy(computed.begin(), computed.end(), into);
        --result.taken, --result.normalised, ++result.computed;
    });
    return result;
}

}  // namespace saccade
