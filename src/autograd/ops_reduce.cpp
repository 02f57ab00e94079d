#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "tensor/simd.hpp"

namespace saccade {

namespace {

Shape reduced_shape(const Shape& shape, int axis, bool keep_axis) {
    return keep_axis ? shape.with_extent(axis, 1) : shape.without(axis);
}

template <class T>
void sum_axis(const Tensor<T>& a, const AxisView& v, T* y) {
    for_rows(v.outer, v.extent * v.inner, [&](Index start, Index count) {
        for (Index o = start; o < start + count; ++o) {
            const T* const block = a.data() + o * v.extent * v.inner;
            if (v.inner == 1) {
                y[o] = v.extent == 0 ? T(0) : array(block, v.extent).sum();
                continue;
            }
            Array<T> to = array(y + o * v.inner, v.inner);
            to.setZero();
            for (Index i = 0; i < v.extent; ++i) to += array(block + i * v.inner, v.inner);
        }
    });
}

template <class T>
using Constant = Eigen::Array<T, Eigen::Dynamic, 1>;

/// Up to here float counts.
constexpr Index exact_places = Index{1} << 23;

/// Where the largest of a row is: the first if several, a NaN if there is one. Each lane finds its own, without branches that
/// the numbers decide.
template <class T>
Index first_maximum(const T* row, Index size) {
    using namespace Eigen::internal;
    using simd::Packet;
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    Packet<T> place = plset<Packet<T>>(T(0)), largest = simd::all<T>(lowest), at = place, odd = simd::all<T>(T(0));
    simd::for_vectors(row, size, lowest, [&](const Packet<T>& x) {
        const Packet<T> larger = pcmp_lt(largest, x);
        largest = pselect(larger, x, largest);
        at = pselect(larger, place, at);
        odd = pselect(pcmp_eq(x, x), odd, simd::all<T>(T(1)));
        place = padd(place, simd::all<T>(static_cast<T>(simd::lanes<T>)));
    });
    if (predux_max(odd) > T(0)) return std::find_if(row, row + size, [](T x) { return std::isnan(x); }) - row;
    const Packet<T> best = simd::all<T>(predux_max(largest));
    return static_cast<Index>(predux_min(pselect(pcmp_eq(largest, best), at, simd::all<T>(static_cast<T>(size)))));
}
template <class T>
Index first_maximum(const T* column, Index size, Index stride) {
    Index best = 0;
    for (Index i = 1; i < size; ++i) {
        const T x = column[i * stride], so_far = column[best * stride];
        if (x > so_far || (std::isnan(x) && !std::isnan(so_far))) best = i;
    }
    return best;
}

/// Sum or, with a factor, mean.
template <class T>
Var<T> scaled_sum(const char* name, const Var<T>& a, int axis, bool keep_axis, bool divide) {
    axis = positive_axis(name, a.shape(), axis);
    const AxisView v = view_axis(a.shape(), axis);
    if (divide && v.extent == 0) throw shape_error(name, a.shape(), "the axis is empty");
    const T factor = divide ? T(1) / static_cast<T>(v.extent) : T(1);
    Tensor<T> y = Tensor<T>::uninitialized(reduced_shape(a.shape(), axis, keep_axis));
    sum_axis(a.value(), v, y.data());
    if (divide) array(y) *= factor;
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [v, factor, a = a.id()](Tape<T>& tape, const Tensor<T>& grad) {
        bool fresh = false;
        T* const to = tape.grad_buffer(a, fresh).data();
        for (Index o = 0; o < v.outer; ++o) {
            T* const block = to + o * v.extent * v.inner;
            if (v.inner == 1) {
                put(array(block, v.extent), fresh, Constant<T>::Constant(v.extent, grad.data()[o] * factor));
                continue;
            }
            for (Index i = 0; i < v.extent; ++i)
                put(array(block + i * v.inner, v.inner), fresh, array(grad.data() + o * v.inner, v.inner) * factor);
        }
    });
}

}  // namespace

template <class T>
Var<T> sum(const Var<T>& a, int axis, bool keep_axis) {
    return scaled_sum("sum", a, axis, keep_axis, false);
}

template <class T>
Var<T> mean(const Var<T>& a, int axis, bool keep_axis) {
    return scaled_sum("mean", a, axis, keep_axis, true);
}

template <class T>
Var<T> max(const Var<T>& a, int axis, bool keep_axis) {
    axis = positive_axis("max", a.shape(), axis);
    const AxisView v = view_axis(a.shape(), axis);
    if (v.extent == 0) throw shape_error("max", a.shape(), "the axis is empty");
    Tensor<T> y = Tensor<T>::uninitialized(reduced_shape(a.shape(), axis, keep_axis));
    Tensor<Index> first(y.shape());
    for_rows(v.outer, v.extent * v.inner, [&](Index start, Index count) {
        for (Index o = start; o < start + count; ++o) {
            for (Index in = 0; in < v.inner; ++in) {
                const T* const column = a.value().data() + o * v.extent * v.inner + in;
                const Index best = v.inner == 1 && v.extent <= exact_places ? first_maximum(column, v.extent)
                                                                            : first_maximum(column, v.extent, v.inner);
                y.data()[o * v.inner + in] = column[best * v.inner];
                first.data()[o * v.inner + in] = best;
            }
        }
    });
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [v, first, a = a.id()](Tape<T>& tape, const Tensor<T>& grad) {
        T* const to = tape.grad_of(a).data();
        for (Index o = 0; o < v.outer; ++o) {
            for (Index in = 0; in < v.inner; ++in) {
                const Index at = o * v.inner + in;
                to[(o * v.extent + first.data()[at]) * v.inner + in] += grad.data()[at];
            }
        }
    });
}

template <class T>
Var<T> sum_all(const Var<T>& a) {
    // Pieces of fixed size, joined in their order: the same sum at any thread count.
    const Index size = a.value().size();
    std::vector<T> partial(static_cast<std::size_t>((size + piece_size - 1) / piece_size), T(0));
    for_pieces(size, [&](Index start, Index count) {
        partial[static_cast<std::size_t>(start / piece_size)] = array(a.value().data() + start, count).sum();
    });
    T total = 0;
    for (const T part : partial) total += part;
    Tensor<T> y = Tensor<T>::scalar(total);
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y),
                            [a = a.id()](Tape<T>& tape, const Tensor<T>& grad) { array(tape.grad_of(a)) += grad.item(); });
}

#define SACCADE_INSTANTIATE(T)                      \
    template Var<T> sum(const Var<T>&, int, bool);  \
    template Var<T> mean(const Var<T>&, int, bool); \
    template Var<T> max(const Var<T>&, int, bool);  \
    template Var<T> sum_all(const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
