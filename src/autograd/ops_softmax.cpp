#include <cmath>
#include <limits>

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "tensor/softmax_row.hpp"

namespace saccade {

namespace {

/// The maximum a row's elements are taken relative to; 0 for a row that is all -inf, so that its elements stay -inf.
template <class T>
T row_reference(const T* row, Index width) {
    const T maximum = width == 0 ? T(0) : array(row, width).maxCoeff();
    return maximum == -std::numeric_limits<T>::infinity() ? T(0) : maximum;
}

/// softmax of the scores plus a mask [period, width], or no mask.
template <class T>
Var<T> masked_softmax(const Var<T>& scores, const T* mask, Index period) {
    const RowView v = view_rows(scores.shape());
    Tensor<T> y = Tensor<T>::uninitialized(scores.shape());
    for_rows(v.rows, v.width, [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) {
            softmax_row(scores.value().data() + i * v.width, mask == nullptr ? nullptr : mask + i % period * v.width,
                        y.data() + i * v.width, v.width);
        }
    });
    if (!scores.tracked()) return y;
    // dL/ds_i = w_i (g_i - sum_j g_j w_j): rows and elements of weight 0 get none.
    return scores.tape()->record(y, [v, y, a = scores.id()](Tape<T>& tape, const Tensor<T>& grad) {
        bool fresh = false;
        T* const to = tape.grad_buffer(a, fresh).data();
        for_rows(v.rows, v.width, [&](Index start, Index count) {
            for (Index i = start; i < start + count; ++i) {
                const auto w = array(y.data() + i * v.width, v.width);
                const auto g = array(grad.data() + i * v.width, v.width);
                const T along = v.width == 0 ? T(0) : (w * g).sum();
                put(array(to + i * v.width, v.width), fresh, w * (g - along));
            }
        });
    });
}

}  // namespace

template <class T>
Var<T> softmax(const Var<T>& scores) {
    return masked_softmax<T>(scores, nullptr, 1);
}

template <class T>
Var<T> softmax(const Var<T>& scores, const Tensor<T>& mask) {
    const Shape& s = scores.shape();
    const Shape& m = mask.shape();
    bool suffix = true, fits = m.rank() >= 1 && m.rank() <= s.rank();
    for (int i = 1; fits && i <= m.rank(); ++i) {
        suffix = suffix && m[-i] == s[-i];
        fits = m[-i] == s[-i] || m[-i] == 1;
    }
    if (!fits) throw shape_error("softmax (mask)", s, m);
    if (suffix) return masked_softmax<T>(scores, mask.data(), std::max<Index>(1, view_rows(m).rows));
    // Axes of extent 1 inside the mask ([batch, 1, 1, key]): spread it once, then it is a suffix.
    const Tensor<T> spread = add(Var<T>(Tensor<T>(s)), Var<T>(mask)).value();
    return masked_softmax<T>(scores, spread.data(), std::max<Index>(1, view_rows(s).rows));
}

template <class T>
Var<T> log_softmax(const Var<T>& logits) {
    const T minus_infinity = -std::numeric_limits<T>::infinity();
    const RowView v = view_rows(logits.shape());
    Tensor<T> y = Tensor<T>::uninitialized(logits.shape());
    for_rows(v.rows, v.width, [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) {
            const auto x = array(logits.value().data() + i * v.width, v.width);
            const T reference = row_reference(x.data(), v.width);
            const T total = v.width == 0 ? T(0) : (x == minus_infinity).select(T(0), (x - reference).exp()).sum();
            Array<T> row = array(y.data() + i * v.width, v.width);
            row = total == T(0) ? x - T(0) : x - (reference + std::log(total));
        }
    });
    if (!logits.tracked()) return y;
    // dL/dx_i = g_i - p_i sum_j g_j, with no term from outcomes that are ruled out (-inf).
    return logits.tape()->record(y, [v, y, a = logits.id()](Tape<T>& tape, const Tensor<T>& grad) {
        T* const to = tape.grad_of(a).data();
        const T excluded = -std::numeric_limits<T>::infinity();
        for_rows(v.rows, v.width, [&](Index start, Index count) {
            for (Index i = start; i < start + count; ++i) {
                const auto l = array(y.data() + i * v.width, v.width);
                const auto g = array(grad.data() + i * v.width, v.width);
                const auto ruled_out = (l == excluded);
                const T total = v.width == 0 ? T(0) : ruled_out.select(T(0), g).sum();
                array(to + i * v.width, v.width) += ruled_out.select(T(0), g - l.exp() * total);
            }
        });
    });
}

#define SACCADE_INSTANTIATE(T)                                \
    template Var<T> softmax(const Var<T>&);                   \
    template Var<T> softmax(const Var<T>&, const Tensor<T>&); \
    template Var<T> log_softmax(const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
