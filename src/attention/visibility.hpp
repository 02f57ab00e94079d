#pragma once

#include <optional>

#include "trace/probe.hpp"

namespace saccade {

/// Which keys a query of self-attention may see: with `causal` none that follow it (Vaswani 2017, section 3.2.3), with a
/// radius none further away (restricted self-attention, section 4; 0: itself alone).
struct Visibility {
    bool causal = false;
    std::optional<Index> radius{};

    /// [n_queries, n_keys] of 0 and -inf; empty where nothing is hidden. `first`: keys before the first query.
    template <class T>
    Tensor<T> mask(Index n_queries, Index n_keys, Index first = 0) const;
    /// How "@mask[i,j]" follows; `layer`: indices before i, "l,".
    How rule(const std::string& layer = {}) const;
};

}  // namespace saccade
