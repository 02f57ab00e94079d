#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/tensor.hpp"

namespace saccade {

/// Learning rate: linear warm-up to `peak`, then half a cosine down to floor * peak at the last of `total` steps (Loshchilov
/// and Hutter 2017, without restarts).
struct WarmUpCosine {
    double peak = 1e-3;
    double warm_up = 100;  // steps
    double floor = 0.02;

    double at(Index step, Index total) const {
        const auto s = static_cast<double>(step);
        if (s < warm_up) return peak * (s + 1) / warm_up;
        const double progress = std::min(1.0, (s - warm_up) / std::max(1.0, static_cast<double>(total) - warm_up));
        return peak * (floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
    }
};

}  // namespace saccade
