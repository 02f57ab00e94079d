#pragma once

#include <optional>

#include "exhibit/exhibit.hpp"
#include "train/clip_story.hpp"

namespace saccade {

/// A clip as a describer reads it.
struct ClipInput {
    Tensor<float> read;        // [frames, clip_side, clip_side, 3], 0 to 1
    std::optional<Clip> clip;  // unless it is somebody's own pictures
};

/// The clip that the parameters ask for: pictures of "folder"; else held-out clip number "clip"; else the story, placed by the
/// run's seed. "first_event" to "third_event" move its events in time. Shown as "frames" [frame, image.y, image.x, color].
/// Error{not_found, invalid_input, io} in one line: what, where, what to do.
ClipInput read_clip(RunContext& context);

}  // namespace saccade
