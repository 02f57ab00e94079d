#pragma once

#include <optional>
#include <vector>

#include "trace/intervention.hpp"
#include "trace/probe.hpp"

namespace saccade {

// How one intervention changes one tensor, or one row of a tensor that is shown row by row: what Probe is made of.

/// The cells of what is shown now: one index per axis, -1 for all of it.
struct Selection {
    std::vector<Index> index;
    Index row = -1;         // shown as this row of the tensor; -1: it is shown whole
    bool all_rows = false;  // a row, and the intervention is about every row
    std::string each{};     // then the axis that rows run along
};

/// Error{invalid_input} if the intervention has more indices than the tensor has axes.
std::optional<Selection> selection_in(const Intervention& intervention, const ProbeSite& site, Index row, const Shape& shape);

/// Which cells a mask hides, broadcast to the cells of `site`: its axes must be some of the site's, in their order, the last
/// one among them.
struct ShownMask {
    ProbeSite site;
    Index row;  // -1: shown whole
    Tensor<float> values;
};
void hide_masked(const ShownMask& mask, const ProbeSite& site, Index row, const Shape& shape, std::vector<char>& hidden);

/// Rows (of the innermost axis) that a freeze met.
struct FrozenRows {
    Index taken = 0;       // have the frozen values
    Index normalised = 0;  // of these, rescaled to sum 1: a part was cut off, added or masked
    Index computed = 0;    // have no counterpart and stay as the model computed them
};

/// Each changes `cells` (of this shape) and may throw Error{invalid_input}. `prefix`: these cells are the first ones of what is
/// still to come, so that an array may have more of them. False: the array has nothing for these cells.
void set_cells(const Intervention& intervention, const Selection& at, Role role, const Shape& shape, float* cells);
void scale_cells(const Intervention& intervention, const Selection& at, const Shape& shape, float* cells);
bool replace_cells(const Intervention& intervention, const Selection& at, Role role, const Shape& shape, bool prefix,
                   float* cells);
FrozenRows freeze_cells(const Intervention& intervention, const Selection& at, Role role, const Shape& shape,
                        const std::vector<char>& hidden, float* cells);

/// Calls visit(offset, ordinal) for each cell of the selected block, in row-major order.
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

/// Error{invalid_input}: "intervention weights[2]=0: WHY".
[[noreturn]] void refuse(const Intervention& intervention, const std::string& why, const std::string& hint);

}  // namespace saccade
