#pragma once

#include <stop_token>

#include "model/glimpse_model.hpp"
#include "model/model_store.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// One picture, read by a few glimpses, with everything shown.
struct GlimpseRequest {
    Tensor<float> picture;  // [height, width], 0 (black) to 1
    float first_x = 0, first_y = 0;
    Index glimpses = 6;
    bool sampled = false;  // next places are drawn from the policy, else its mean
    std::uint64_t seed = 0;
    Index fan = 50;  // sampled paths from the same first place; 0: none
    std::vector<std::string> classes;
};

struct GlimpseOutput {
    Tensor<float> beliefs;      // [glimpses, classes]
    Tensor<float> fan_beliefs;  // [fan, classes], after the last glimpse
};

/// The model as its card has it; kept while the model lives.
std::shared_ptr<const GlimpseModel<float>> glimpse_model_of(const ModelPtr& model);

/// Shows below "glimpse.": picture [y, x, color]; noise, fixation, pixel, policy [glimpse, place]; retina [glimpse, scale,
/// cell.y, cell.x]; what, where [glimpse, sensed]; vector, state [glimpse, unit]; logits, belief [glimpse, class]; baseline
/// [glimpse]; deviation [one]; reach [scale]; fan [path, glimpse, place]; fan.beliefs [path, class] and fan.belief [class]. A
/// fixation that an intervention moves is where the model looks, and all after it follows. Error{cancelled} within 5 ms.
GlimpseOutput run_glimpses(const GlimpseModel<float>& model, const GlimpseRequest& request, Probe& probe, std::stop_token stop);

}  // namespace saccade
