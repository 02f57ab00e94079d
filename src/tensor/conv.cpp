#include "tensor/conv.hpp"

#include <fmt/core.h>

#include "tensor/conv_correlation.hpp"
#include "tensor/conv_depthwise.hpp"

namespace saccade {

namespace {

Correlation forward_correlation(const ConvShape& s) {
    return {s.batch,
            s.height,
            s.width,
            s.group_in(),
            s.in,
            s.kernel_height,
            s.kernel_width,
            s.form.stride,
            s.form.before(),
            s.form.before(),
            s.out_height(),
            s.out_width(),
            s.group_out(),
            s.out_height() * s.out_width() * s.out,
            s.out_width() * s.out,
            s.out};
}

Index group_size(const ConvShape& s) {
    return s.group_out() * s.group_in() * s.kernel_height * s.kernel_width;
}

/// The gradient of the pixels of x that a window meets at residue (row, column) modulo the stride: such a pixel has met only
/// each stride-th row and column of the window, at neighbouring pixels of y, in falling order.
template <class T>
void grad_input_residue(const ConvShape& s, const T* grad_y, const T* weight, T* grad_x, bool accumulate, Index row,
                        Index col) {
    const Index stride = s.form.stride, padding = s.form.before();
    const auto taken = [&](Index kernel, Index residue) { return kernel > residue ? (kernel - residue - 1) / stride + 1 : 0; };
    // The first pixel y >= 0 with (y + padding) mod stride = residue; it meets y's pixel (y + padding - residue) / stride last.
    const auto first = [&](Index residue) { return ((residue - padding) % stride + stride) % stride; };
    const auto count = [&](Index extent, Index residue) { return (extent - first(residue) + stride - 1) / stride; };
    const Index height = taken(s.kernel_height, row), width = taken(s.kernel_width, col);
    const Correlation c{s.batch,
                        s.out_height(),
                        s.out_width(),
                        s.group_out(),
                        s.out,
                        height,
                        width,
                        1,
                        height - 1 - (first(row) + padding - row) / stride,
                        width - 1 - (first(col) + padding - col) / stride,
                        count(s.height, row),
                        count(s.width, col),
                        s.group_in(),
                        s.height * s.width * s.in,
                        stride * s.width * s.in,
                        stride * s.in};
    const Index places = s.kernel_height * s.kernel_width, row_step = stride * s.kernel_width;
    const WeightView<T> turned{weight + row * s.kernel_width + col + (height - 1) * row_step + (width - 1) * stride, places,
                               s.group_in() * places, -row_step, -stride};
    T* const to = grad_x + (first(row) * s.width + first(col)) * s.in;
    correlate<T>(c, grad_y, pack_weights<T>(c, turned).get(), {.add = accumulate ? to : nullptr}, to);
}

}  // namespace

ConvShape conv_shape(const Shape& x, const Shape& weight, ConvForm form) {
    const auto fail = [&](const char* why) {
        return Error(ErrorCode::invalid_input,
                     fmt::format("convolution of {} with {} (stride {}, padding {}, groups {}, shift {}): {}", x.str(),
                                 weight.str(), form.stride, form.padding, form.groups, form.shift, why));
    };
    if (x.rank() != 4 || weight.rank() != 4) throw fail("[N, H, W, C] and [C_out, C_in / groups, h, w] are expected");
    if (form.stride < 1 || form.padding < 0 || form.groups < 1) throw fail("stride and groups start at 1, padding at 0");
    if (form.shift < 0 || form.shift > form.padding) throw fail("a shift is from 0 to the padding");
    if (weight[1] * form.groups != x[3] || weight[0] % form.groups != 0) throw fail("the channels do not fit");
    if (weight[2] < 1 || weight[3] < 1) throw fail("the window is empty");
    if (x[1] + 2 * form.padding < weight[2] || x[2] + 2 * form.padding < weight[3]) {
        throw fail("the window is larger than the picture");
    }
    return {x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], form};
}

template <class T>
PackedConv<T>::PackedConv(const Tensor<T>& weight, const Tensor<T>& bias, ConvForm form)
    : weight_shape_(weight.shape()), form_(form) {
    const ConvShape s =
        conv_shape({1, weight.shape()[2], weight.shape()[3], weight.shape()[1] * form.groups}, weight.shape(), form);
    const Index places = s.kernel_height * s.kernel_width;
    if (is_depthwise(s)) {
        weights_.push_back(pack_depthwise<T>(s, weight.data()));
        biases_.push_back(pack_bias<T>(bias.empty() ? nullptr : bias.data(), s.out));
        return;
    }
    for (Index g = 0; g < form.groups; ++g) {
        weights_.push_back(pack_weights<T>(
            forward_correlation(s), {weight.data() + g * group_size(s), s.group_in() * places, places, s.kernel_width, 1}));
        biases_.push_back(pack_bias<T>(bias.empty() ? nullptr : bias.data() + g * s.group_out(), s.group_out()));
    }
}

template <class T>
void PackedConv<T>::run(const ConvShape& s, const T* x, const T* residual, bool relu, T* y) const {
    if (is_depthwise(s)) return depthwise<T>(s, x, weights_.front().get(), {biases_.front().get(), residual, relu}, y);
    const Correlation c = forward_correlation(s);
    for (Index g = 0; g < s.form.groups; ++g) {
        const Index out = g * s.group_out();
        const auto at = static_cast<std::size_t>(g);
        correlate<T>(c, x + g * s.group_in(), weights_[at].get(),
                     {biases_[at].get(), residual == nullptr ? nullptr : residual + out, relu}, y + out);
    }
}

template <class T>
Tensor<T> PackedConv<T>::operator()(const Tensor<T>& x, const Tensor<T>& residual, bool relu) const {
    const ConvShape s = conv_shape(x.shape(), weight_shape_, form_);
    Tensor<T> y = Tensor<T>::uninitialized(Shape{s.batch, s.out_height(), s.out_width(), s.out});
    if (!residual.empty() && residual.shape() != y.shape()) {
        throw Error(ErrorCode::invalid_input, fmt::format("convolution to {} with a residual of {}: they do not fit",
                                                          y.shape().str(), residual.shape().str()));
    }
    run(s, x.data(), residual.empty() ? nullptr : residual.data(), relu, y.data());
    return y;
}

template <class T>
void conv_forward(const ConvShape& s, const T* x, const T* weight, const T* bias, T* y) {
    if (is_depthwise(s)) {
        const auto weights = pack_depthwise<T>(s, weight);
        const auto padded = pack_bias<T>(bias, s.out);
        return depthwise<T>(s, x, weights.get(), {.bias = padded.get()}, y);
    }
    const Correlation c = forward_correlation(s);
    const Index places = s.kernel_height * s.kernel_width;
    for (Index g = 0; g < s.form.groups; ++g) {
        const auto weights = pack_weights<T>(c, {weight + g * group_size(s), s.group_in() * places, places, s.kernel_width, 1});
        const auto of_group = pack_bias<T>(bias == nullptr ? nullptr : bias + g * s.group_out(), s.group_out());
        correlate<T>(c, x + g * s.group_in(), weights.get(), {.bias = of_group.get()}, y + g * s.group_out());
    }
}

template <class T>
void conv_grad_input(const ConvShape& s, const T* grad_y, const T* weight, T* grad_x, bool accumulate) {
    for (Index g = 0; g < s.form.groups; ++g) {
        for (Index residue = 0; residue < s.form.stride * s.form.stride; ++residue) {
            grad_input_residue(s, grad_y + g * s.group_out(), weight + g * group_size(s), grad_x + g * s.group_in(), accumulate,
                               residue / s.form.stride, residue % s.form.stride);
        }
    }
}

#define SACCADE_INSTANTIATE(T)                                                      \
    template class PackedConv<T>;                                                   \
    template void conv_forward(const ConvShape&, const T*, const T*, const T*, T*); \
    template void conv_grad_input(const ConvShape&, const T*, const T*, T*, bool);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
