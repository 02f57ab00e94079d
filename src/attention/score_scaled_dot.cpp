#include <cmath>

#include "attention/score.hpp"
#include "attention/score_rules.hpp"
#include "autograd/ops.hpp"

// Vaswani et al. 2017, "Attention is all you need", eq. 1, for one query:
//   e_ij = s_i . h_j / sqrt(d)
// Without the division the variance of e grows with d, and the softmax saturates (section 3.2.1).

namespace saccade {

template <class T>
Var<T> scaled_dot_scores(const Var<T>& query, const Var<T>& keys) {
    return scale(dot_scores(query, keys), T(1) / std::sqrt(static_cast<T>(query.shape()[-1])));
}

template Var<float> scaled_dot_scores(const Var<float>&, const Var<float>&);
template Var<double> scaled_dot_scores(const Var<double>&, const Var<double>&);

namespace {

template <class T>
class ScaledDotScore : public Score<T> {
 public:
    explicit ScaledDotScore(const FunctionParameters<T>&) {}
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const override { return scaled_dot_scores(query, keys); }
};

}  // namespace

ScoreFunction scaled_dot_score_function() {
    return {.id = "scaled_dot",
            .title = "Scaled dot",
            .equation = "e_ij = s · h_j / √d",
            .source = "Vaswani 2017, eq. 1",
            .query_axis = "state",
            .key_axis = "annotation",
            .parameters = [](const ScoreSizes&) { return std::vector<FunctionParameter>{}; },
            .make = make_score_of<ScaledDotScore, float>,
            .make_double = make_score_of<ScaledDotScore, double>,
            .rules =
                [](const StateText& state, const std::string& s) {
                    // The number of units is the sum of ones over them.
                    return plain_rules(state, s, "e_ij = " + s + " · h_j / √d",
                                       "sum_a(queries[i,a] * keys[j,a]) / sqrt(sum_a(queries[i,a] * 0 + 1))");
                },
            .same_extent = true};
}

}  // namespace saccade
