#include <algorithm>
#include <cmath>

#include "checkpoint/timm_network.hpp"

// EfficientNet-B0 (Tan and Le 2019, table 1): inverted residuals, all with a gate, whose bottleneck is a quarter of the block's
// input before it was widened; SiLU throughout. As timm trains and names it.

namespace saccade {

namespace {

Index units_of_efficientnet(Index inner, double expansion) {
    return std::max<Index>(1, static_cast<Index>(std::nearbyint(static_cast<double>(inner) * (0.25 / expansion))));
}

GatedNetworkDesign efficientnet_design(const JsonObject& config, const std::string& where) {
    const JsonObject arguments = timm_arguments(config, where, {"channel_multiplier", "num_features", "bn_eps"});
    double width = 1;
    arguments.number("channel_multiplier", width, 0.01, 16);
    double features = static_cast<double>(rounded_channels(1280 * width));
    arguments.number("num_features", features, 1, 65536);
    const VisionReading reading = timm_reading(config, where);
    const char* silu = "silu";
    GatedNetworkDesign design{.height = reading.height,
                              .width = reading.width,
                              .stem = {3, rounded_channels(32 * width), 3, 2, false, silu},
                              .gate_activation = silu,
                              .head = NetworkHead::conv_pooled,
                              .classes = timm_classes(config, where)};
    arguments.number("bn_eps", design.norm_epsilon, 0, 1);
    for (const MobileRow& row :
         {MobileRow{1, 3, 1, 0, 16, true, silu}, MobileRow{2, 3, 2, 6, 24, true, silu}, MobileRow{2, 5, 2, 6, 40, true, silu},
          MobileRow{3, 3, 2, 6, 80, true, silu}, MobileRow{3, 5, 1, 6, 112, true, silu}, MobileRow{4, 5, 2, 6, 192, true, silu},
          MobileRow{1, 3, 1, 6, 320, true, silu}})
        add_mobile_row(design, row, false, width, units_of_efficientnet);
    design.head_conv = {.in = design.blocks.back().convs.back().out, .out = static_cast<Index>(features), .activation = silu};
    return design;
}

void take_efficientnet(Taking& taking, const GatedNetworkDesign& design) {
    take_mobile_blocks(taking, design);
    take_normed(taking, "head", design.head_conv, "conv_head", "bn2");
    if (design.classes > 0) taking.linear("classifier", "classifier", design.classes, design.features());
}

}  // namespace

Family efficientnet_b0_family() {
    return {.model_type = "efficientnet_b0",
            .title = "EfficientNet-B0",
            .source = "Tan and Le 2019",
            .network = {.design = efficientnet_design, .take = take_efficientnet}};
}

}  // namespace saccade
