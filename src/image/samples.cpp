#include "image/samples.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "image/digits.hpp"
#include "image/sample_scenes.hpp"

namespace saccade {

namespace {

struct Drawn {
    SceneSample sample;
    Scene (*scene)();
};

const std::vector<Drawn>& drawn() {
    static const std::vector<Drawn> all = {
        {{"ship", "Ship", "轮船", "ship"}, ship_scene},
        {{"airplane", "Airplane", "飞机", "airplane"}, airplane_scene},
        {{"automobile", "Automobile", "汽车", "automobile"}, automobile_scene},
        {{"truck", "Truck", "卡车", "truck"}, truck_scene},
        {{"bird", "Bird", "鸟", "bird"}, bird_scene},
        {{"cat", "Cat", "猫", "cat"}, cat_scene},
        {{"deer", "Deer", "鹿", "deer"}, deer_scene},
        {{"dog", "Dog", "狗", "dog"}, dog_scene},
        {{"frog", "Frog", "青蛙", "frog"}, frog_scene},
        {{"horse", "Horse", "马", "horse"}, horse_scene},
        {{"boat", "Boat", "小船", ""}, boat_scene},
        {{"shapes", "Two shapes", "两个图形", ""}, shapes_scene},
        {{"crowd", "Five shapes", "五个图形", ""}, crowd_scene},
        {{"clutter", "Clutter", "杂物", ""}, clutter_scene},
        {{"night", "Night", "夜晚", ""}, night_scene},
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
    for (int digit = 0; digit < 10; ++digit)
        if (digit_samples()[static_cast<std::size_t>(digit)].name == name) return digit_scene(digit);
    std::vector<std::string> names;
    for (const Drawn& d : drawn()) names.push_back(d.sample.name);
    throw Error(ErrorCode::not_found, fmt::format("there is no sample picture '{}'", shorten(sanitize_utf8(name), 30)),
                fmt::format("choose one of: {}", fmt::join(names, ", ")));
}

}  // namespace saccade
