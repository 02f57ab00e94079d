#pragma once

#include <string>

#include "model/weights.hpp"

namespace saccade {

/// How gradients become updates. Its state goes into checkpoints, so that a resumed training continues as it would have.
class Optimiser {
 public:
    virtual ~Optimiser() = default;
    /// One update in place; `gradients` by the names of the weights, all of them.
    virtual void step(WeightMap& weights, const WeightMap& gradients, double learning_rate) = 0;
    virtual Index updates() const = 0;
    /// Its state, one or more tensors per weight: "adam.m.NAME".
    virtual WeightMap state() const = 0;
    /// From a checkpoint, which may hold more. Error{bad_format} if a tensor is missing or has another shape.
    virtual void restore(const WeightMap& checkpoint, Index updates) = 0;
};

/// Zeros in the shapes of the weights.
WeightMap zeros_like(const WeightMap& weights);
/// The tensors with names prefix + NAME in place of the weights'. Error{bad_format}.
WeightMap checkpoint_part(const WeightMap& checkpoint, const std::string& prefix, const WeightMap& like);
/// Copies of tensors, with a prefix before their names.
void add_prefixed(WeightMap& to, const std::string& prefix, const WeightMap& tensors);

}  // namespace saccade
