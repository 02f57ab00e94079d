#include "image/scene.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(scene) {
    return fuzz::refuses_or_reads([&] {
        const Scene scene = scene_from_text(fuzz::text_of(data, size));
        const std::string value = scene_value(scene);
        fuzz::require(scene_value(scene_from_text(value.substr(6))) == value, "a scene changes as it is written");
        draw(scene, 16, 12);
    });
}
