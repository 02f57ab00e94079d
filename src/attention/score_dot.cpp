#include "attention/score.hpp"
#include "attention/score_rules.hpp"
#include "autograd/ops.hpp"

// Luong, Pham and Manning 2015, "Effective approaches to attention-based neural machine translation", eq. 8, dot:
//   e_ij = s_i . h_j

namespace saccade {

template <class T>
Var<T> dot_scores(const Var<T>& query, const Var<T>& keys) {
    const Shape& q = query.shape();
    if (q.rank() != 2) throw Error(ErrorCode::invalid_input, "dot_scores: queries " + q.str() + " must be [batch, d]");
    const Var<T> scores = matmul(reshape(query, {q[0], 1, q[1]}), keys, true);
    return reshape(scores, {q[0], keys.shape()[1]});
}

template Var<float> dot_scores(const Var<float>&, const Var<float>&);
template Var<double> dot_scores(const Var<double>&, const Var<double>&);

namespace {

template <class T>
class DotScore : public Score<T> {
 public:
    explicit DotScore(const FunctionParameters<T>&) {}
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const override { return dot_scores(query, keys); }
};

}  // namespace

ScoreFunction dot_score_function() {
    return {.id = "dot",
            .title = "Dot",
            .equation = "e_ij = s · h_j",
            .source = "Luong 2015, eq. 8",
            .query_axis = "state",
            .key_axis = "annotation",
            .parameters = [](const ScoreSizes&) { return std::vector<FunctionParameter>{}; },
            .make = make_score_of<DotScore, float>,
            .make_double = make_score_of<DotScore, double>,
            .rules =
                [](const StateText& state, const std::string& s) {
                    return plain_rules(state, s, "e_ij = " + s + " · h_j", "sum_a(queries[i,a] * keys[j,a])");
                },
            .same_extent = true};
}

}  // namespace saccade
