#pragma once

#include <vector>

#include "run/bench_value.hpp"

namespace saccade {

/// Multi-head attention (d = 512, h = 8, weights of every head) and a model of GPT-2 small's shape (random weights, all
/// attention weights kept, logits of every position), each beside PyTorch at its fastest, measured in turn in this run, and the
/// latter beside what the machine's memory and plain Eigen allow. Takes minutes; some 3 GB of memory.
std::vector<BenchValue> bench_attention();

}  // namespace saccade
