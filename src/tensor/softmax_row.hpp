#pragma once

#include "tensor/tensor.hpp"

namespace saccade {

/// weights = softmax(scores + mask) over one row of `size`; `mask` may be null, `weights` may be `scores`. The largest score is
/// subtracted first; -inf gets weight 0, and a row of nothing else zeros. The same bits wherever the row lies, and with or
/// without elements of -inf after it. e^x to 2 units in the last place.
template <class T>
void softmax_row(const T* scores, const T* mask, T* weights, Index size);

extern template void softmax_row(const float*, const float*, float*, Index);
extern template void softmax_row(const double*, const double*, double*, Index);

}  // namespace saccade
