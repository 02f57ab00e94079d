#include "attention/score.hpp"

#include "base/error.hpp"

namespace saccade {

const std::vector<ScoreFunction>& score_functions() {
    static const std::vector<ScoreFunction> all = {
        dot_score_function(),    scaled_dot_score_function(), general_score_function(),  additive_score_function(),
        concat_score_function(), cosine_score_function(),     location_score_function(),
    };
    return all;
}

const ScoreFunction& score_function(const std::string& id) {
    std::string known;
    for (const ScoreFunction& candidate : score_functions()) {
        if (candidate.id == id) return candidate;
        known += (known.empty() ? "" : ", ") + candidate.id;
    }
    throw Error(ErrorCode::usage, "there is no score function '" + id + "'", "choose one of: " + known);
}

template <>
std::unique_ptr<Score<float>> make_score(const ScoreFunction& function, const FunctionParameters<float>& parameters) {
    return function.make(parameters);
}
template <>
std::unique_ptr<Score<double>> make_score(const ScoreFunction& function, const FunctionParameters<double>& parameters) {
    return function.make_double(parameters);
}

}  // namespace saccade
