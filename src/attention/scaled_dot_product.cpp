#include "attention/scaled_dot_product.hpp"

#include <cmath>

#include "autograd/ops.hpp"

namespace saccade {

template <class T>
Var<T> scaled_scores(const Var<T>& q, const Var<T>& k, const Var<T>& term) {
    const Var<T> scores = scale(matmul(q, k, true), T(1) / std::sqrt(static_cast<T>(q.shape()[-1])));
    return term.empty() ? scores : add(scores, term);
}

template <class T>
Var<T> masked_scores(const Var<T>& scores, const Tensor<T>& mask) {
    return mask.empty() ? scores : add(scores, Var<T>(mask));
}

template <class T>
AttentionOutput<T> scaled_dot_product(const Var<T>& q, const Var<T>& k, const Var<T>& v, const Var<T>& term,
                                      const Tensor<T>& mask) {
    AttentionOutput<T> out;
    out.scores = masked_scores(scaled_scores(q, k, term), mask);
    out.weights = softmax(out.scores);
    out.context = matmul(out.weights, v);
    return out;
}

#define SACCADE_INSTANTIATE(T)                                                                                 \
    template Var<T> scaled_scores(const Var<T>&, const Var<T>&, const Var<T>&);                                \
    template Var<T> masked_scores(const Var<T>&, const Tensor<T>&);                                            \
    template AttentionOutput<T> scaled_dot_product(const Var<T>&, const Var<T>&, const Var<T>&, const Var<T>&, \
                                                   const Tensor<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
