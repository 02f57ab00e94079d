#include "nn/linear.hpp"

#include <algorithm>

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
    const bool fits = x.shape().rank() > 0 && x.shape()[-1] == weight.shape()[1];
    if (packed == nullptr || x.tracked() || !fits) return affine(x, weight, bias);
    return packed_product(*packed, x.value(), weight.shape()[0], bias.value());
}

template <class T>
Linear<T> laid_out(Linear<T> linear) {
    const Tensor<T>& w = linear.weight.value();
    if (w.empty() || linear.weight.tracked() || linear.bias.tracked()) return linear;
    const MatrixView<const T> view{w.data(), w.shape()[0], w.shape()[1], w.shape()[1]};
    linear.packed = std::make_shared<const PackedMatrix<T>>(view, true);
    return linear;
}

#define SACCADE_INSTANTIATE(T)              \
    template struct Linear<T>;              \
    template Linear<T> laid_out(Linear<T>); \
    template Tensor<T> packed_product(const PackedMatrix<T>&, const Tensor<T>&, Index, const Tensor<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
