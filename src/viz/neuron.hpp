#pragma once

#include <optional>
#include <vector>

#include "viz/attention_plane.hpp"

namespace saccade {

/// The tensors of one dot-product attention and the cell of it that is looked at.
struct Neuron {
    const TraceTensor* weights = nullptr;
    const TraceTensor* scores = nullptr;  // null if the run recorded none
    const TraceTensor* query = nullptr;
    const TraceTensor* key = nullptr;
    const TraceTensor* term = nullptr;  // what a position code added to the scores; null: nothing
    AttentionAxes axes;
    bool scaled = true;  // by the square root of the extent of the queries

    AxisPtr axis(int i) const { return i < 0 ? nullptr : weights->info.axes[static_cast<std::size_t>(i)]; }
    AxisPtr unit() const { return query->info.axes.back(); }
    Index size() const { return unit()->extent; }
};

/// Queries and keys beside the weights: by name in the same stack, else by their axes, if the scores are their dot product.
std::optional<Neuron> neuron_of(const Trace& trace, const TraceTensor& tensor);
/// Where a tensor of the attention stands for a cell: each axis must be one of the attention's; the last one runs (-1).
std::optional<std::vector<Index>> index_at(const TraceTensor& tensor, const Neuron& n, const std::vector<Index>& cell);

/// How the score of one cell came about.
struct NeuronNumbers {
    std::vector<Index> cell;
    Index query = 0, key = 0;
    std::vector<float> q, k, product;
    double sum = 0, scale = 1, score = 0, term = 0;
};
/// Of the cell in focus: layer, head and query where the state stands; the key that is selected, else the one that gets most.
NeuronNumbers numbers_of(const Neuron& n, const ViewState& state);

}  // namespace saccade
