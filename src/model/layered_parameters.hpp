#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "model/weights.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// Parameters that each layer of a stack has, as a trace holds them: those of all layers in one tensor [layer, ...]. Each is
/// put together when first observed, and kept with the model: no run copies it again. Safe from any thread.
class LayeredParameters {
 public:
    /// `of(layer)`: its own.
    Tensor<float> get(const std::string& name, Index layers, const std::function<const Tensor<float>&(Index)>& of);

 private:
    std::mutex mutex_;
    std::map<std::string, Tensor<float>> made_;
};

/// Weights "NAME.LAYER.REST" of layers 0, 1, ... become rows of one tensor each, so that putting them together takes no copy of
/// a large model: LayeredParameters finds it done.
void lay_layers_together(WeightMap& weights);

}  // namespace saccade
