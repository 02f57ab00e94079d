#include "exhibit/vision_picture.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/kept_with.hpp"
#include "image/load_image.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr Index scene_side = 512, most_shown = 1024;  // longer side of a drawn scene, and of what is shown

struct Read {
    Tensor<float> plain, shown;
    std::string differs;
};

Index at_share(double share, Index side) {
    return static_cast<Index>(std::lround(share * static_cast<double>(side)));
}

/// What of the picture the model reads, as a person looks at it.
Tensor<float> part_shown(const Image& whole, const ReadPicture& read) {
    const Index x = at_share(read.left, whole.width), y = at_share(read.top, whole.height);
    const Index right = std::max(x + 1, at_share(read.right, whole.width)),
                bottom = std::max(y + 1, at_share(read.bottom, whole.height));
    return to_tensor(cut(whole, x, y, right - x, bottom - y));
}

std::shared_ptr<const Read> read_as_asked(const PicturePtr& picture, const Image& shown, const VisionReading& key,
                                          const std::stop_token& stop) {
    static KeptWith<Picture, Read, VisionReading> kept(8);
    const auto make = [&] {
        const ReadPicture read = read_as(picture->image, key.how, key.height, key.width);
        return std::make_shared<const Read>(
            Read{plain_pixels(read.image, key.channels), part_shown(shown, read), read.differs});
    };
    return kept.get(picture, key, make, stop);
}

void show(const Observer& observe, const Tensor<float>& picture) {
    observe.axis({"image.y", AxisKind::y, picture.shape()[0], {}, "y"});
    observe.axis({"image.x", AxisKind::x, picture.shape()[1], {}, "x"});
    observe.axis({"color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
    const Tensor<float> shown = observe("image", picture, [] {
        return Shown{.role = Role::input, .symbol = "I", .title = "Image", .axes = {"image.y", "image.x", "color"}};
    });
    if (shown.data() != picture.data())
        observe.note({"image", "'image' is the picture as it is shown: changing it changes nothing else",
                      "change 'input', which the model reads, or the picture itself"});
}

/// Of scenes the same picture at every size, drawn at one.
PicturePtr whole_picture(const std::string& value) {
    return load_picture(value, names_picture_file(value) || value.starts_with("data:") ? 0 : scene_side);
}

PicturePtr picture_to_look_at(const std::string& value, const PicturePtr& whole) {
    const Index longest = std::max(whole->image.width, whole->image.height);
    return longest <= most_shown ? whole : load_picture(value, most_shown);
}

}  // namespace

Tensor<float> read_vision_picture(RunContext& context, const VisionReading& reading) {
    const std::string& value = context.params.text("image");
    const PicturePtr picture = whole_picture(value);
    const auto read = read_as_asked(picture, picture_to_look_at(value, picture)->image, reading, context.stop);
    show(Observer(context.probe), read->shown);
    if (reading.said_in.empty())
        context.probe.note(
            {"path", "the folder has no preprocessor_config.json",
             fmt::format("pictures are read at {} × {} px, {}, mean {:.3g} and deviation {:.3g}", reading.width, reading.height,
                         to_string(reading.how.resampling), reading.how.mean[0], reading.how.deviation[0])});
    if (!read->differs.empty())
        context.probe.note({"image", read->differs, fmt::format("it is read at {} × {} px", reading.width, reading.height)});
    return read->plain;
}

}  // namespace saccade
