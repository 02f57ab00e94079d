#pragma once

#include "nn/linear.hpp"
#include "trace/observer.hpp"

namespace saccade {

/// What a retina saw and where it was, joined into one vector (Mnih 2014, section 3.1, "glimpse network"):
///   h_g = relu(W_ρ ρ + b_ρ)      what
///   h_l = relu(W_l l + b_l)      where
///   g   = relu(W_g h_g + W_h h_l + b_g)
/// The observer's rows are the glimpses, letter t; axes "glimpse", "scale", "cell.y", "cell.x", "place", "sensed", "unit".
template <class T>
struct GlimpseNetwork {
    Linear<T> what;       // W_ρ [sensed, scales * cells * cells], rows of a scale one after another
    Linear<T> where;      // W_l [sensed, 2]
    Var<T> what_weight;   // W_g [units, sensed]
    Var<T> where_weight;  // W_h [units, sensed]
    Var<T> bias;          // b_g [units]
    Index scales = 1, cells = 8;

    /// seen [n, values], place [n, 2] as x, y from -1 to 1 -> g [n, units].
    Var<T> operator()(const Var<T>& seen, const Var<T>& place, const Observer& observe) const;
};

/// What was seen so far: h_t = relu(W_h h_{t-1} + W_g g_t + b) (Mnih 2014, section 3.1, "core network", the rectifier units of
/// its classification experiments). h_{-1} is 0.
template <class T>
struct GlimpseCore {
    Var<T> state_weight;  // W_h [units, units]
    Linear<T> input;      // W_g [units, units], b [units]

    /// state, glimpse [n, units] -> [n, units].
    Var<T> operator()(const Var<T>& state, const Var<T>& glimpse, const Observer& observe) const;
};

/// Where to look next: a Gaussian of fixed deviation about μ = tanh(W h + b), as x and y from -1 to 1 (Mnih 2014, section 4;
/// the mean is a plain linear map there, and tanh keeps it in the picture).
template <class T>
struct LocationNetwork {
    Linear<T> mean;  // W [2, units], b [2]

    /// h [n, units] -> μ [n, 2].
    Var<T> operator()(const Var<T>& state, const Observer& observe) const;
};

/// log N(place; mean, deviation² I) without its constant: -|place - mean|² / (2 deviation²). Both [n, 2] -> [n].
template <class T>
Var<T> gaussian_log_density(const Tensor<T>& place, const Var<T>& mean, T deviation);

}  // namespace saccade
