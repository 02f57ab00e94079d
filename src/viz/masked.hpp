#pragma once

#include <array>
#include <vector>

#include "analysis/attention.hpp"
#include "trace/trace.hpp"
#include "viz/remembered.hpp"
#include "viz/slice.hpp"

namespace saccade {

// Masked cells are hatched, never coloured: a weight of 0 that a mask made is not a weight of 0 that the model chose. What is
// masked stands in the mask tensor that the run recorded (mask_of, trace/hand.hpp), not in the weights, which are finite.

/// What a recorded mask hides of a tensor of role weights or scores, or of one that holds cells of such a tensor as they are,
/// by its rule: copy[i,j] = weights[1,2,i,j].
class HiddenCells {
 public:
    HiddenCells() = default;
    HiddenCells(const Trace& trace, const TraceTensor& tensor, Reuse* memo);

    /// Does the run have a mask that hides anything of this tensor?
    bool any() const { return mask_ != nullptr; }
    /// At an index over the tensor's axes; -1 where the mask has a position of its own: at every one of them.
    bool operator()(const std::vector<Index>& index) const;
    /// The cell as it is drawn: NaN where it is hidden. A weight that a hand set there is a weight all the same.
    float seen(const std::vector<Index>& index, float value) const;

    const TraceTensor* mask() const { return mask_; }
    /// How far a step along each of the tensor's axes goes in the mask's values; 0: the mask has no such axis.
    const std::vector<Index>& strides() const { return strides_; }
    /// Where in the mask the tensor's first cell is: not 0 where it is a part of what the mask hides.
    Index first() const { return first_; }
    /// Is this what a hidden cell of the tensor holds if no hand changed it?
    bool untouched(float value) const;
    /// Is this place of the mask's values, as strides() and first() count, hidden?
    bool hidden_at(Index at) const;

 private:
    const TraceTensor* mask_ = nullptr;
    Index first_ = 0;
    bool scores_ = false;  // they have values where they are hidden: the mask is added to them
    std::vector<Index> strides_, extents_;
    // Of a mask that is made when it is looked at, the row that was looked at last.
    mutable Tensor<float> row_;
    mutable Index row_at_ = -1;
};

/// The map of one head [queries, keys] of an attention whose cells these are, NaN where they are hidden.
Tensor<float> seen_map(const HiddenCells& cells, const AttentionAxes& axes, Index layer, Index head, const Tensor<float>& map);

/// All values of the tensor, NaN where they are hidden; the tensor's own storage if nothing is.
Tensor<float> seen_values(const Trace& trace, const TraceTensor& tensor, Reuse* memo);

/// Takes what the mask of `source` hides out of the values of its slice, or of a slice of what was derived of it, where axes
/// that were joined count as hidden if each of their positions is.
void hide_masked(const Trace& trace, const TraceTensor& source, Slice& slice, Reuse* memo);

/// The numbers of a slice for files: as computed, and which of them are masked.
ShownValues shown_values(const std::string& name, const Slice& slice, std::vector<AxisPtr> axes);

}  // namespace saccade
