#pragma once

#include "checkpoint/checkpoint_run.hpp"
#include "checkpoint/generate.hpp"
#include "model/beam.hpp"

namespace saccade {

/// What an encoder-decoder reads, and what its decoder writes.
struct EncoderDecoderRequest {
    Ids source;
    Ids output;     // at least one: the decoder reads its start and all but the last of them
    Index at = -1;  // the output whose read-out is shown; -1: the last
    bool lens = true;
};

/// What the decoder writes for a source: `given`, then up to `count` tokens of its own, until it writes its end, which is kept,
/// or knows no further position. What it is never to write it does not write. What the probe changes is changed here, too.
/// Error{cancelled}.
Ids with_written(const Checkpoint& checkpoint, const Ids& source, Ids given, Index count, const Sampling& how, Rng rng,
                 const Probe& probe, const std::stop_token& stop);

/// The same by beam search: hypotheses of at most settings.max_steps tokens behind `given`. Probabilities of what it is never
/// to write are 0. What the probe changes in the encoder is changed here, too. Error{cancelled}.
BeamResult beam_written(const Checkpoint& checkpoint, const Ids& source, const Ids& given, BeamSettings settings,
                        const Probe& probe, const std::stop_token& stop);

/// One pass with everything shown: source.id, output.id, decoder.id (what the decoder reads), the stacks' tensors below
/// "encoder", "decoder" and "cross", and the read-out of one output as run_checkpoint has it. Where encoder and decoder differ
/// in an extent, the encoder's axis is "encoder.layer" beside "layer". `reuse`: a source that stays is not read again, and of
/// an output that goes on only what is new is computed. Errors as run_checkpoint.
CheckpointOutput run_encoder_decoder(const CheckpointPtr& checkpoint, const EncoderDecoderRequest& request, Probe& probe,
                                     Reuse& reuse, const std::stop_token& stop);

}  // namespace saccade
