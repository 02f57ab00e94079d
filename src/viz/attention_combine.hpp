#pragma once

#include <optional>
#include <string>

#include "viz/slice.hpp"
#include "viz/view.hpp"

namespace saccade {

/// Where the axes of an attention [layer, head, query, key] stand in a tensor; layer and head may be missing.
struct AttentionAxes {
    int layer = -1, head = -1;  // -1: none
    int query = 0, key = 0;     // the last two
    bool square = false;        // the same tokens on both: self-attention
};
/// Nothing if the tensor is no attention by its axes (its role may be weights, scores, mask, a difference of such).
std::optional<AttentionAxes> attention_axes(const TraceTensor& tensor);

/// [layers, heads, queries, keys] of the same storage; a missing axis has extent 1.
Tensor<float> by_layer_and_head(const TraceTensor& tensor, const AttentionAxes& axes);

/// The heads that the options ask for, of `n`; all of them if none of the chosen exist.
std::vector<Index> heads_asked_for(const ViewOptions& options, Index n);
/// The head that is shown where one is: the one that the state stands on, if it was asked for, else the first that was.
Index head_shown(const ViewState& state, const AxisPtr& head);

/// The positions of an axis that are no special tokens; all of them if there are no others.
std::vector<Index> ordinary_positions(const Axis& axis);

/// mean, max: of the finite values; masked where all are. maps [n, queries, keys].
Tensor<float> mean_of(const Tensor<float>& maps);
Tensor<float> max_of(const Tensor<float>& maps);

/// 0.5 A + 0.5 I, its rows brought to sum 1; masked cells count as 0. [t, t].
Tensor<float> with_residual(const Tensor<float>& matrix);
/// Attention rollout (Abnar and Zuidema 2020, eq. 1): R = A'_L ... A'_1 of the layers with residual A'_l = 0.5 A_l + 0.5 I.
/// layers [n, t, t] -> [t, t]: how much of input j is in output i.
Tensor<float> attention_rollout(const Tensor<float>& layers);
/// Relevance (Chefer 2021, eq. 6): R = I, then R <- R + A_l R for each layer. layers [n, t, t], of gradient x attention.
Tensor<float> relevance_rollout(const Tensor<float>& layers);
/// mean over heads of max(0, gradient x attention) (Chefer 2021, eq. 5). Both [heads, q, k] -> [q, k].
Tensor<float> gradient_attention(const Tensor<float>& weights, const Tensor<float>& gradients);

/// The key that gets most attention over all rows; nothing if no row has any.
std::optional<Index> most_attended(const Tensor<float>& matrix);
/// Without key `sink`: its column masked, every other row divided by what it has left (a row that has nothing left stays 0).
Tensor<float> without_key(const Tensor<float>& matrix, Index sink);

/// Smallest and largest sum over the rows that have any weight; {1, 1} if there are none.
struct RowSums {
    double low = 1, high = 1;
    double error() const;  // largest distance from 1
};
RowSums row_sums(const Tensor<float>& matrix);
/// "rows sum to 1: max error 3e-7", or "rows sum to 0.42 to 1.3".
std::string row_sums_text(const RowSums& sums);

/// The plane that a view draws after everything that the options ask for.
struct AttentionPlane {
    Slice slice;
    ViewState state;                             // the focus moved to the positions as shown
    std::vector<bool> dimmed_rows, dimmed_cols;  // special tokens; empty: none
    std::string caption;                         // everything that is not usual about the values; empty if nothing is
    bool derived = false;                        // the values are not cells of the tensor
};
/// As plane_of for tensors that are no attention. Error{invalid_input}, one line, for what cannot be had: rollout of
/// cross-attention, attention flow of too long a text, a gradient that the run did not record.
AttentionPlane attention_plane(const Trace& trace, const TraceTensor& tensor, const ViewState& state);

}  // namespace saccade
