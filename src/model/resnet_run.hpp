#pragma once

#include <optional>
#include <stop_token>

#include "model/resnet.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// One picture through one network.
struct ResNetRequest {
    Tensor<float> picture;         // [y, x, 3], 0 to 1
    Index block = 0;               // the one that is shown, from 0
    bool grad_cam = false;         // of `watched` at that block's output
    std::optional<Index> watched;  // a class; none: the likeliest
};

struct ResNetOutput {
    Tensor<float> probabilities;  // [class]
    Index watched = 0;            // the class that was asked for, or the likeliest
    Tensor<float> grad_cam;       // [y, x] of the block, its peak 1 (or all 0); empty if it was not asked for
};

/// Runs the network of `model` and shows what resnet_describe.hpp lists, with axes, parameters, steps and rules. What a hand
/// changes flows on to the probabilities, and to Grad-CAM, for which changed cells are constants. Without a probe nothing is
/// shown. What a network made of the last three pictures up to the shown block is kept with it (at most 17 MB each, at 512 px)
/// and taken where no hand changes anything before that block: a picture is the same while its tensor is. Error{out_of_range}
/// for a block or a class that there is not, Error{numeric} if a hand drives the logits out of float's range, Error{cancelled}
/// between layers.
ResNetOutput run_resnet(const ModelPtr& model, const ResNetRequest& request, Probe* probe, const std::stop_token& stop);

}  // namespace saccade
