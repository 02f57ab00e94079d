#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trace/trace.hpp"

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
/// The same of one layer, [heads, queries, keys]: of what is made when it is looked at, all that is made.
Tensor<float> of_layer(const TraceValues& values, const AttentionAxes& axes, Index layer);

/// An attention as the analyses read it, and as it is written in their rules, where '@' stands for its name.
struct Attention {
    AttentionAxes axes;
    TraceValues values;
    Shape shape;         // [layers, heads, queries, keys]
    bool finite = true;  // no cell is masked

    Index layers() const { return shape[0]; }
    Index heads() const { return shape[1]; }
    Index queries() const { return shape[2]; }
    Index keys() const { return shape[3]; }
    bool has_layer() const { return axes.layer >= 0; }
    bool has_head() const { return axes.head >= 0; }
    /// [heads, queries, keys]
    Tensor<float> of(Index layer) const { return of_layer(values, axes, layer); }
    Tensor<float> map(Index layer, Index head) const { return of(layer).row(head); }
    /// All of them [layers, heads, queries, keys].
    Tensor<float> maps() const { return values.reshape(shape); }

    /// "l,h,i,j" of `wanted` "lhij", without the letters of axes that are missing.
    std::string letters(const std::string& wanted) const;
    /// The axes of the source that these letters stand for.
    std::vector<int> axes_at(const std::string& wanted) const;
    /// "@[l,h,i,j]"; other indices than the letters: `l` = "l-1".
    std::string cell(const std::string& h = "h", const std::string& i = "i", const std::string& j = "j") const;
    /// The same where masked cells count as 0.
    std::string finite_cell(const std::string& h = "h", const std::string& i = "i", const std::string& j = "j") const;
};
/// Error{invalid_input} if it is none.
Attention attention_of(const TraceTensor& tensor);

/// "where(X > -inf, X, 0)".
std::string zero_if_masked(const std::string& cell);

/// Smallest and largest sum over the rows that have any weight; {1, 1} if there are none. [..., queries, keys].
struct RowSums {
    double low = 1, high = 1;
    Index rows = 0, empty = 0;  // all rows; those without any weight
    double error() const;       // largest distance from 1
};
RowSums row_sums(const Tensor<float>& matrix);
/// What a tensor made of attention is: of weights it is weights again only if its rows are distributions too.
Role role_of_rows(Role source, const Tensor<float>& values);

/// Why nothing can be followed through the layers of this tensor ("rollout", "flow"); nothing if it can.
std::optional<Error> refuses_layers(const std::string& what, const TraceTensor& tensor);

}  // namespace saccade
