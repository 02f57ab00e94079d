#include "checkpoint/timm_network.hpp"

// MobileNetV3-Large (Howard 2019, table 1): inverted residuals, some with a gate on their widened channels, which straight
// lines open; the mean over the picture is taken before the last layer. As timm trains and names it.

namespace saccade {

namespace {

Index units_of_mobilenetv3(Index inner, double) {
    return rounded_channels(static_cast<double>(inner) / 4);
}

GatedNetworkDesign mobilenetv3_design(const JsonObject& config, const std::string& where) {
    const JsonObject arguments = timm_arguments(config, where, {"channel_multiplier", "num_features", "bn_eps"});
    double width = 1, features = 1280;
    arguments.number("channel_multiplier", width, 0.01, 16);
    arguments.number("num_features", features, 1, 65536);
    const VisionReading reading = timm_reading(config, where);
    const Index stem = width < 0.75 ? 16 : rounded_channels(16 * width);  // a narrow network keeps its first layer
    GatedNetworkDesign design{.height = reading.height,
                              .width = reading.width,
                              .stem = {3, stem, 3, 2, false, "hard_swish"},
                              .hard_gates = true,
                              .head = NetworkHead::pooled_conv,
                              .classes = timm_classes(config, where)};
    arguments.number("bn_eps", design.norm_epsilon, 0, 1);
    const char *relu = "relu", *swish = "hard_swish";
    struct Row {
        MobileRow row;
        bool continues;
    };
    for (const auto& [row, continues] :
         {Row{{1, 3, 1, 0, 16, false, relu}, false}, Row{{1, 3, 2, 4, 24, false, relu}, false},
          Row{{1, 3, 1, 3, 24, false, relu}, true}, Row{{3, 5, 2, 3, 40, true, relu}, false},
          Row{{1, 3, 2, 6, 80, false, swish}, false}, Row{{1, 3, 1, 2.5, 80, false, swish}, true},
          Row{{2, 3, 1, 2.3, 80, false, swish}, true}, Row{{2, 3, 1, 6, 112, true, swish}, false},
          Row{{3, 5, 2, 6, 160, true, swish}, false}})
        add_mobile_row(design, row, continues, width, units_of_mobilenetv3);
    // A plain convolution stands where blocks stood.
    GatedBlockDesign last{.stage = design.blocks.back().stage + 1, .gate_after = 1, .projection = {}};
    last.convs = {{.in = design.blocks.back().convs.back().out, .out = rounded_channels(960 * width), .activation = swish}};
    design.head_conv = {.in = last.convs.back().out, .out = static_cast<Index>(features), .activation = swish};
    design.blocks.push_back(std::move(last));
    return design;
}

void take_mobilenetv3(Taking& taking, const GatedNetworkDesign& design) {
    take_mobile_blocks(taking, design);
    const NormedConvDesign& head = design.head_conv;
    taking.give("head.weight", taking.tensor("conv_head.weight", {head.out, head.in, 1, 1}).reshape({head.out, head.in}));
    taking.take("head.bias", "conv_head.bias", {head.out});
    if (design.classes > 0) taking.linear("classifier", "classifier", design.classes, design.features());
}

}  // namespace

Family mobilenetv3_large_family() {
    return {.model_type = "mobilenetv3_large_100",
            .title = "MobileNetV3-Large",
            .source = "Howard 2019",
            .network = {.design = mobilenetv3_design, .take = take_mobilenetv3}};
}

}  // namespace saccade
