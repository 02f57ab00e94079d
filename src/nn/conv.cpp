#include "nn/conv.hpp"

#include <fmt/core.h>

#include <cmath>

#include "autograd/ops.hpp"

namespace saccade {

template <class T>
Var<T> Conv2d<T>::operator()(const Var<T>& x) const {
    if (packed == nullptr || x.tracked()) return conv2d(x, weight, bias, form);
    return (*packed)(x.value());
}

template <class T>
Var<T> Conv2d<T>::then_relu(const Var<T>& x, const Var<T>& residual) const {
    if (packed != nullptr && !x.tracked() && !residual.tracked()) return (*packed)(x.value(), residual.value(), true);
    const Var<T> y = conv2d(x, weight, bias, form);
    return residual.empty() ? relu(y) : add_relu(y, residual);
}

template <class T>
Conv2d<T> laid_out(Conv2d<T> conv) {
    if (conv.weight.tracked() || conv.bias.tracked()) return conv;
    conv.packed = std::make_shared<const PackedConv<T>>(conv.weight.value(), conv.bias.value(), conv.form);
    return conv;
}

template <class T>
Conv2d<T> folded(const Conv2d<T>& conv, const BatchNorm<T>& norm) {
    const Index channels = conv.weight.shape()[0], row = conv.weight.value().size() / std::max<Index>(1, channels);
    for (const Tensor<T>* t : {&norm.gain, &norm.bias, &norm.mean, &norm.variance}) {
        if (t->shape() != Shape{channels}) {
            throw Error(ErrorCode::invalid_input,
                        fmt::format("batch norm of {} behind a convolution with weights {}: they do not fit", t->shape().str(),
                                    conv.weight.shape().str()));
        }
    }
    Tensor<T> weight = conv.weight.value().clone(), bias(Shape{channels});
    for (Index c = 0; c < channels; ++c) {
        const double variance = static_cast<double>(norm.variance.data()[c]);
        if (!(variance >= 0)) throw Error(ErrorCode::invalid_input, "batch norm: a variance is negative or not a number");
        const double factor = static_cast<double>(norm.gain.data()[c]) / std::sqrt(variance + norm.eps);
        for (Index i = c * row; i < (c + 1) * row; ++i)
            weight.data()[i] = static_cast<T>(static_cast<double>(weight.data()[i]) * factor);
        const double before = conv.bias.empty() ? 0 : static_cast<double>(conv.bias.value().data()[c]);
        bias.data()[c] = static_cast<T>(static_cast<double>(norm.bias.data()[c]) +
                                        (before - static_cast<double>(norm.mean.data()[c])) * factor);
    }
    return laid_out(Conv2d<T>{Var<T>(std::move(weight)), Var<T>(std::move(bias)), conv.form});
}

#define SACCADE_INSTANTIATE(T)              \
    template struct Conv2d<T>;              \
    template Conv2d<T> laid_out(Conv2d<T>); \
    template Conv2d<T> folded(const Conv2d<T>&, const BatchNorm<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
