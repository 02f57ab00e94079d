#pragma once

#include "model/rnn_shapes_run.hpp"

namespace saccade {

/// For rnn_shapes_run.cpp: memory.jacobian [memory, position, memory_unit, feature] and memory.norm [memory, position] of the
/// networks on the ids that were read; axis "position" and "feature" are declared. Units that a narrower network does not have
/// are 0. Shows nothing if there are no memories.
void show_memory(std::span<const MemoryOf> memories, const Ids& read, Probe& probe, const std::stop_token& stop);

}  // namespace saccade
