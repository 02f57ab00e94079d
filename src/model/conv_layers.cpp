#include "model/conv_layers.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/stop.hpp"

namespace saccade {

template <class T>
ConvLayers<T>::ConvLayers(const Weights<T>& w, const std::string& prefix, Index in, const std::vector<ConvLayerShape>& shapes) {
    for (const ConvLayerShape& shape : shapes) {
        const std::string conv = fmt::format("{}conv{}", prefix, layers_.size() + 1);
        const std::string norm = fmt::format("{}norm{}", prefix, layers_.size() + 1);
        Layer layer;
        layer.shape = shape;
        layer.weight = w.get(conv + ".weight", {shape.channels, in, shape.kernel, shape.kernel});
        layer.gain = w.get(norm + ".gain", {shape.channels});
        layer.bias = w.get(norm + ".bias", {shape.channels});
        if (w.has(norm + ".mean")) {
            layer.mean = w.get(norm + ".mean", {shape.channels}).value();
            layer.variance = w.get(norm + ".variance", {shape.channels}).value();
        }
        in = shape.channels;
        layers_.push_back(std::move(layer));
    }
}

template <class T>
Var<T> ConvLayers<T>::operator()(Var<T> x, std::vector<BatchStatistics<T>>* seen, const std::stop_token& stop) const {
    for (const Layer& layer : layers_) {
        check_stop(stop);
        x = conv2d(x, layer.weight, Var<T>(), ConvForm{.padding = layer.shape.kernel / 2});
        if (layer.mean.empty() || seen != nullptr) {
            BatchStatistics<T> statistics;
            x = batch_norm_relu(x, layer.gain, layer.bias, Var<T>(), T(1e-5), &statistics);
            if (seen != nullptr) seen->push_back(std::move(statistics));
        } else {
            x = batch_norm_fixed_relu(x, layer.gain, layer.bias, Var<T>(), layer.mean, layer.variance);
        }
        if (layer.shape.pool) x = max_pool2d(x, 2, 2, layer.shape.pool_padding);
    }
    return x;
}

void add_conv_layer_weights(WeightMap& to, const std::string& prefix, Index in, const std::vector<ConvLayerShape>& shapes,
                            Rng rng) {
    std::size_t n = 0;
    for (const ConvLayerShape& shape : shapes) {
        ++n;
        Tensor<float> kernel(Shape{shape.channels, in, shape.kernel, shape.kernel});
        const double spread = std::sqrt(2.0 / static_cast<double>(in * shape.kernel * shape.kernel));
        for (float& v : kernel.values()) v = static_cast<float>(spread * rng.normal());
        to[fmt::format("{}conv{}.weight", prefix, n)] = std::move(kernel);
        to[fmt::format("{}norm{}.gain", prefix, n)] = Tensor<float>(Shape{shape.channels}, 1.0f);
        to[fmt::format("{}norm{}.bias", prefix, n)] = Tensor<float>(Shape{shape.channels});
        in = shape.channels;
    }
}

void recalibrate(WeightMap& weights, const std::vector<std::string>& norms, Index n,
                 const std::function<std::vector<BatchStatistics<float>>(Index)>& statistics, const std::stop_token& stop) {
    std::vector<Tensor<double>> means(norms.size()), squares(norms.size());
    for (Index i = 0; i < n; ++i) {
        check_stop(stop);
        const std::vector<BatchStatistics<float>> seen = statistics(i);
        for (std::size_t l = 0; l < norms.size(); ++l) {
            const Index channels = seen.at(l).mean.size();
            if (i == 0) means[l] = Tensor<double>(Shape{channels});
            if (i == 0) squares[l] = Tensor<double>(Shape{channels});
            for (Index c = 0; c < channels; ++c) {
                const double mean = static_cast<double>(seen[l].mean.data()[c]);
                means[l].data()[c] += mean / static_cast<double>(n);
                squares[l].data()[c] +=
                    (static_cast<double>(seen[l].variance.data()[c]) + mean * mean) / static_cast<double>(n);
            }
        }
    }
    for (std::size_t l = 0; l < norms.size(); ++l) {
        for (Index c = 0; c < means[l].size(); ++c) squares[l].data()[c] -= means[l].data()[c] * means[l].data()[c];
        weights[norms[l] + ".mean"] = means[l].cast<float>();
        weights[norms[l] + ".variance"] = squares[l].cast<float>();
    }
}

std::vector<std::string> norm_names(const std::string& prefix, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t n = 1; n <= count; ++n) names.push_back(fmt::format("{}norm{}", prefix, n));
    return names;
}

template class ConvLayers<float>;
template class ConvLayers<double>;

}  // namespace saccade
