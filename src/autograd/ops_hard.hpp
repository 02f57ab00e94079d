#pragma once

#include "autograd/var.hpp"

namespace saccade {

// Functions of straight lines that stand for curved ones where exp costs too much (Howard 2019, "Searching for MobileNetV3",
// section 5.2); in ops_elementwise.cpp. At their corners the gradient is that of the outer piece.

/// min(max(x + 3, 0), 6) / 6, for the sigmoid.
template <class T>
Var<T> hard_sigmoid(const Var<T>& a);
/// x hard_sigmoid(x), for x sigmoid(x).
template <class T>
Var<T> hard_swish(const Var<T>& a);

}  // namespace saccade
