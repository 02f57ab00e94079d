#include <cmath>

#include "attention/score.hpp"
#include "attention/score_rules.hpp"
#include "autograd/ops.hpp"

// Graves, Wayne and Danihelka 2014, "Neural Turing machines", eq. 5 and 6 (content addressing), with key strength beta:
//   e_ij = beta cos(s_i, h_j) = beta s_i . h_j / (|s_i| |h_j|)

namespace saccade {

namespace {

/// 1 / |x| along the innermost axis, which stays with extent 1. The small term gives vectors of length 0 the cosine 0.
template <class T>
Var<T> inverse_length(const Var<T>& x) {
    const Var<T> squares = sum(mul(x, x), -1, true);
    return exp(scale(log(add_scalar(squares, T(1e-12))), T(-0.5)));
}

template <class T>
class CosineScore : public Score<T> {
 public:
    explicit CosineScore(const FunctionParameters<T>& parameters) : strength_(parameters("strength")) {}
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const override { return cosine_scores(query, keys, strength_); }

 private:
    Var<T> strength_;
};

}  // namespace

template <class T>
Var<T> cosine_scores(const Var<T>& query, const Var<T>& keys, const Var<T>& strength) {
    const Shape& k = keys.shape();
    if (k.rank() != 3) throw Error(ErrorCode::invalid_input, "cosine_scores: keys " + k.str() + " must be [batch, n, d]");
    const Var<T> key_lengths = reshape(inverse_length(keys), {k[0], k[1]});
    return mul(mul(mul(dot_scores(query, keys), key_lengths), inverse_length(query)), strength);
}

template Var<float> cosine_scores(const Var<float>&, const Var<float>&, const Var<float>&);
template Var<double> cosine_scores(const Var<double>&, const Var<double>&, const Var<double>&);

ScoreFunction cosine_score_function() {
    return {.id = "cosine",
            .title = "Cosine",
            .equation = "e_ij = β s · h_j / (|s| |h_j|)",
            .source = "Graves 2014, eq. 5 and 6",
            .query_axis = "state",
            .key_axis = "annotation",
            .parameters =
                [](const ScoreSizes&) {
                    return std::vector<FunctionParameter>{{"strength", "β", {1}, {"unit"}}};
                },
            .make = make_score_of<CosineScore, float>,
            .make_double = make_score_of<CosineScore, double>,
            .rules =
                [](const StateText& state, const std::string& s) {
                    return plain_rules(state, s, "e_ij = β " + s + " · h_j / (|" + s + "| |h_j|)",
                                       "attention.strength[0] * sum_a(queries[i,a] * keys[j,a]) / "
                                       "sqrt((sum_a(square(queries[i,a])) + 1e-12) * (sum_a(square(keys[j,a])) + 1e-12))");
                },
            .same_extent = true};
}

}  // namespace saccade
