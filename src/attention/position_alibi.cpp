#include <cmath>

#include "attention/position_make.hpp"

// Press, Smith and Lewis 2021 ("Train short, test long"), section 3: a penalty on distance, with a slope of its own for each
// head, is added to the scores,
//   e_ij = q_i k_j / sqrt(d_head) - m_h |i - j|
// The paper's stacks are causal, where j <= i; in others the penalty is the same on both sides.

namespace saccade {

std::vector<double> alibi_slopes(Index heads) {
    Index power = 1;
    while (2 * power <= heads) power *= 2;
    std::vector<double> slopes;
    for (Index h = 1; h <= power; ++h) slopes.push_back(std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(power)));
    for (Index h = 1; static_cast<Index>(slopes.size()) < heads; h += 2)
        slopes.push_back(std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(2 * power)));
    return slopes;
}

template <class T>
Tensor<T> alibi_term(Index heads, Index first_query, Index n_queries, Index n_keys) {
    Tensor<T> term = Tensor<T>::uninitialized({1, heads, n_queries, n_keys});
    T* at = term.data();
    for (const double slope : alibi_slopes(heads))
        for (Index i = first_query; i < first_query + n_queries; ++i)
            for (Index j = 0; j < n_keys; ++j) *at++ = static_cast<T>(-slope * static_cast<double>(std::abs(i - j)));
    return term;
}

template Tensor<float> alibi_term(Index, Index, Index, Index);
template Tensor<double> alibi_term(Index, Index, Index, Index);

namespace {

template <class T>
class Alibi : public PositionCode<T> {
 public:
    Alibi(const PositionSizes& sizes, const PositionParameters<T>&) : heads_(sizes.heads) {}
    Var<T> score_term(const Var<T>& queries, Index first, Index n_keys) const override {
        return alibi_term<T>(heads_, first, queries.shape()[2], n_keys);
    }

 private:
    Index heads_;
};

}  // namespace

PositionFunction alibi_position_function() {
    return {.id = "alibi",
            .title = "ALiBi",
            .equation = "e_ij = q_i k_j / sqrt(d_head) - m_h |i - j|",
            .source = "Press 2021, section 3",
            .parameters = no_position_parameters,
            .make = make_code_of<Alibi, float>,
            .make_double = make_code_of<Alibi, double>,
            .scores = true};
}

}  // namespace saccade
