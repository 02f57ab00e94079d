#pragma once

// Depthwise convolution (Howard 2017, "MobileNets", section 3.1): a filter for each channel, which sees that channel alone. The
// general loops of tensor/conv.cpp would go over the picture once for each channel; these take all channels of a pixel at once.
// For tensor/conv*.cpp alone.

#include <memory>

#include "tensor/conv.hpp"
#include "tensor/conv_correlation.hpp"

namespace saccade {

/// As many groups as channels, one filter each.
inline bool is_depthwise(const ConvShape& s) {
    return s.form.groups > 1 && s.group_in() == 1 && s.group_out() == 1;
}

/// weight [C, 1, h, w] laid out as [h, w, C], each row of channels padded with zeros to whole vectors.
template <class T>
std::shared_ptr<T[]> pack_depthwise(const ConvShape& s, const T* weight);

/// y = x * weight, weights as packed, and what `end` adds. Each number is one chain of multiply-adds in the order of the
/// window, wherever its pixel lies.
template <class T>
void depthwise(const ConvShape& s, const T* x, const T* weights, const CorrelationEnd<T>& end, T* y);

}  // namespace saccade
