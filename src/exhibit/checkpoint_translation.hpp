#pragma once

#include "checkpoint/checkpoint.hpp"
#include "exhibit/exhibit.hpp"

namespace saccade {

/// The exhibit of people's own models, of an encoder-decoder: "text" is the source, "target" what the decoder writes; without
/// one it writes by itself.
void run_encoder_decoder_exhibit(RunContext& context, const CheckpointPtr& checkpoint);

/// "beam" and "hypothesis"; and what is said where a model has no use for them.
std::vector<ParamSpec> beam_params();
void note_no_beam(const RunContext& context);

}  // namespace saccade
