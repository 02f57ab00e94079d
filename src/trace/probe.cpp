#include "trace/probe.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "trace/formula.hpp"
#include "trace/row_edit.hpp"

namespace saccade {

namespace {

/// Calls visit(offset, ordinal) for each cell of the block that `index` selects (-1: all of the axis), in row-major order.
template <class Visit>
void for_each_selected(const Shape& shape, std::span<const Index> index, Visit visit) {
    std::array<Index, Shape::max_rank> at{};
    const auto rank = static_cast<std::size_t>(shape.rank());
    for (std::size_t i = 0; i < rank; ++i) at[i] = std::max<Index>(index[i], 0);
    if (shape.size() == 0) return;
    for (Index ordinal = 0;; ++ordinal) {
        Index offset = 0;
        for (std::size_t i = 0; i < rank; ++i) offset = offset * shape.dims()[i] + at[i];
        visit(offset, ordinal);
        std::size_t axis = rank;
        while (axis > 0 && (index[axis - 1] >= 0 || ++at[axis - 1] == shape.dims()[axis - 1])) {
            --axis;
            if (index[axis] < 0) at[axis] = 0;
        }
        if (axis == 0) return;
    }
}

Shape selected_shape(const Shape& shape, std::span<const Index> index) {
    std::vector<Index> dims;
    for (int i = 0; i < shape.rank(); ++i) {
        if (index[static_cast<std::size_t>(i)] < 0) dims.push_back(shape[i]);
    }
    return Shape(dims);
}

[[noreturn]] void refuse(const Intervention& intervention, const std::string& why, const std::string& hint) {
    throw Error(ErrorCode::invalid_input, fmt::format("intervention {}: {}", to_string(intervention), why), hint);
}

/// The array that replaces the selected block of this row (or of the whole tensor); empty if it has no such row.
Tensor<float> replacement(const Intervention& intervention, const Shape& block, Index row, bool all_rows) {
    Tensor<float> array = intervention.array;
    if (row >= 0 && all_rows) {
        if (array.shape().rank() == 0)
            refuse(intervention, "the array is a single number", "give one row for each row of the tensor");
        if (row >= array.shape()[0]) return {};
        array = array.row(row);
    }
    if (array.shape() != block) {
        refuse(intervention, fmt::format("the array has shape {}, the cells have shape {}", array.shape().str(), block.str()),
               "give an array of the shape of the cells that it replaces");
    }
    if (std::any_of(array.values().begin(), array.values().end(), [](float v) { return std::isnan(v); })) {
        refuse(intervention, "the array holds NaN", "replace it by numbers");
    }
    return array;
}

}  // namespace

bool Capture::wants(const std::string& name) const {
    const auto matches = [&](const std::string& pattern) {
        if (pattern.empty() || pattern.back() != '*') return pattern == name;
        return name.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
    };
    return names.empty() || std::any_of(names.begin(), names.end(), matches);
}

Probe::Probe(Capture capture, std::vector<Intervention> interventions)
    : capture_(std::move(capture)), interventions_(std::move(interventions)), applied_(interventions_.size(), false) {}

bool Probe::intervening() const {
    return std::any_of(interventions_.begin(), interventions_.end(), [](const Intervention& i) { return i.enabled; });
}

Probe Probe::scratch() const {
    return {Capture{{std::string()}}, interventions_};
}

Tensor<float> Probe::whole(const ProbeSite& site, Tensor<float> values) {
    return record(site, -1, std::move(values));
}

Tensor<float> Probe::row(const ProbeSite& site, Index i, Tensor<float> values) {
    return record(site, i, std::move(values));
}

Probe::Recording& Probe::recording_of(const ProbeSite& site, Index row) {
    const auto [entry, fresh] = by_name_.try_emplace(site.name, recordings_.size());
    if (fresh) {
        Recording recording;
        recording.site = site;
        recording.whole = row < 0;
        recording.first = std::max<Index>(row, 0);
        recording.kept = capture_.wants(site.name);
        recordings_.push_back(std::move(recording));
    }
    Recording& recording = recordings_[entry->second];
    const Index expected = recording.first > 0 ? recording.first - recording.count : recording.count;
    if (row < 0 ? !fresh : recording.whole || row != expected) {
        throw Error(ErrorCode::invalid_input, fmt::format("tensor '{}' was shown twice or out of order", site.name));
    }
    return recording;
}

Tensor<float> Probe::record(const ProbeSite& site, Index row, Tensor<float> values) {
    const Shape given = values.shape();
    const int rank = static_cast<int>(site.axes.size()) - (row >= 0 ? 1 : 0);
    if (given.rank() == rank + 1 && given[0] == 1) values = values.reshape(given.without(0));
    Recording& recording = recording_of(site, row);
    if (values.shape().rank() != rank || (!recording.rows.empty() && recording.rows.front().shape() != values.shape())) {
        throw Error(
            ErrorCode::invalid_input,
            fmt::format("tensor '{}' was shown with the shape {}, which does not fit its axes", site.name, given.str()));
    }
    Tensor<float> result = intervene(site, row, values);
    const bool changed = result.data() != values.data();
    ++recording.count;
    if (recording.kept) {
        recording.rows.push_back(result);
        recording.before.push_back(changed ? values : Tensor<float>{});
    }
    if (!interventions_.empty() && (site.role == Role::scores || site.role == Role::mask)) {
        std::erase_if(maskings_, [&](const Masking& masking) { return masking.site.name == site.name; });
        maskings_.push_back({site, row, result});
    }
    return result.shape() == given ? result : result.reshape(given);
}

std::vector<char> Probe::masked_cells(const ProbeSite& site, Index row, Index size) const {
    std::vector<char> masked(static_cast<std::size_t>(size), 0);
    for (const Masking& masking : maskings_) {
        if (masking.site.axes != site.axes || (masking.row >= 0 && masking.row != row)) continue;
        Tensor<float> values = masking.values;
        if (masking.row < 0 && row >= 0) values = row < values.shape()[0] ? values.row(row) : Tensor<float>{};
        if (values.size() != size) continue;
        for (std::size_t i = 0; i < masked.size(); ++i) {
            if (values.values()[i] == -std::numeric_limits<float>::infinity()) masked[i] = 1;
        }
    }
    return masked;
}

Tensor<float> Probe::intervene(const ProbeSite& site, Index row, const Tensor<float>& values) {
    Tensor<float> result = values;
    const auto writable = [&]() -> Tensor<float>& {
        if (result.data() == values.data()) result = values.clone();
        return result;
    };
    RowEdit edit;
    for (std::size_t k = 0; k < interventions_.size(); ++k) {
        const Intervention& intervention = interventions_[k];
        if (!intervention.enabled || intervention.tensor != site.name) continue;
        std::vector<Index> index = intervention.index;
        if (index.size() > site.axes.size()) {
            refuse(intervention, fmt::format("{} indices for {} axes", index.size(), site.axes.size()),
                   "give at most one index for each axis: " + fmt::format("{}", fmt::join(site.axes, ", ")));
        }
        index.resize(site.axes.size(), -1);
        const bool all_rows = row >= 0 && index.front() < 0;
        if (row >= 0) {
            if (!all_rows && index.front() != row) continue;
            index.erase(index.begin());
        }
        const Shape& shape = values.shape();
        bool inside = shape.size() > 0;
        for (int i = 0; i < shape.rank(); ++i) inside = inside && index[static_cast<std::size_t>(i)] < shape[i];
        if (!inside) continue;  // finish() notes it if it never was
        if (intervention.kind == Intervention::Kind::replace) {
            const Tensor<float> array = replacement(intervention, selected_shape(shape, index), row, all_rows);
            if (array.empty()) continue;
            float* cells = writable().data();
            for_each_selected(shape, index, [&](Index offset, Index i) { cells[offset] = array.data()[i]; });
        } else if (intervention.kind == Intervention::Kind::scale) {
            float* cells = writable().data();
            // A masked score stays masked: 0 * -inf would be NaN.
            for_each_selected(shape, index, [&](Index offset, Index) {
                if (std::isfinite(cells[offset])) cells[offset] *= intervention.value;
            });
        } else if (site.role == Role::weights) {
            if (intervention.value < 0 || intervention.value > 1) {
                refuse(intervention, "a weight lies between 0 and 1", "give a value from 0 to 1");
            }
            if (edit.empty()) edit = RowEdit(masked_cells(site, row, shape.size()), shape.rank() > 0 ? shape[-1] : 1);
            for_each_selected(shape, index, [&](Index offset, Index) { edit.touch(offset); });
            edit.apply(writable().values(), intervention.value);
        } else {
            float* cells = writable().data();
            for_each_selected(shape, index, [&](Index offset, Index) { cells[offset] = intervention.value; });
        }
        applied_[k] = true;
    }
    return result;
}

template <class T>
Var<T> show(Probe* probe, const ProbeSite& site, Index row, Var<T> v) {
    if constexpr (std::is_same_v<T, float>) {
        if (probe == nullptr || v.tracked()) return v;
        return row < 0 ? probe->whole(site, v.value()) : probe->row(site, row, v.value());
    } else {
        return v;
    }
}

template Var<float> show(Probe*, const ProbeSite&, Index, Var<float>);
template Var<double> show(Probe*, const ProbeSite&, Index, Var<double>);

}  // namespace saccade
