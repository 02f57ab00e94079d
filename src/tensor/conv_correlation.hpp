#pragma once

// What the forward pass of a convolution and the gradient of its input have in common (tensor/conv.cpp).

#include <memory>

#include "tensor/tensor.hpp"

namespace saccade {

/// A correlation of a picture `from` [batch, rows, cols, channels] with a window at steps of `stride` pixels, written to pixels
/// of `to` that may lie apart: the forward pass; and the gradient of the input, for each residue of a pixel modulo the stride.
/// Channels are those of one group.
struct Correlation {
    Index batch, rows, cols, channels;  // of `from`
    Index from_pixel;                   // how far its pixels lie apart
    Index kernel_height, kernel_width, stride;
    Index top, left;                   // the first window starts at (-top, -left); outside are zeros
    Index to_rows, to_cols, out;       // pixels that are written, and their channels
    Index to_image, to_row, to_pixel;  // how far they lie apart

    Index depth() const { return kernel_height * kernel_width * channels; }
    Index products() const { return batch * to_rows * to_cols * out * depth(); }
};

/// Weights wherever they lie: the one of (out, in, row, col) at data[out out_stride + in in_stride + ...].
template <class T>
struct WeightView {
    const T* data;
    Index out, in, row, col;  // strides
};

/// Laid out as `correlate` reads them.
template <class T>
std::shared_ptr<T[]> pack_weights(const Correlation& c, const WeightView<T>& weight);
/// `count` numbers, padded with zeros to whole vectors; null for null.
template <class T>
std::shared_ptr<T[]> pack_bias(const T* bias, Index count);

/// What follows a sum: sum + bias + add, cut at 0. Bias as packed, or null; `add` lies as the result does (and may be it), or
/// is null.
template <class T>
struct CorrelationEnd {
    const T* bias = nullptr;
    const T* add = nullptr;
    bool cut = false;
};

template <class T>
void correlate(const Correlation& c, const T* from, const T* weights, const CorrelationEnd<T>& end, T* to);

}  // namespace saccade
