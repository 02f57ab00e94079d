#pragma once

#include "attention/position.hpp"

// For the position_*.cpp alone.

namespace saccade {

/// A code that does what its class says.
template <template <class> class Code, class T>
PositionCode<T> make_code_of(const PositionSizes& sizes, const PositionParameters<T>& parameters) {
    const auto made = std::make_shared<const Code<T>>(sizes, parameters);
    PositionCode<T> code;
    if constexpr (std::is_base_of_v<AddedCode<T>, Code<T>>) code.adds = made;
    if constexpr (std::is_base_of_v<TurningCode<T>, Code<T>>) code.turns = made;
    if constexpr (std::is_base_of_v<ScoringCode<T>, Code<T>>) code.scores = made;
    if constexpr (std::is_base_of_v<ReadingCode<T>, Code<T>>) code.reads = made;
    return code;
}

inline std::vector<PositionParameter> no_position_parameters(const PositionSizes&) {
    return {};
}
inline std::vector<Axis> no_position_axes(const PositionSizes&) {
    return {};
}

/// Draws what was added to the tokens; two positions are as alike as the dot product of what they get.
PositionSimilarity draw_added(const PositionScene& scene, const std::string& equation, const std::string& source);

inline constexpr const char* added_term_title = "What is added to the scores, mean of the heads (layer 1)";
/// term [heads, n, n] -> [n, n]; empty of nothing.
Tensor<float> mean_over_heads(const Tensor<float>& term);

}  // namespace saccade
