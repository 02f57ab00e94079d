#include "image/samples.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "image/sample_scenes.hpp"

namespace saccade {

namespace {

struct Drawn {
    SceneSample sample;
    Scene (*scene)();
};

const std::vector<Drawn>& drawn() {
    static const std::vector<Drawn> all = {
        {{"ship", "Ship at sea", "海上的船", "ship"}, ship_scene},
        {{"airplane", "Airplane in the sky", "天上的飞机", "airplane"}, airplane_scene},
        {{"automobile", "Automobile", "汽车", "automobile"}, automobile_scene},
        {{"truck", "Truck", "卡车", "truck"}, truck_scene},
        {{"bird", "Bird on a branch", "枝头的鸟", "bird"}, bird_scene},
        {{"cat", "Cat", "猫", "cat"}, cat_scene},
        {{"deer", "Deer in a meadow", "草地上的鹿", "deer"}, deer_scene},
        {{"dog", "Dog", "狗", "dog"}, dog_scene},
        {{"frog", "Frog on a leaf", "叶子上的青蛙", "frog"}, frog_scene},
        {{"horse", "Horse in a meadow", "草地上的马", "horse"}, horse_scene},
        {{"boat", "Boat, sun and island", "船、太阳和小岛", ""}, boat_scene},
        {{"shapes", "Two shapes", "两个图形", ""}, shapes_scene},
        {{"crowd", "Five shapes", "五个图形", ""}, crowd_scene},
        {{"clutter", "Shapes among clutter", "杂物中的图形", ""}, clutter_scene},
        {{"night", "Shapes in the dark", "暗处的图形", ""}, night_scene},
    };
    return all;
}

}  // namespace

const std::vector<SceneSample>& scene_samples() {
    static const std::vector<SceneSample> samples = [] {
        std::vector<SceneSample> list;
        for (const Drawn& d : drawn()) list.push_back(d.sample);
        return list;
    }();
    return samples;
}

Scene sample_scene(std::string_view name) {
    const auto found = std::find_if(drawn().begin(), drawn().end(), [&](const Drawn& d) { return d.sample.name == name; });
    if (found != drawn().end()) return found->scene();
    std::vector<std::string> names;
    for (const Drawn& d : drawn()) names.push_back(d.sample.name);
    throw Error(ErrorCode::not_found, fmt::format("there is no sample picture '{}'", shorten(sanitize_utf8(name), 30)),
                fmt::format("choose one of: {}", fmt::join(names, ", ")));
}

}  // namespace saccade
