#include "attention/scaled_dot_product.hpp"

#include <cmath>

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "tensor/attention_kernel.hpp"

namespace saccade {

template <class T>
Var<T> scaled_scores(const Var<T>& q, const Var<T>& k, const Var<T>& term, bool scaled) {
    // Scaling q instead of the product gives the same and is d_head / Tk of the work.
    const Var<T> scores = matmul(scaled ? scale(q, T(1) / std::sqrt(static_cast<T>(q.shape()[-1]))) : q, k, true);
    return term.empty() ? scores : add(scores, term);
}

template <class T>
Var<T> masked_scores(const Var<T>& scores, const Tensor<T>& mask) {
    return mask.empty() ? scores : add(scores, Var<T>(mask));
}

template <class T>
AttentionOutput<T> scaled_dot_product(const Var<T>& q, const Var<T>& k, const Var<T>& v, const Var<T>& term,
                                      const Tensor<T>& mask, bool scaled) {
    AttentionOutput<T> out;
    out.scores = masked_scores(scaled_scores(q, k, term, scaled), mask);
    out.weights = softmax(out.scores);
    out.context = matmul(out.weights, v);
    return out;
}

namespace {

/// A mask or term as rows of n_keys that broadcast over the axes that it lacks. Where its last axis has to be spread too,
/// `whole` keeps the spread tensor.
template <class T>
HeadsView<const T> broadcast_view(const char* name, const Tensor<T>& x, const Shape& scores, Tensor<T>& whole) {
    if (x.empty()) return {};
    const Shape& s = x.shape();
    bool fits = s.rank() >= 1 && s.rank() <= 4;
    for (int i = 1; fits && i <= s.rank(); ++i) fits = s[-i] == scores[-i] || s[-i] == 1;
    if (!fits) throw shape_error(name, scores, s);
    whole = s[-1] == scores[-1] ? x : add(Var<T>(Tensor<T>(scores)), Var<T>(x)).value();
    // The shape with leading axes of 1, and the steps that walk it.
    const Shape& w = whole.shape();
    const auto extent = [&](int from_end) { return from_end <= w.rank() ? w[-from_end] : Index{1}; };
    const Index keys = w[-1], rows = extent(2), heads = extent(3), batch = extent(4);
    return {whole.data(), batch == 1 ? 0 : heads * rows * keys, heads == 1 ? 0 : rows * keys, rows == 1 ? 0 : keys};
}

}  // namespace

template <class T>
AttendedHeads<T> attended_heads(const Tensor<T>& q, Index heads, const Tensor<T>& k, const Tensor<T>& v, const Tensor<T>& term,
                                const Tensor<T>& mask, bool scaled) {
    const Shape &sk = k.shape(), &sv = v.shape();
    const bool split = q.shape().rank() == 4;
    const Shape sq = split && q.shape()[1] == heads ? Shape{q.shape()[0], q.shape()[2], heads * q.shape()[3]} : q.shape();
    if (sq.rank() != 3 || sk.rank() != 4 || heads < 1 || sk[1] != heads || sk[0] != sq[0] || sk[3] * heads != sq[2])
        throw shape_error("attended_heads (queries, keys)", q.shape(), sk);
    if (sv.rank() != 4 || sv[0] != sk[0] || sv[1] != sk[1] || sv[2] != sk[2])
        throw shape_error("attended_heads (keys, values)", sk, sv);
    const Shape scores{sq[0], heads, sq[1], sk[2]};
    Tensor<T> whole_term, whole_mask;
    const AttentionOperands<T> operands{.batch = sq[0],
                                        .heads = heads,
                                        .queries = sq[1],
                                        .keys = sk[2],
                                        .units = sk[3],
                                        .value_units = sv[3],
                                        .query = split ? heads_view(q) : joined_heads_view(q, heads),
                                        .key = heads_view(k),
                                        .value = heads_view(v),
                                        .term = broadcast_view("attended_heads (term)", term, scores, whole_term),
                                        .mask = broadcast_view("attended_heads (mask)", mask, scores, whole_mask),
                                        .scaled = scaled};
    if (operands.mask.head_step != 0) throw shape_error("attended_heads (mask: one for all heads)", scores, mask.shape());
    AttendedHeads<T> out{Tensor<T>::uninitialized(scores), Tensor<T>::uninitialized(Shape{sq[0], sq[1], heads * sv[3]})};
    attend<T>(operands, out.weights.data(), {out.joined_context.data(), sq[1] * heads * sv[3], sv[3], heads * sv[3]});
    return out;
}

#define SACCADE_INSTANTIATE(T)                                                                                              \
    template AttendedHeads<T> attended_heads(const Tensor<T>&, Index, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                             const Tensor<T>&, bool);                                                       \
    template Var<T> scaled_scores(const Var<T>&, const Var<T>&, const Var<T>&, bool);                                       \
    template Var<T> masked_scores(const Var<T>&, const Tensor<T>&);                                                         \
    template AttentionOutput<T> scaled_dot_product(const Var<T>&, const Var<T>&, const Var<T>&, const Var<T>&,              \
                                                   const Tensor<T>&, bool);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
