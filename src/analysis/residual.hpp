#pragma once

#include "analysis/analysis.hpp"
#include "analysis/attention.hpp"

namespace saccade {

/// What is followed through layers starts from here (Abnar and Zuidema 2020, section 3.1): the heads' mean, if there are heads,
/// and the residual connection, A' = 1/2 A + 1/2 I, its rows normalised to sum 1. Masked cells count as 0.
struct ResidualMaps {
    Derived derived;         // mean (of heads), residual
    Tensor<float> maps;      // A' [layers, t, t]
    std::string mixed_name;  // "@.residual"
    Attention attention;     // what was mixed: [layers, 1, t, t]
};
/// Error{invalid_input} if queries and keys are not the same tokens.
ResidualMaps residual_maps(const std::string& what, const Trace& trace, const TraceTensor& source,
                           const std::vector<Index>& heads);

/// A suffix for the heads that take part: "rollout", "rollout_of_0_2".
std::string with_heads(const std::string& suffix, const std::vector<Index>& heads);

}  // namespace saccade
