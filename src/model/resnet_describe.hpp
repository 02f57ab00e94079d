#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/resnet.hpp"
#include "trace/probe.hpp"

namespace saccade {

// What a trace says of a ResNet's run. The shown block BLOCK ("stage3.block2") has, as far as the network has them,
//   BLOCK.shortcut, middle, features, refined, scaled, output [channel, y, x]; pooled, pooled_max, gate_scores, gate [channel];
//   bottleneck, bottleneck_max [hidden]; mean_map, max_map, spatial_scores, spatial [y, x]
// every other block its gate [NAME.channel] and its map NAME.spatial [NAME.y, NAME.x]. Beside them input [input.y, input.x,
// color] (as the network reads it, 0 to 1), classifier.input [feature], logits and probabilities [class]; and with Grad-CAM
//   grad_cam.gradient [channel, y, x], grad_cam.weight [channel], grad_cam.sum [y, x] and grad_cam [y, x], scaled to 0 to 1.

/// Grad-CAM is divided by its peak; a map that is 0 everywhere stays 0.
inline constexpr float smallest_grad_cam_peak = 1e-12f;

/// Where the point (model/resnet.hpp) of a block is shown. `shown`: this is the block that is shown whole. Null for points that
/// are not recorded.
std::unique_ptr<ProbeSite> block_site(const std::string& block, std::string_view point, bool shown);
/// Is the point a map with channels, [N, H, W, C] in the network and [channel, y, x] in the trace?
bool is_feature_map(std::string_view point);

/// What a run did, as far as axes and rules depend on it.
struct ResNetShape {
    Index block = 0;              // the one shown
    Index height = 0, width = 0;  // of the input
    bool grad_cam = false;
    Index watched = 0;
};

/// Sites of the tensors that are no block's.
struct NetworkSites {
    ProbeSite input{"input", Role::input, "x", "What the network reads", "", {"input.y", "input.x", "color"}};
    ProbeSite pooled{"classifier.input", Role::context, "p", "Features averaged over the picture", "", {"feature"}};
    ProbeSite logits{"logits", Role::logits, "o", "Logits", "logit", {"class"}};
    ProbeSite probabilities{"probabilities", Role::probabilities, "P", "Class probabilities", "", {"class"}};
    ProbeSite gradient{"grad_cam.gradient", Role::state, "∂", "Gradient of the class's logit", "", {"channel", "y", "x"}};
    ProbeSite weight{"grad_cam.weight", Role::state, "α", "Grad-CAM: weight of each channel", "", {"channel"}};
    ProbeSite sum{"grad_cam.sum", Role::scores, "S", "Grad-CAM before relu", "", {"y", "x"}};
    ProbeSite grad_cam{"grad_cam", Role::map, "L", "Grad-CAM", "", {"y", "x"}};
};

/// Declares axes, parameters and steps. The run must have shown the tensors, and declares the axis `color`.
void describe_resnet(Probe& probe, const Model& model, const ResNetDesign& design, const ResNetShape& run);

}  // namespace saccade
