#pragma once

#include "base/reuse.hpp"
#include "checkpoint/family.hpp"
#include "checkpoint/vision_steps.hpp"
#include "model/model_store.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Somebody else's model of pictures, ready to run.
struct VisionCheckpoint {
    std::string path;
    const Family* family;
    VisionTransformer model;
    std::vector<std::string> classes;  // names; empty: no class is read out
    VisionReading reading;
    std::string unused{};  // tensors of the folder that it does not use, in words; empty: none
};
using VisionCheckpointPtr = std::shared_ptr<const VisionCheckpoint>;

/// Reads a folder once, and again only when its files change; the last two are kept. Errors as checkpoint_of.
VisionCheckpointPtr vision_checkpoint_of(const std::string& path, const std::stop_token& stop = {});
/// One that we trained: its card says of which family it is, its design, its classes and how it reads grey. Made once while the
/// model lives. Error{bad_format} names the model and what its card lacks.
VisionCheckpointPtr vision_checkpoint_of(const ModelPtr& model);
/// Read now, not kept.
VisionCheckpointPtr read_vision_checkpoint(const std::string& path, const std::stop_token& stop = {});

/// The same checkpoint for pictures whose shorter side has `side` px, the other in proportion: itself where that is its size.
/// Made once a size while it lives. Error{invalid_input} for sizes without a patch or with too many.
VisionCheckpointPtr vision_checkpoint_at(const VisionCheckpointPtr& checkpoint, Index side, const std::stop_token& stop = {});

/// A picture that such a model reads, and what is asked of it.
struct VisionRequest {
    Tensor<float> plain;             // [height, width, channels], 0 to 1, as read_as and plain_pixels make it
    std::optional<Index> watched{};  // the class whose logit is differentiated; none: the likeliest
    bool gradients = true;           // of that logit by the weights, where a class is read out
};
struct VisionOutput {
    Tensor<float> weights;               // [layers, heads, tokens, tokens]
    Tensor<float> gradients{};           // on the same axes; empty: none
    Index watched = -1;                  // the class; -1: none is read out
    Ids likeliest{};                     // classes, the likeliest first
    std::vector<float> probabilities{};  // of those
};

/// One pass with everything shown, as VisionTransformer says; besides: input [input.y, input.x, input.color], what is read
/// before it is normalised; top.class and top.probabilities [top]; self.weights.gradient [layer, head, token, token.key], of
/// one class's logit. Declares the axes. `reuse`: of the same picture nothing is computed twice. Error{cancelled};
/// Error{invalid_input} for a picture of another size; {out_of_range} where memory is short now; Error{numeric}.
VisionOutput run_vision_checkpoint(const VisionCheckpointPtr& checkpoint, const VisionRequest& request, Probe& probe,
                                   Reuse& reuse, const std::stop_token& stop);

}  // namespace saccade
