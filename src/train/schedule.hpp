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

/// Learning rate of transformers: linear warm-up to `peak`, then as 1 / sqrt(step) (Vaswani 2017, eq. 3, where the peak is
/// 1 / sqrt(d_model * warm_up)). Over the last `cool_down` share of the steps it falls to 0 on a line, so that a training of
/// few epochs ends where it would have gone in many (Zhai 2022, "Scaling vision transformers", section 3.5).
struct InverseSquareRoot {
    double peak = 1e-3;
    double warm_up = 400;  // steps
    double cool_down = 0;  // 0: the paper's

    double at(Index step, Index total) const {
        const double s = static_cast<double>(step) + 1, all = static_cast<double>(total), last = cool_down * all;
        const double rate = peak * std::min(s / warm_up, std::sqrt(warm_up / s));
        return s > all - last ? rate * std::max(0.0, (all - s + 1) / last) : rate;
    }
};

}  // namespace saccade
