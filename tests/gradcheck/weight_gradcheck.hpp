#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "model/weights.hpp"

namespace saccade {

/// Compares the gradient of every weight of a model with finite differences of `loss` (Weights<double> -> a scalar), and
/// expects every tensor to have one, but for those with `unseen` in their names. Returns how many weights were compared.
template <class Loss>
Index check_weight_gradients(WeightMap map, const Loss& loss, float step, double tolerance, const std::string& unseen = {}) {
    // Weights and steps are multiples of 2^-12, so that a changed weight is exact in float too.
    for (auto& [name, tensor] : map)
        for (float& v : tensor.values()) v = std::round((v == 0 ? 0.1f : v) * 4096) / 4096;
    const auto loss_value = [&] { return loss(Weights<double>(map)).value().item(); };
    Tape<double> tape;
    const Weights<double> weights(map, &tape);
    tape.backward(loss(weights));
    Index compared = 0;
    for (const auto& [name, leaf] : weights.leaves()) {
        const Tensor<double> gradient = tape.grad(leaf);
        bool moves = !unseen.empty() && name.find(unseen) != std::string::npos;
        for (Index i = 0; i < gradient.size(); ++i, ++compared) {
            float& w = map.at(name).data()[i];
            const float at = w;
            const auto difference = [&](float h) {
                w = at + h;
                const double above = loss_value();
                w = at - h;
                const double below = loss_value();
                w = at;
                return (above - below) / (2 * static_cast<double>(h));
            };
            // Richardson: the two steps together leave an error of the fourth order.
            const double numeric = (4 * difference(step) - difference(2 * step)) / 3;
            EXPECT_NEAR(gradient.data()[i], numeric, tolerance) << name << " element " << i;
            moves = moves || std::abs(gradient.data()[i]) > 1e-6;
        }
        EXPECT_TRUE(moves) << name << " has no gradient at all";
    }
    return compared;
}

}  // namespace saccade
