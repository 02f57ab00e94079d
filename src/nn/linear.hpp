#pragma once

#include "autograd/ops.hpp"

namespace saccade {

/// y = x W^T + b. W [out, in], b [out] or empty.
template <class T>
struct Linear {
    Var<T> weight, bias;

    /// x [..., in] -> [..., out]
    Var<T> operator()(const Var<T>& x) const { return affine(x, weight, bias); }
};

}  // namespace saccade
