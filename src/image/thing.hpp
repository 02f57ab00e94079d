#pragma once

#include <array>
#include <string>
#include <vector>

#include "image/scene.hpp"

namespace saccade {

/// Draws one object into a scene: parts of one group, placed by fractions of a square picture.
class Thing {
 public:
    using Place = std::array<double, 2>;

    Thing(Scene& scene, std::string group) : scene_(scene), group_(std::move(group)) {}

    SceneShape& oval(const std::string& color, double x, double y, double width, double height, double angle = 0);
    SceneShape& box(const std::string& color, double x, double y, double width, double height, double angle = 0);
    /// A straight stroke with round ends.
    SceneShape& line(const std::string& color, Place from, Place to, double width);
    /// Straight edges between the corners.
    SceneShape& polygon(const std::string& color, const std::vector<Place>& corners);
    /// A smooth closed curve through the places (Catmull and Rom 1974).
    SceneShape& curve(const std::string& color, const std::vector<Place>& places);
    /// A stroke of changing width along places: legs, necks, tails.
    SceneShape& limb(const std::string& color, const std::vector<Place>& places, const std::vector<double>& widths);
    SceneShape& ring(const std::string& color, double x, double y, double size);

 private:
    SceneShape& add(ShapeKind kind, const std::string& color);

    Scene& scene_;
    std::string group_;
};

}  // namespace saccade
