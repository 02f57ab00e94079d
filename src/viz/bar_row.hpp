#pragma once

#include <string>

#include "viz/slice.hpp"
#include "viz/view.hpp"

namespace saccade {

/// What bars are drawn of: a row of the tensor, or of what the options make of its attention.
struct BarRow {
    Slice slice;
    std::string caption, legend{};
    ViewState state;          // the focus moved to the positions as shown
    Role role = Role::state;  // of what was asked for
    Tensor<float> before{};   // what stood there in the run without anything changed by hand; empty: not said
    bool ranked = false;      // the likeliest of many, the likeliest first

    /// Did what a hand changed show at this position, as far as its number says?
    bool changed(Index i) const;
    bool any_changed() const;
};

/// Of probabilities of more classes than have lines in the state's height, the likeliest: now, or before a hand changed the
/// run.
BarRow bar_row(const Trace& trace, const TraceTensor& tensor, const ViewState& state);

/// The row of all of its positions, in their own order.
BarRow whole_bar_row(const Trace& trace, const TraceTensor& tensor, const ViewState& state);

}  // namespace saccade
