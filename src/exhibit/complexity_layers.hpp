#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// What a layer is measured with: n tokens of d features, kernels of k tokens, neighbourhoods of r.
struct LayerSize {
    Index n = 1, d = 1, k = 3, r = 16;
};

/// A kind of layer of Vaswani 2017, table 1, as this engine computes it.
struct LayerKind {
    std::string id, label;                  // "self_attention", "self-attention · n²d"
    std::string formula, steps, path;       // of the table: operations, sequential operations, maximum path length
    double exponent_n = 0, exponent_d = 0;  // of n and d in that formula
    double times = 1;  // multiply-adds that are done here for one that the formula counts: scores and read are two of them
    /// What the formula says, as an executable rule over n and d (trace/formula.hpp), `times` in.
    std::string rule;
    /// One layer made ready, with inputs and weights from a fixed seed; each call of what comes back runs it once and returns
    /// the multiply-adds of the matrix products that it did, added up one by one. Error{cancelled}.
    std::function<std::function<double(std::stop_token)>(const LayerSize&)> make;
    /// One after the other: steps of a layer that must wait for each other.
    Index (*sequential)(const LayerSize&) = nullptr;
    /// Which positions (from, to, both within [0, n)) position i of the output of the layer at this depth (from 0) looks at;
    /// recurrent layers: of the step.
    std::vector<Index> (*looks_at)(const LayerSize&, Index i, Index depth) = nullptr;
};

/// Self-attention, recurrent, convolutional, restricted self-attention.
const std::vector<LayerKind>& layer_kinds();

/// Layers (recurrent: steps) until what stands at the first position has reached the last, walked along what each layer looks
/// at.
Index path_length(const LayerKind& kind, const LayerSize& size);

}  // namespace saccade
