#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "image/scene.hpp"

namespace saccade {

/// A built-in scene, "sample:NAME" as an image parameter's value. Drawn here, never downloaded.
struct SceneSample {
    std::string name;      // "ship"
    std::string title;     // "Ship"
    std::string title_zh;  // "轮船"
    std::string subject;   // the CIFAR-10 class that it shows; empty: shapes, for captions
};

/// In the order in which menus offer them: things first, then shapes.
const std::vector<SceneSample>& scene_samples();
/// Error{not_found} lists the names.
Scene sample_scene(std::string_view name);

}  // namespace saccade
