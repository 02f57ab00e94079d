#pragma once

#include <span>
#include <vector>

#include "base/rng.hpp"
#include "image/scene.hpp"

namespace saccade {

// Clips that sentences are about: one to three plain shapes, to which one to three things happen one after the other.

enum class ClipVerb { appears, vanishes, moves_left, moves_right, moves_up, moves_down, turns, meets };

/// What is seen to happen from frame `first` to frame `last`: each of them differs from the frame before it.
struct ClipEvent {
    ClipVerb verb = ClipVerb::appears;
    int shape = 0;   // in Clip::shapes
    int other = -1;  // whom it meets
    Index first = 1, last = 1;
    // What changes in all, of each of the two: fractions of the picture, and degrees.
    double dx = 0, dy = 0, other_dx = 0, other_dy = 0, turn = 0;
};

struct Clip {
    Index frames = 16;
    SceneBackground background;
    std::vector<SceneShape> shapes;  // as they are before anything happens
    std::vector<ClipEvent> events;   // in the order in which they begin
};
inline constexpr Index clip_frames = 16, clip_side = 48;  // of all clips for training and testing

/// A shape as sentences name it: an index into clip_colors() and clip_kinds().
struct ClipShape {
    int color = 0, kind = 0;
    bool operator==(const ClipShape&) const = default;
};
const std::vector<std::string>& clip_colors();
const std::vector<ShapeKind>& clip_kinds();
ClipShape clip_shape(const Clip& clip, int shape);
/// Can it be seen to turn?
bool turns_visibly(ShapeKind kind);

/// What happens, to whom and when, without places.
struct ClipStory {
    std::vector<ClipShape> shapes;
    std::vector<ClipEvent> events;  // verb, shape, other, first and last
};
/// Shapes that only stand there included. No two shapes are alike; between two events at least one frame is still.
ClipStory random_clip_story(Rng& rng);
/// Puts the shapes where nothing is in the way of what happens; the story's events sorted by when they begin. Where no room is
/// found for all of it, shapes may cross each other, and moves end at the border.
Clip clip_of(const ClipStory& story, Rng& rng);
/// The same for training: false where there is no room.
bool place_clip(const ClipStory& story, Rng& rng, Clip& clip);
/// A story that has room.
Clip random_clip(Rng& rng);

/// The picture at a frame. Shapes that are not there are left out; `index` gets the shape in Clip::shapes of each.
Scene frame_of(const Clip& clip, Index frame, Index pixels = clip_side, std::vector<int>* index = nullptr);
/// Clips of one number of frames: [B, frames, pixels, pixels, 3], 0 to 1.
Tensor<float> clip_pictures(std::span<const Clip> clips, Index pixels = clip_side);
/// How much of each cell of a map [height, width] the shape covers at a frame or at the one before it: where it is seen to
/// change.
Tensor<float> clip_region(const Clip& clip, int shape, Index frame, Index height, Index width);

}  // namespace saccade
