#pragma once

#include <string>
#include <vector>

#include "checkpoint/preprocessing.hpp"
#include "trace/observer.hpp"

namespace saccade {

// What runs of other people's models of pictures have in common: how they begin and how they end.

/// Shows what is read, "input" [input.y, input.x, input.color], and what the model computes with: "pixels" on the same axes,
/// which is returned.
Tensor<float> shown_pixels(const Tensor<float>& plain, const VisionReading& reading, const Observer& observe);
/// Declares the axes input.y, input.x and input.color.
void declare_pixel_axes(const VisionReading& reading, const Observer& observe);

struct ClassesRead {
    Ids likeliest{};                     // classes, the likeliest first
    std::vector<float> probabilities{};  // of those
    Tensor<float> all{};                 // probabilities of all classes, as they are shown
};
/// Shows probabilities [class], and of the likeliest top.class and top.probabilities [top]. Logits [1, classes] or [classes].
/// Error{numeric} where the logits are beyond all numbers though nothing was changed; it names the model's path.
ClassesRead read_out_classes(const std::vector<std::string>& classes, const std::string& path, const Tensor<float>& logits,
                             const Observer& observe);

}  // namespace saccade
