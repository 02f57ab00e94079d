#pragma once

#include <optional>
#include <string>

#include "analysis/attention.hpp"
#include "viz/slice.hpp"
#include "viz/view.hpp"

namespace saccade {

/// The head that is shown where one is: the one that the state stands on, if it was asked for, else the first that was.
Index head_shown(const ViewState& state, const AxisPtr& head);
/// The heads that the options ask for, of `n`; all of them if none of the chosen exist.
std::vector<Index> heads_asked_for(const ViewOptions& options, Index n);

/// The positions of an axis that are not special tokens; all of them if there are no others.
std::vector<Index> ordinary_positions(const Axis& axis);

/// "rows sum to 1: max error 3e-7", or "rows sum to 0.42 to 1.3".
std::string row_sums_text(const RowSums& sums);

/// The plane that a view draws after everything that the options ask for, and how it came about.
struct AttentionPlane {
    const TraceTensor* source = nullptr;  // what was asked for; colours, units and titles are its
    /// Of the source, or of the tensor below it (slice.derived) that holds what was asked for: the cells are cells of that.
    Slice slice;
    ViewState state;                             // the focus moved to the positions as shown
    std::vector<bool> dimmed_rows, dimmed_cols;  // special tokens; empty: none

    std::optional<Index> layer, head;  // of the source; none: joined over it, or it has no such axis
    /// Heads and layers that were joined; each, one: not.
    ViewOptions::Heads heads = ViewOptions::Heads::each;
    ViewOptions::Layers layers = ViewOptions::Layers::one;
    std::vector<Index> of_heads;  // that took part
    bool some_heads = false;      // not all
    std::optional<Index> sink;    // the key that was left out
    std::optional<RowSums> sums;  // of the rows of what was derived of weights
    bool special_hidden = false;  // special tokens are left out
    bool words_merged = false;    // tokens of a word are joined (viz/merged_words.hpp)
    std::string by_hand;          // what a hand did to all of it
    std::string caption() const;  // every non-default setting that affects the values, and that; empty if nothing is
};
/// As plane_of for tensors that are not attention. Error{invalid_input}, one line, for what cannot be computed: rollout of
/// cross-attention, attention flow of too long a text, a gradient that the run did not record.
AttentionPlane attention_plane(const Trace& trace, const TraceTensor& tensor, const ViewState& state);

}  // namespace saccade
