#include "nn/linear.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/parallel.hpp"

namespace saccade {

template <class T>
Tensor<T> packed_product(const PackedMatrix<T>& packed, const Tensor<T>& x, Index out, const Tensor<T>& bias) {
    const Index in = x.shape()[-1], rows = x.size() / std::max<Index>(in, 1);
    Tensor<T> y = Tensor<T>::uninitialized(x.shape().with_extent(-1, out));
    for (Index i = 0; !bias.empty() && i < rows; ++i) std::copy_n(bias.data(), out, y.data() + i * out);
    packed.multiply_on_threads({x.data(), rows, in, in}, {y.data(), rows, out, out}, !bias.empty());
    return y;
}

template <class T>
Var<T> Linear<T>::operator()(const Var<T>& x) const {
    const Shape shape = extents();
    const bool fits = x.shape().rank() > 0 && x.shape()[-1] == shape[1];
    if (packed == nullptr || x.tracked() || !fits) return affine(x, weight.empty() ? Var<T>(rows()) : weight, bias);
    return packed_product(*packed, x.value(), shape[0], bias.value());
}

template <class T>
Shape Linear<T>::extents() const {
    return weight.empty() && packed != nullptr ? Shape{packed->columns(), packed->depth()} : weight.shape();
}

template <class T>
Tensor<T> Linear<T>::rows() const {
    if (!weight.empty() || packed == nullptr) return weight.value();
    Tensor<T> w = Tensor<T>::uninitialized(extents());
    constexpr Index at_once = 64;
    parallel_for((w.shape()[0] + at_once - 1) / at_once, [&](Index part) {
        const Index first = part * at_once, count = std::min(at_once, w.shape()[0] - first);
        packed->copy_columns(first, count, w.data() + first * w.shape()[1]);
    });
    return w;
}

template <class T>
Linear<T> laid_out(Linear<T> linear, bool alone) {
    const Tensor<T>& w = linear.weight.value();
    if (w.empty() || linear.weight.tracked() || linear.bias.tracked()) return linear;
    linear.packed = packed_transpose(w);
    if (alone) linear.weight = Var<T>();
    return linear;
}

template <class T>
Tensor<T> rows_of_packed(const PackedMatrix<T>& packed, std::span<const Index> ids) {
    Tensor<T> rows = Tensor<T>::uninitialized({static_cast<Index>(ids.size()), packed.depth()});
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] < 0 || ids[i] >= packed.columns())
            throw Error(ErrorCode::out_of_range, fmt::format("id {}: the table has {} rows", ids[i], packed.columns()));
        packed.copy_columns(ids[i], 1, rows.data() + static_cast<Index>(i) * packed.depth());
    }
    return rows;
}

template <class T>
std::shared_ptr<const PackedMatrix<T>> packed_transpose(const Tensor<T>& w) {
    if (w.empty()) return nullptr;
    const MatrixView<const T> rows{w.data(), w.shape()[0], w.shape()[1], w.shape()[1]};
    return std::make_shared<const PackedMatrix<T>>(PackedMatrix<T>::to_stay(rows, true));
}

template <class T>
void add_product_with(const PackedMatrix<T>* packed, const Tensor<T>& weight, const Tensor<T>& x, Tensor<T>& y) {
    const Index rows = x.shape()[0], in = weight.shape()[1], out = weight.shape()[0];
    if (packed == nullptr)
        return gemm<T>(x.data(), weight.data(), y.data(), rows, out, in, {.transpose_b = true, .accumulate = true});
    packed->multiply_on_threads({x.data(), rows, in, in}, {y.data(), rows, out, out}, true);
}

#define SACCADE_INSTANTIATE(T)                                                                              \
    template struct Linear<T>;                                                                              \
    template Linear<T> laid_out(Linear<T>, bool);                                                           \
    template Tensor<T> rows_of_packed(const PackedMatrix<T>&, std::span<const Index>);                      \
    template std::shared_ptr<const PackedMatrix<T>> packed_transpose(const Tensor<T>&);                     \
    template void add_product_with(const PackedMatrix<T>*, const Tensor<T>&, const Tensor<T>&, Tensor<T>&); \
    template Tensor<T> packed_product(const PackedMatrix<T>&, const Tensor<T>&, Index, const Tensor<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
