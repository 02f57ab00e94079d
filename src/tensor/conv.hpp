#pragma once

#include <memory>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Steps of the window, zeros around the picture, groups of channels that do not see each other, and how much later the
/// windows begin (in pixels, the same on both axes): `padding - shift` zeros lie before the picture, `padding + shift` after
/// it.
struct ConvForm {
    Index stride = 1, padding = 0, groups = 1, shift = 0;

    Index before() const { return padding - shift; }
};

/// Extents of a two-dimensional convolution (cross-correlation, as everywhere in the field):
/// x [batch, height, width, in], weight [out, in / groups, kernel_height, kernel_width], y [batch, out_height, out_width, out].
struct ConvShape {
    Index batch = 1, height = 1, width = 1, in = 1, out = 1, kernel_height = 1, kernel_width = 1;
    ConvForm form;

    Index out_height() const { return (height + 2 * form.padding - kernel_height) / form.stride + 1; }
    Index out_width() const { return (width + 2 * form.padding - kernel_width) / form.stride + 1; }
    Index group_in() const { return in / form.groups; }
    Index group_out() const { return out / form.groups; }
    /// Multiply-adds of the forward pass, and of each gradient.
    Index products() const { return batch * out_height() * out_width() * out * group_in() * kernel_height * kernel_width; }
};

/// The extents, checked: Error{invalid_input} names both shapes and what does not fit.
ConvShape conv_shape(const Shape& x, const Shape& weight, ConvForm form);

/// y = x * weight + bias (null: none). Each pixel of y is computed from its window alone, in an order that depends on nothing
/// but the weight's shape: the same bits in any batch and on any number of threads.
template <class T>
void conv_forward(const ConvShape& shape, const T* x, const T* weight, const T* bias, T* y);

/// A weight laid out once for many pictures, and what may follow in the same pass: relu(x * weight + bias + residual). The same
/// bits as in passes of their own.
template <class T>
class PackedConv {
 public:
    /// weight [out, in / groups, h, w], bias [out] or empty.
    PackedConv(const Tensor<T>& weight, const Tensor<T>& bias, ConvForm form);
    /// x [N, H, W, in], residual as the result or empty. Error{invalid_input} for shapes that do not fit.
    Tensor<T> operator()(const Tensor<T>& x, const Tensor<T>& residual = {}, bool relu = false) const;

 private:
    void run(const ConvShape& s, const T* x, const T* residual, bool relu, T* y) const;

    Shape weight_shape_;
    ConvForm form_;
    std::vector<std::shared_ptr<T[]>> weights_, biases_;  // one per group
};

/// grad_x (+)= the gradient with respect to x, from that of y.
template <class T>
void conv_grad_input(const ConvShape& shape, const T* grad_y, const T* weight, T* grad_x, bool accumulate);

/// grad_weight (+)= the gradient with respect to the weight, from that of y; summed over the pixels in a fixed order.
template <class T>
void conv_grad_weight(const ConvShape& shape, const T* x, const T* grad_y, T* grad_weight, bool accumulate);

}  // namespace saccade
