#pragma once

#include "checkpoint/family.hpp"

namespace saccade {

// What folders of the library timm have in common: config.json names an "architecture", and says in "pretrained_cfg" how
// pictures are read. Networks of inverted residuals there: their sizes, and their names.

/// The object under a key; an empty one where there is none.
JsonObject object_or_empty(const JsonObject& config, const char* key, const std::string& where);
/// "model_args" of the config: what differs from the architecture. Error{unsupported} for one that is not among `known` and
/// changes the network.
JsonObject timm_arguments(const JsonObject& config, const std::string& where, const std::vector<std::string>& known);
/// num_classes; 0: no class is read out.
Index timm_classes(const JsonObject& config, const std::string& where);
/// Names of classes, by label_names, label_descriptions or id2label; empty where the config has none. Error{bad_format} if they
/// are not as many as the classes.
std::vector<std::string> timm_class_names(const JsonObject& config, Index classes, const std::string& where);
/// How timm reads pictures when it evaluates: the shorter side to size / crop_pct, the middle cut out.
VisionReading timm_reading(const JsonObject& config, const std::string& where);

/// The multiple of 8 nearest to this many channels, at least 8, and no less than `least_share` of them.
Index rounded_channels(double channels, double least_share = 0.9);

/// A row of a table of blocks (Howard 2019, table 1; Tan and Le 2019, table 1).
struct MobileRow {
    Index repeats, kernel, stride;
    double expansion;  // of the channels within a block; 0: none, a depthwise separable block
    Index out;
    bool gated;
    const char* activation;
};
/// Units of a gate's bottleneck, of a block with `inner` channels whose input was widened by `expansion`.
using GateUnits = Index (*)(Index inner, double expansion);
/// Adds the blocks of a row as the next stage, or to the stage that it continues; channels times `width`, rounded.
void add_mobile_row(GatedNetworkDesign& design, const MobileRow& row, bool continues, double width, GateUnits gate_units);

/// Names in a folder of the layers of one block: convolutions, their norms, the gate's two layers.
struct BlockNames {
    std::vector<std::string> convs, norms;
    std::string reduce, expand;
};
void take_normed(Taking& taking, const std::string& ours, const NormedConvDesign& design, const std::string& conv,
                 const std::string& norm);
void take_gated_block(Taking& taking, const GatedBlockDesign& design, const BlockNames& names);
/// Stem and blocks as MobileNetV3 and EfficientNet name them there.
void take_mobile_blocks(Taking& taking, const GatedNetworkDesign& design);

}  // namespace saccade
