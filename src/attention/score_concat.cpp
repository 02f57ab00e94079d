#include "attention/score.hpp"
#include "attention/score_additive.hpp"
#include "attention/score_rules.hpp"
#include "autograd/ops.hpp"

// Luong 2015, eq. 8, concat:
//   e_ij = v_a . tanh(W_a [s_i; h_j])
// W_a [s; h] = W_s s + W_h h with the two blocks of W_a: it is Bahdanau's additive score, written with one matrix.

namespace saccade {

namespace {

template <class T>
class ConcatScore : public Score<T> {
 public:
    explicit ConcatScore(const FunctionParameters<T>& parameters)
        : weight_(parameters("weight")), vector_(parameters("vector")) {}

    Var<T> query(const Var<T>& state) const override { return affine(state, slice(weight_, 1, 0, state.shape()[-1]), {}); }
    Var<T> keys(const Var<T>& annotations) const override {
        const Index d = annotations.shape()[-1];
        return affine(annotations, slice(weight_, 1, weight_.shape()[1] - d, d), {});
    }
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const override { return additive_scores(query, keys, vector_); }

 private:
    Var<T> weight_, vector_;
};

}  // namespace

ScoreFunction concat_score_function() {
    return {
        .id = "concat",
        .title = "Concat",
        .equation = "e_ij = v_a · tanh(W_a [s; h_j])",
        .source = "Luong 2015, eq. 8",
        .query_axis = "attention",
        .key_axis = "attention",
        .parameters =
            [](const ScoreSizes& s) {
                return std::vector<FunctionParameter>{{"weight", "W_a", {s.attention, s.state + s.annotation}, {}},
                                                      {"vector", "v_a", {s.attention}, {"attention"}}};
            },
        .make = make_score_of<ConcatScore, float>,
        .make_double = make_score_of<ConcatScore, double>,
        .rules =
            [](const StateText& state, const std::string& s) {
                return ScoreRules{"q_i = W_a [" + s + "; 0]",
                                  "queries[i,a] = sum_k(attention.weight.state[a,k] * " + state('k') + ")",
                                  "k_j = W_a [0; h_j]",
                                  "keys[j,a] = sum_k(attention.weight.annotation[a,k] * annotations[j,k])",
                                  "e_ij = v_a · tanh(W_a [" + s + "; h_j])",
                                  "scores[i,j] = sum_a(attention.vector[a] * tanh(queries[i,a] + keys[j,a]))"};
            },
        .shown =
            [](const FunctionParameters<float>& parameters, const ScoreSizes& s) {
                const Var<float> weight = parameters("weight");
                return std::vector<ShownScoreParameter>{
                    {"weight.state", "W_a", {"attention", "state"}, slice(weight, 1, 0, s.state).value()},
                    {"weight.annotation", "W_a", {"attention", "annotation"}, slice(weight, 1, s.state, s.annotation).value()},
                    {"vector", "v_a", {"attention"}, parameters("vector").value()}};
            }};
}

}  // namespace saccade
