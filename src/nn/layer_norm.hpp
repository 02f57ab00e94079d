#pragma once

#include "autograd/ops.hpp"

namespace saccade {

/// Normalises the innermost axis (Ba 2016, eq. 4). gain [d], bias [d].
template <class T>
struct LayerNorm {
    Var<T> gain, bias;
    T eps = T(1e-5);

    /// x [..., d] -> [..., d]
    Var<T> operator()(const Var<T>& x) const { return layer_norm(x, gain, bias, eps); }
};

}  // namespace saccade
