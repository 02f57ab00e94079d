#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "attention/function_parameter.hpp"

namespace saccade {

/// Extents that the parameters of a score function depend on.
struct ScoreSizes {
    Index state = 0;       // of the decoder's state s
    Index annotation = 0;  // of the encoder's annotations h_j
    Index attention = 64;  // hidden units of additive and concat
    Index longest = 64;    // source positions that location knows
};

/// A score function with its parameters: how well a query (from the decoder's state) fits each key (from an annotation).
template <class T>
class Score {
 public:
    virtual ~Score() = default;
    /// State [B, state] -> query [B, d].
    virtual Var<T> query(const Var<T>& state) const { return state; }
    /// Annotations [B, n, annotation] -> keys [B, n, d']; the same at every step, so made once a source.
    virtual Var<T> keys(const Var<T>& annotations) const { return annotations; }
    /// -> scores [B, n]. Error{invalid_input} if there are more keys than the function can score.
    virtual Var<T> scores(const Var<T>& query, const Var<T>& keys) const = 0;
};

/// Formulas and rules (trace/formula.hpp) over the tensors queries, keys and scores, indices i (output), j (source).
struct ScoreRules {
    std::string query_formula, query_rule;
    std::string key_formula, key_rule;  // empty: the function looks at no keys
    std::string formula, rule;
};

/// A parameter as a trace shows it; names below "attention.".
struct ShownScoreParameter {
    std::string name, symbol;
    std::vector<std::string> axes;
    Tensor<float> values;
};

/// One way to score, as people choose it; each has a file of its own.
struct ScoreFunction {
    std::string id, title;
    std::string equation, source;      // for tooltips and steps
    std::string query_axis, key_axis;  // what queries and keys run along: state, annotation, attention, position; or empty
    std::vector<FunctionParameter> (*parameters)(const ScoreSizes&);
    std::unique_ptr<Score<float>> (*make)(const FunctionParameters<float>&);
    std::unique_ptr<Score<double>> (*make_double)(const FunctionParameters<double>&);
    /// `state(letter)` is the state that asks, as it stands in rules; `s` the same in formulas.
    ScoreRules (*rules)(const std::function<std::string(char letter)>& state, const std::string& s);
    /// Null: each parameter as it is. Where a rule needs a parameter's blocks apart, those.
    std::vector<ShownScoreParameter> (*shown)(const FunctionParameters<float>&, const ScoreSizes&) = nullptr;
    bool same_extent = false;  // must state and annotation have one extent?
};

ScoreFunction dot_score_function();
ScoreFunction scaled_dot_score_function();
ScoreFunction general_score_function();
ScoreFunction additive_score_function();
ScoreFunction concat_score_function();
ScoreFunction cosine_score_function();
ScoreFunction location_score_function();

/// All of them, in the order of the choices.
const std::vector<ScoreFunction>& score_functions();
/// Error{usage} lists them.
const ScoreFunction& score_function(const std::string& id);

template <class T>
std::unique_ptr<Score<T>> make_score(const ScoreFunction& function, const FunctionParameters<T>& parameters);

/// Dot product of each query with its keys: [B, d] and [B, n, d] -> [B, n]; Luong 2015, eq. 8 (dot).
template <class T>
Var<T> dot_scores(const Var<T>& query, const Var<T>& keys);
/// dot_scores / sqrt(d); Vaswani 2017, eq. 1.
template <class T>
Var<T> scaled_dot_scores(const Var<T>& query, const Var<T>& keys);
/// strength * cos(q, k_j), strength [1]; Graves 2014, eq. 5 and 6. Vectors of length 0 have cosine 0.
template <class T>
Var<T> cosine_scores(const Var<T>& query, const Var<T>& keys, const Var<T>& strength);

}  // namespace saccade
