#pragma once

#include "autograd/ops.hpp"

namespace saccade {

/// Normalises the innermost axis: layer normalisation (Ba 2016, eq. 4), gain [d], bias [d]; or by the root mean square alone
/// (Zhang and Sennrich 2019, eq. 4), which has no bias: x / sqrt(mean(x^2) + eps) (.) gain.
template <class T>
struct Norm {
    Var<T> gain, bias;
    T eps = T(1e-5);
    bool rms = false;

    /// x [..., d] -> [..., d]
    Var<T> operator()(const Var<T>& x) const { return rms ? rms_norm(x, gain, eps) : layer_norm(x, gain, bias, eps); }
};

}  // namespace saccade
