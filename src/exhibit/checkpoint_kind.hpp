#pragma once

#include "checkpoint/checkpoint.hpp"
#include "params/param_spec.hpp"

namespace saccade {

/// What a model of the exhibit `checkpoint` can do: which of the parameters it reads follows.
struct CheckpointKind {
    bool translates = false;  // it reads one text, and its decoder writes another
    bool both_ways = false;   // it reads one text or two, and every token sees all others
    bool writes = false;      // it goes on with what it read
    bool fills_gaps = false;  // it says what stands in place of a masked token
};

/// Of a model that a run has read, for windows that ask later.
void keep_checkpoint_kind(const std::string& path, const Checkpoint& checkpoint);

/// "read of models that fill gaps, as BERT does"; empty: the parameter is read with the model that "path" names, as far as is
/// known: of a folder no run of this program has read, nothing is. Never throws.
std::string unread_by_checkpoint(const std::string& param, const Params& params);

}  // namespace saccade
