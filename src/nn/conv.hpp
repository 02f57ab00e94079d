#pragma once

#include <memory>

#include "autograd/ops_image.hpp"

namespace saccade {

/// y = x * W + b. weight [out, in / groups, h, w], bias [out] or empty.
template <class T>
struct Conv2d {
    Var<T> weight, bias;
    ConvForm form{};
    std::shared_ptr<const PackedConv<T>> packed{};  // as the loops read it; null: laid out at each call

    /// x [N, H, W, in] -> [N, H', W', out]
    Var<T> operator()(const Var<T>& x) const;
    /// relu(y + residual), residual as y or empty; in one pass where it is laid out.
    Var<T> then_relu(const Var<T>& x, const Var<T>& residual = {}) const;
};

/// The same layer, its weight laid out once for all pictures to come: for models that stay. The same bits. On a tape, where
/// weights change with every step, it is left as it is.
template <class T>
Conv2d<T> laid_out(Conv2d<T> conv);

/// Normalises the innermost axis' channels over all others (Ioffe 2015): gain, bias, mean, variance [C].
template <class T>
struct BatchNorm {
    Tensor<T> gain, bias, mean, variance;
    double eps = 1e-5;
};

/// The convolution and the norm of a population after it as one convolution: each output channel's weights are scaled by
/// gain / sqrt(variance + eps), in double. Error{invalid_input} if the channels do not fit or a variance is negative.
template <class T>
Conv2d<T> folded(const Conv2d<T>& conv, const BatchNorm<T>& norm);

}  // namespace saccade
