#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "model/weights.hpp"
#include "nn/linear.hpp"
#include "tensor/tensor.hpp"
#include "trace/probe.hpp"

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

/// The matrices of all layers as a trace holds them, [layer, out, in]: put together (LayeredParameters), or, where they are
/// only kept as they are laid out for products, a layer's made when it is looked at.
TraceValues layered_matrices(LayeredParameters& all, const std::string& name, Index layers,
                             const std::function<const Linear<float>&(Index)>& of);
/// One matrix [out, in], in the same way: a row made when it is looked at.
TraceValues matrix_values(const Linear<float>& linear);
template <class T>
Parameter shown_matrix(const std::string& name, const std::string& symbol, std::vector<std::string> axes,
                       const Linear<T>& linear) {
    if constexpr (std::is_same_v<T, float>)
        return {name, symbol, std::move(axes), matrix_values(linear)};
    else
        return {name, symbol, std::move(axes), linear.weight};
}

/// Weights "NAME.LAYER.REST" of layers 0, 1, ... become rows of one tensor each, so that putting them together takes no copy of
/// a large model: LayeredParameters finds it done.
void lay_layers_together(WeightMap& weights);

}  // namespace saccade
