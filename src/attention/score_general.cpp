#include "attention/score.hpp"
#include "attention/score_rules.hpp"
#include "autograd/ops.hpp"

// Luong 2015, eq. 8, general (bilinear):
//   e_ij = s_i^T W_a h_j
// W_a h_j does not depend on the step: it is the key.

namespace saccade {

namespace {

template <class T>
class GeneralScore : public Score<T> {
 public:
    explicit GeneralScore(const FunctionParameters<T>& parameters) : weight_(parameters("bilinear")) {}
    Var<T> keys(const Var<T>& annotations) const override { return affine(annotations, weight_, {}); }
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const override { return dot_scores(query, keys); }

 private:
    Var<T> weight_;
};

}  // namespace

ScoreFunction general_score_function() {
    return {
        .id = "general",
        .title = "General",
        .equation = "e_ij = sᵀ W_a h_j",
        .source = "Luong 2015, eq. 8",
        .query_axis = "state",
        .key_axis = "state",
        .parameters =
            [](const ScoreSizes& s) {
                return std::vector<FunctionParameter>{{"bilinear", "W_a", {s.state, s.annotation}, {"state", "annotation"}}};
            },
        .make = make_score_of<GeneralScore, float>,
        .make_double = make_score_of<GeneralScore, double>,
        .rules =
            [](const StateText& state, const std::string& s) {
                return ScoreRules{"q_i = " + s,
                                  "queries[i,a] = " + state('a'),
                                  "k_j = W_a h_j",
                                  "keys[j,a] = sum_k(attention.bilinear[a,k] * annotations[j,k])",
                                  "e_ij = " + s + "ᵀ W_a h_j",
                                  "scores[i,j] = sum_a(queries[i,a] * keys[j,a])"};
            }};
}

}  // namespace saccade
