#pragma once

#include <span>
#include <utility>
#include <vector>

#include "base/rng.hpp"
#include "image/scene.hpp"

namespace saccade {

// Scenes that captions are about: one to five plain shapes of two sizes, on any ground, with clutter; and what can be said of
// them. What is said follows from the scene alone.

enum class CaptionRelation { left_of, right_of, above, below, inside, contains, overlaps };
const std::vector<CaptionRelation>& caption_relations();

/// A shape as captions name it.
struct CaptionShape {
    int index = 0;       // in Scene::shapes
    bool large = false;  // its extent is at least `large_from` of the picture's shorter side
    int color = 0;       // among caption_colors()
    int kind = 0;        // among caption_kinds()
};
inline constexpr double large_from = 0.235;
const std::vector<std::string>& caption_colors();
const std::vector<ShapeKind>& caption_kinds();

/// The shapes in the order in which captions name them: large ones before small ones, then from left to right. Shapes of kinds
/// without a word count as the nearest that has one; colours likewise.
std::vector<CaptionShape> caption_shapes(const Scene& scene);

/// What is said of a pair: inside or contains where nine tenths of one lie within the other, overlaps where more than a
/// twentieth of the smaller is shared, or else the side on which the centres are further apart.
CaptionRelation relation_of(const Scene& scene, int a, int b);
/// Whether it may be said: also where another holds more clearly (a centre left by at least 0.6 of what it is above; less than
/// a fifth shared; more than a fiftieth shared).
bool may_say(const Scene& scene, int a, CaptionRelation relation, int b);

/// A scene for training or testing, of at most `most` shapes. No two shapes share colour and kind; each is visible for at least
/// 0.6 of itself.
Scene random_caption_scene(Rng& rng, Index width = 96, Index height = 96, int most = 5);

/// Width and height of a picture for training: most are square and of 96 pixels, the others teach that pictures come in other
/// shapes and sizes.
std::pair<Index, Index> random_caption_size(Rng& rng);
inline constexpr Index caption_side = 96;

/// Pictures of scenes of one size: [B, height, width, 3], 0 to 1.
Tensor<float> caption_pictures(std::span<const Scene> scenes);

/// How much of each cell of a map [height, width] is the shape, what lies in front of it left out; a ring has its hole.
Tensor<float> caption_region(const Scene& scene, int shape, Index height, Index width);
/// A cell is in the gold region of a shape that covers this much of it.
inline constexpr float gold_share = 0.1f;

}  // namespace saccade
