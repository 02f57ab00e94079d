#pragma once

#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Largest flow through a directed graph, from `source` to `sink` (Dinic 1970: level graphs, blocking flows).
class FlowNetwork {
 public:
    explicit FlowNetwork(Index nodes);
    void add_edge(Index from, Index to, double capacity);
    /// Each call starts from the capacities.
    double max_flow(Index source, Index sink);

 private:
    struct Edge {
        Index to = 0;
        double capacity = 0, left = 0;
        std::size_t back = 0;  // in the edges of `to`
    };
    bool levels_to(Index source, Index sink);
    double push(Index node, Index sink, double most);

    std::vector<std::vector<Edge>> edges_;
    std::vector<Index> level_;
    std::vector<std::size_t> next_;
};

/// Attention flow (Abnar and Zuidema 2020, section 3.2): tokens of all layers are nodes, the weights A'_l = 0.5 A_l + 0.5 I
/// capacities; cell [i, j] is the largest flow from output i down to input j. Rows need not sum to 1. layers [n, t, t] -> [t,
/// t]. Error{invalid_input} beyond attention_flow_fits.
Tensor<float> attention_flow(const Tensor<float>& layers);
/// n t^4 is what it costs: at most 6 million (4 layers of 34 tokens, 12 of 26).
bool attention_flow_fits(Index layers, Index tokens);
/// The longest text that fits that many layers.
Index longest_for_attention_flow(Index layers);

}  // namespace saccade
