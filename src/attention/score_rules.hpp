#pragma once

#include <functional>
#include <memory>
#include <string>

#include "attention/score.hpp"

// What the score functions' files share; for attention/score_*.cpp alone.

namespace saccade {

using StateText = std::function<std::string(char letter)>;

template <template <class> class S, class T>
std::unique_ptr<Score<T>> make_score_of(const FunctionParameters<T>& parameters) {
    return std::make_unique<S<T>>(parameters);
}

/// For functions whose query is the state itself and whose keys are the annotations.
inline ScoreRules plain_rules(const StateText& state, const std::string& s, const std::string& formula,
                              const std::string& right_side) {
    return {"q_i = " + s, "queries[i,a] = " + state('a'), "k_j = h_j", "keys[j,a] = annotations[j,a]",
            formula,      "scores[i,j] = " + right_side};
}

}  // namespace saccade
