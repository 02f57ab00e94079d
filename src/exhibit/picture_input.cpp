#include "exhibit/picture_input.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/kept_with.hpp"
#include "trace/observer.hpp"

namespace saccade {

namespace {

constexpr Index scene_display = 512, file_display = 1024;  // longer side of what is shown

Tensor<float> picture_tensor(const PicturePtr& picture, const std::stop_token& stop) {
    static KeptWith<Picture, Tensor<float>> kept;
    const auto make = [&] { return std::make_shared<const Tensor<float>>(to_tensor(picture->image)); };
    return *kept.get(picture, make, stop);
}

/// Where what is read is not what was asked for.
void say_how_it_is_read(RunContext& context, const Picture& picture, Index multiple) {
    constexpr double most_stretched = 1.25;
    const Index asked = context.params.integer("resolution"), width = picture.image.width, height = picture.image.height;
    if (asked % multiple != 0)
        context.probe.note({"resolution", fmt::format("{} px is not a multiple of {}", asked, multiple),
                            fmt::format("the picture is read at {}", std::max(width, height))});
    const double shape = static_cast<double>(picture.full_width) / static_cast<double>(picture.full_height),
                 read = static_cast<double>(width) / static_cast<double>(height);
    if (std::max(shape / read, read / shape) > most_stretched)
        context.probe.note({"image",
                            fmt::format("the picture is {} × {} pixels, too long to be read in its own shape: it is "
                                        "stretched to {} × {}",
                                        picture.full_width, picture.full_height, width, height),
                            "use a picture closer to a square, or a higher resolution"});
}

}  // namespace

PictureInput read_picture(RunContext& context, Index multiple) {
    const std::string& value = context.params.text("image");
    PictureInput input;
    input.read = load_picture(value, context.params.integer("resolution") / multiple * multiple, multiple);
    input.values = picture_tensor(input.read, context.stop);
    const Index longest = std::max(input.read->full_width, input.read->full_height);
    const Tensor<float> display =
        picture_tensor(load_picture(value, input.read->scene ? scene_display : std::min(longest, file_display)), context.stop);

    say_how_it_is_read(context, *input.read, multiple);
    const Observer observe(context.probe);
    observe.axis({"image.y", AxisKind::y, display.shape()[0], {}, "y"});
    observe.axis({"image.x", AxisKind::x, display.shape()[1], {}, "x"});
    observe.axis({"color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
    const Tensor<float> shown = observe("image", display, [] {
        return Shown{.role = Role::input, .symbol = "I", .title = "Image", .axes = {"image.y", "image.x", "color"}};
    });
    if (shown.data() != display.data())
        observe.note({"image", "'image' is the picture as it is shown: changing it changes nothing else",
                      "change what the network makes of it, or the picture itself"});
    return input;
}

}  // namespace saccade
