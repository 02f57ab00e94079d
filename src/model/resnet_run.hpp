#pragma once

#include <optional>
#include <stop_token>

#include "model/resnet.hpp"
#include "trace/observer.hpp"

namespace saccade {

/// One picture through one network.
struct ResNetRequest {
    Tensor<float> picture;         // [y, x, 3], 0 to 1
    std::string origin;            // for people: how it came to be; empty: it is given
    Index block = 0;               // the one that is shown, from 0
    bool grad_cam = false;         // of `watched` at that block's output
    std::optional<Index> watched;  // a class; none: the likeliest
};

struct ResNetOutput {
    Tensor<float> probabilities;  // [class]
    Index watched = 0;            // the class that was asked for, or the likeliest
    Tensor<float> grad_cam;       // [y, x] of the block, its peak 1 (or all 0); empty if it was not asked for
};

/// Runs the network of `model`. The shown block BLOCK ("stage3.block2") shows all that ResNet::block does, every other block
/// its gate [NAME.channel] and its map NAME.spatial [NAME.y, NAME.x], as far as the network has them. Beside them input
/// [input.y, input.x, color] (as the network reads it, 0 to 1; the axis `color` is the caller's), classifier.input [feature],
/// logits and probabilities [class]; and with Grad-CAM grad_cam.gradient [channel, y, x], grad_cam.weight [channel],
/// grad_cam.sum [y, x] and grad_cam [y, x], scaled to 0 to 1.
/// A user's edits propagate to the probabilities, and to Grad-CAM, for which changed cells are constants. What a network
/// made of the last three pictures up to the shown block is kept with it (at most 17 MB each, at 512 px) and reused where
/// nothing is edited before that block: a picture is the same while its tensor is. Error{out_of_range} for a block or a class
/// that does not exist, Error{numeric} if an edit drives the logits out of float's range, Error{cancelled} between layers.
ResNetOutput run_resnet(const ModelPtr& model, const ResNetRequest& request, const Observer& observe = {},
                        const std::stop_token& stop = {});

}  // namespace saccade
