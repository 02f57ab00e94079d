#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "autograd/ops_image.hpp"
#include "base/rng.hpp"
#include "model/weights.hpp"

namespace saccade {

/// One layer of a stack: convolution with a window of odd size, batch norm, relu; then, with `pool`, the largest of each 2 x 2
/// pixels (pool_padding 1: with a border, so that n become n / 2 + 1).
struct ConvLayerShape {
    Index channels, kernel = 3;
    bool pool = false;
    Index pool_padding = 0;
};

/// Convolutions one after the other over [B, height, width, C]. Parameters PREFIXconvN.weight and PREFIXnormN.{gain,bias,mean,
/// variance}, N from 1. Without population statistics (in training) each batch is normalised by its own.
template <class T>
class ConvLayers {
 public:
    ConvLayers() = default;
    /// Error{bad_format} if tensors are missing or have other shapes.
    ConvLayers(const Weights<T>& weights, const std::string& prefix, Index in, const std::vector<ConvLayerShape>& shapes);
    /// What each layer saw is appended to `seen`, unless null; then the batch's own statistics are used. Error{cancelled}.
    Var<T> operator()(Var<T> x, std::vector<BatchStatistics<T>>* seen = nullptr, const std::stop_token& stop = {}) const;
    Index count() const { return static_cast<Index>(layers_.size()); }

 private:
    struct Layer {
        Var<T> weight, gain, bias;
        Tensor<T> mean, variance;  // empty: the batch's own
        ConvLayerShape shape;
    };
    std::vector<Layer> layers_;
};

/// Fresh weights: kernels normal with variance 2 / fan in (He 2015), gains 1.
void add_conv_layer_weights(WeightMap& to, const std::string& prefix, Index in, const std::vector<ConvLayerShape>& shapes,
                            Rng rng);

/// Population statistics of n batches together ("precise" batch norm, Wu and Johnson 2021, section 3), written to the norms
/// that are named, in the order in which `statistics(i)` gives what they saw of the i-th.
void recalibrate(WeightMap& weights, const std::vector<std::string>& norms, Index n,
                 const std::function<std::vector<BatchStatistics<float>>(Index)>& statistics, const std::stop_token& stop);
/// PREFIXnorm1 to PREFIXnormCOUNT.
std::vector<std::string> norm_names(const std::string& prefix, std::size_t count);

}  // namespace saccade
