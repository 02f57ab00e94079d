#include <fmt/core.h>

#include "base/error.hpp"
#include "checkpoint/timm_network.hpp"

// SE-ResNet-50 (Hu 2018, table 1): bottlenecks of a residual network (He 2016), each with a gate behind its last convolution,
// the step of 2 in the 3x3; as timm trains and names it.

namespace saccade {

namespace {

constexpr Index wider = 4;  // a bottleneck gives out 4 times the channels of its 3x3
constexpr Index channels_per_unit = 16;

GatedNetworkDesign seresnet_design(const JsonObject& config, const std::string& where) {
    const JsonObject arguments = timm_arguments(config, where, {"layers", "channels", "base_width"});
    std::vector<std::int64_t> layers = {3, 4, 6, 3}, channels = {64, 128, 256, 512};
    arguments.wholes("layers", layers, 1, 16);
    arguments.wholes("channels", channels, 1, 4096);
    Index base = 64;
    arguments.whole("base_width", base, Index{1}, Index{4096});
    if (layers.size() != 4 || channels.size() != 4)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: model_args says {} layers and {} channels", where, layers.size(), channels.size()),
                    "both have a number for each of the four stages");
    const VisionReading reading = timm_reading(config, where);
    GatedNetworkDesign design{.height = reading.height,
                              .width = reading.width,
                              .stem = {3, 64, 7, 2, false, "relu"},
                              .stem_pools = true,
                              .classes = timm_classes(config, where)};
    Index in = design.stem.out;
    for (std::size_t stage = 0; stage < layers.size(); ++stage) {
        const Index width = channels[stage] * base / 64, out = channels[stage] * wider;
        if (width < 1)
            throw Error(ErrorCode::bad_format, fmt::format("{}: base_width {} leaves no channels", where, base),
                        "use the config.json that was saved with these weights");
        for (Index b = 0; b < layers[stage]; ++b) {
            const Index stride = b == 0 && stage > 0 ? 2 : 1;
            GatedBlockDesign d{.stage = static_cast<Index>(stage) + 1, .block = b + 1, .shortcut = true, .projection = {}};
            d.convs = {
                {in, width, 1, 1, false, "relu"}, {width, width, 3, stride, false, "relu"}, {width, out, 1, 1, false, ""}};
            d.gate_after = 3;
            d.hidden = rounded_channels(static_cast<double>(out) / channels_per_unit, 0);
            if (stride != 1 || in != out) d.projection = NormedConvDesign{in, out, 1, stride, false, ""};
            d.activation = "relu";
            design.blocks.push_back(std::move(d));
            in = out;
        }
    }
    return design;
}

void take_seresnet(Taking& taking, const GatedNetworkDesign& design) {
    take_normed(taking, "stem", design.stem, "conv1", "bn1");
    for (const GatedBlockDesign& d : design.blocks) {
        const std::string own = fmt::format("layer{}.{}.", d.stage, d.block - 1);
        take_gated_block(taking, d,
                         {.convs = {own + "conv1", own + "conv2", own + "conv3"},
                          .norms = {own + "bn1", own + "bn2", own + "bn3"},
                          .reduce = own + "se.fc1",
                          .expand = own + "se.fc2"});
        if (d.projection)
            take_normed(taking, d.name() + ".shortcut", *d.projection, own + "downsample.0", own + "downsample.1");
    }
    if (design.classes > 0) taking.linear("classifier", "fc", design.classes, design.features());
}

}  // namespace

Family seresnet50_family() {
    return {.model_type = "seresnet50",
            .title = "SE-ResNet-50",
            .source = "Hu 2018; He 2016",
            .network = {.design = seresnet_design, .take = take_seresnet}};
}

}  // namespace saccade
