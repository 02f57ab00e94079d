#pragma once

#include <vector>

#include "run/bench_value.hpp"

namespace saccade {

/// The 3x3 convolutions of ResNet-20, forward and both gradients, beside the rate of gemm, on one thread; a training step of
/// ResNet-20 and its inference of one picture, each beside PyTorch at its fastest, measured in turn in this run. Takes minutes.
std::vector<BenchValue> bench_vision();

}  // namespace saccade
