#pragma once

#include <vector>

#include "run/bench_value.hpp"

namespace saccade {

/// Opens a real window and measures what a user feels: from a keystroke (through the same callbacks as GLFW's own) to the
/// swapped frame that shows its result, n times; and from the start of the program to the first interactive frame.
/// Error{unsupported} without a display.
std::vector<BenchValue> bench_window(int n);

}  // namespace saccade
