#pragma once

#include <optional>

#include "model/transformer.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Which output the gradients are of.
struct GradientQuestion {
    Ids source, read;  // what encoder and decoder read
    Index at = 0;      // output position
    Index token = 0;   // what is written there
    std::optional<Index> encoder_radius, decoder_radius;
};

/// Shows d log p(token at `at`) / d weights for the three kinds of attention: encoder.weights.gradient,
/// decoder.weights.gradient and cross.weights.gradient, on the axes of the weights [layer, head, query, key]. By the weights as
/// they are shown, and through everything that the probe's interventions changed, up to the logits. For gradient x attention
/// (Barkan 2021; Chefer 2021, eq. 5).
void show_weight_gradients(Probe& probe, const Transformer<float>& model, const GradientQuestion& question);

}  // namespace saccade
