#pragma once

#include <optional>

#include "model/beam.hpp"
#include "model/clip_describer.hpp"

namespace saccade {

/// One clip to read and one sentence to write, with everything shown.
struct ClipRequest {
    Tensor<float> clip;              // [frames, y, x, 3], 0 to 1
    Index start = 0;                 // id of the language: <en> or <zh>
    std::vector<std::string> words;  // the vocabulary, <end>, <en>, <zh> last
    std::optional<Ids> forced;       // without <end>, which is added; nullopt: decode freely
    BeamSettings beam{.width = 1, .length_penalty = 1, .max_steps = 40};
    Index hypothesis = 1;  // which of the beam's is shown, from 1
};

struct ClipOutput {
    Ids ids;                             // <end> included if it was reached
    std::vector<Hypothesis> hypotheses;  // of a beam, best first; empty without one
    Index frames = 0, height = 1, width = 1;
    std::vector<Tensor<float>> weights;  // of each word [1, frames * height * width]
};

/// Encodes, searches (a beam wider than 1) and decodes, showing every tensor. With places the weights are shown once more as
/// "map" [output, frame, y, x] and summed over places as "frame_weights" [output, frame]. Error{cancelled} within 5 ms of a
/// stop.
ClipOutput run_clip_describer(const ClipDescriber<float>& model, const ClipRequest& request, Probe& probe,
                              std::stop_token stop);

}  // namespace saccade
