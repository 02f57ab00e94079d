#include "exhibit/picture_input.hpp"

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

}  // namespace

PictureInput read_picture(RunContext& context, Index multiple) {
    const std::string& value = context.params.text("image");
    PictureInput input;
    input.read = load_picture(value, context.params.integer("resolution") / multiple * multiple, multiple);
    input.values = picture_tensor(input.read, context.stop);
    const Index longest = std::max(input.read->full_width, input.read->full_height);
    const Tensor<float> display =
        picture_tensor(load_picture(value, input.read->scene ? scene_display : std::min(longest, file_display)), context.stop);

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
