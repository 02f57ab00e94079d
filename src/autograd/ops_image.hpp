#pragma once

// Differentiable operations on pictures, NHWC: x [N, H, W, C]. Like autograd/ops.hpp: one forward, plain without a tape,
// float and double. Results do not depend on the thread count. Errors: Error{invalid_input} naming the operation and shapes.

#include "autograd/var.hpp"
#include "tensor/conv.hpp"

namespace saccade {

// --- convolution (ops_conv.cpp) ---

/// x [N, H, W, C], weight [C_out, C / groups, kh, kw], bias [C_out] or empty -> [N, H', W', C_out], with
/// H' = (H + 2 padding - kh) / stride + 1.
template <class T>
Var<T> conv2d(const Var<T>& x, const Var<T>& weight, const Var<T>& bias, ConvForm form = {});
/// Every stride-th pixel, with channels of 0 appended: the shortcut without parameters (He 2016, option A).
/// x [N, H, W, C] -> [N, ceil(H / stride), ceil(W / stride), channels], channels >= C.
template <class T>
Var<T> subsample(const Var<T>& x, Index stride, Index channels);

// --- batch norm (ops_batch_norm.cpp) ---

/// What a batch norm saw: mean [C] and biased variance [C] over all axes but the last.
template <class T>
struct BatchStatistics {
    Tensor<T> mean, variance;
};

/// (x - mean) / sqrt(variance + eps) * gain + bias with the statistics of x itself over all axes but the last (Ioffe 2015);
/// gain, bias [C]. They are written to `seen` if it is not null.
template <class T>
Var<T> batch_norm(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, T eps = T(1e-5), BatchStatistics<T>* seen = nullptr);
/// relu(batch_norm(x) + residual) in one pass; residual has the shape of x or is empty.
template <class T>
Var<T> batch_norm_relu(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, const Var<T>& residual, T eps = T(1e-5),
                       BatchStatistics<T>* seen = nullptr);
/// The same with statistics of a population, which get no gradient.
template <class T>
Var<T> batch_norm_fixed(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, const Tensor<T>& mean,
                        const Tensor<T>& variance, T eps = T(1e-5));
template <class T>
Var<T> batch_norm_fixed_relu(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, const Var<T>& residual,
                             const Tensor<T>& mean, const Tensor<T>& variance, T eps = T(1e-5));
/// relu(a + b), same shapes, in one pass.
template <class T>
Var<T> add_relu(const Var<T>& a, const Var<T>& b);

// --- gates (ops_gate.cpp) ---

/// Each picture's channels times its gate: x [N, H, W, C], gate [N, C].
template <class T>
Var<T> scale_channels(const Var<T>& x, const Var<T>& gate);
/// All channels of a place times its number: x [N, H, W, C], map [N, H, W].
template <class T>
Var<T> scale_places(const Var<T>& x, const Var<T>& map);

// --- pooling (ops_pool.cpp) ---

/// The largest of each window of size x size pixels; beyond the border is -inf. The gradient goes to the first maximum.
template <class T>
Var<T> max_pool2d(const Var<T>& x, Index size, Index stride, Index padding = 0);
/// The mean of each window; beyond the border are zeros that count.
template <class T>
Var<T> mean_pool2d(const Var<T>& x, Index size, Index stride, Index padding = 0);
/// Over the whole picture: [N, H, W, C] -> [N, C].
template <class T>
Var<T> global_mean_pool(const Var<T>& x);
/// The gradient goes to the first maximum in reading order.
template <class T>
Var<T> global_max_pool(const Var<T>& x);

}  // namespace saccade
