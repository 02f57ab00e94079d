#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace saccade {

/// How many threads the engine uses (default: all cores). What it computes does not depend on it: work is cut into pieces
/// whose number depends on the problem alone, each piece is computed by one thread, and sums are joined in a fixed order.
void set_thread_count(int n);
int thread_count();

/// Calls body(i) for every i in [0, n), in any order, on the engine's threads, and returns when all are done.
/// The first exception thrown by a body is thrown again here. A call from inside a body runs on the calling thread alone.
void parallel_for(std::int64_t n, const std::function<void(std::int64_t)>& body);

/// Makes the calling thread, and what it starts through parallel_for on its own behalf, yield to the rest of the machine:
/// live training uses it so that the window keeps its frame rate. Linux: nice +10. Elsewhere: no effect.
void lower_this_thread_priority();

}  // namespace saccade
