#include "model/caption_encoder.hpp"

#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/conv_layers.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_layers = 12;

std::string conv_name(std::size_t layer) {
    return fmt::format("encoder.conv{}", layer + 1);
}

std::string norm_name(std::size_t layer) {
    return fmt::format("encoder.norm{}", layer + 1);
}

}  // namespace

const std::vector<CaptionLayer>& caption_layers() {
    static const std::vector<CaptionLayer> all = {{24, 5, 2}, {48, 3, 2}, {48, 3, 1}, {64, 3, 2, 1}, {64, 3, 1}, {64, 3, 1}};
    return all;
}

const CaptionSteps& caption_steps() {
    static const CaptionSteps all = [] {
        CaptionSteps steps;
        for (const CaptionLayer& layer : caption_layers()) {
            steps.strides.push_back(layer.stride);
            steps.shifts.push_back(layer.shift);
        }
        return steps;
    }();
    return all;
}

template <class T>
Tensor<T> place_codes(Index height, Index width) {
    Tensor<T> codes(Shape{height * width, place_features});
    const auto write = [](T* to, Index i, Index extent) {
        const double u = (2.0 * static_cast<double>(i) + 1) / static_cast<double>(extent) - 1;
        for (int f = 0; f < 2; ++f) {
            const double angle = std::numbers::pi * u * (f == 0 ? 0.5 : 1.0);
            to[2 * f] = static_cast<T>(std::sin(angle));
            to[2 * f + 1] = static_cast<T>(std::cos(angle));
        }
    };
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            T* const code = codes.data() + (y * width + x) * place_features;
            write(code, y, height);
            write(code + 4, x, width);
        }
    return codes;
}

template <class T>
CaptionEncoder<T>::CaptionEncoder(const Weights<T>& w, const CaptionSteps& steps, Index inputs) : inputs_(inputs) {
    const std::size_t count = steps.strides.size();
    if (count == 0 || count > most_layers || count != steps.shifts.size() || w.has(conv_name(count) + ".weight"))
        throw Error(ErrorCode::bad_format, fmt::format("captioner: {} strides and {} shifts", count, steps.shifts.size()),
                    fmt::format("both have one number for each of its layers, of which there are at most {}", most_layers));
    Index in = inputs;
    for (std::size_t n = 0; n < count; ++n) {
        Layer layer;
        layer.weight = w.get(conv_name(n) + ".weight");
        const Shape& s = layer.weight.shape();
        if (s.rank() != 4 || s[1] != in || s[2] != s[3] || s[2] % 2 == 0)
            throw Error(ErrorCode::bad_format,
                        fmt::format("captioner: tensor '{}.weight' has shape {} and must be [channels, {}, k, k] with k odd",
                                    conv_name(n), s.str(), in),
                        "use a model that was trained by `saccade train`");
        const Shape each{s[0]};
        layer.gain = w.get(norm_name(n) + ".gain", each);
        layer.bias = w.get(norm_name(n) + ".bias", each);
        if (w.has(norm_name(n) + ".mean")) {
            layer.mean = w.get(norm_name(n) + ".mean", each).value();
            layer.variance = w.get(norm_name(n) + ".variance", each).value();
        }
        layer.stride = steps.strides[n];
        layer.shift = steps.shifts[n];
        if (layer.stride < 1 || layer.shift < 0 || layer.shift > s[2] / 2)
            throw Error(ErrorCode::bad_format,
                        fmt::format("captioner: layer {} of windows of {} steps by {} from {} on", n + 1, s[2], layer.stride,
                                    layer.shift),
                        "strides are at least 1, shifts at most half a window");
        in = s[0];
        layers_.push_back(std::move(layer));
    }
}

template <class T>
Index CaptionEncoder<T>::cell() const {
    Index pixels = 1;
    for (const Layer& layer : layers_) pixels *= layer.stride;
    return pixels;
}

template <class T>
Var<T> CaptionEncoder<T>::features(const Var<T>& images, std::vector<BatchStatistics<T>>* seen,
                                   const std::stop_token& stop) const {
    const Shape& s = images.shape();
    if (s.rank() != 4 || s[3] != inputs_ || s[1] < cell() || s[2] < cell())
        throw Error(ErrorCode::invalid_input, fmt::format("captioner: pictures of shape {} cannot be read", s.str()),
                    fmt::format("{1} channels and at least {0} x {0} pixels are needed", cell(), inputs_));
    // Centred: a mean of 0 keeps the zeros around the picture from looking black.
    Var<T> x = add_scalar(scale(images, T(2)), T(-1));
    for (const Layer& layer : layers_) {
        check_stop(stop);
        const ConvForm form{.stride = layer.stride, .padding = layer.weight.shape()[2] / 2, .shift = layer.shift};
        x = conv2d(x, layer.weight, Var<T>(), form);
        if (layer.mean.empty() || seen != nullptr) {
            BatchStatistics<T> statistics;
            x = batch_norm_relu(x, layer.gain, layer.bias, Var<T>(), T(1e-5), &statistics);
            if (seen != nullptr) seen->push_back(std::move(statistics));
        } else {
            x = batch_norm_fixed_relu(x, layer.gain, layer.bias, Var<T>(), layer.mean, layer.variance);
        }
    }
    return x;
}

template <class T>
typename CaptionEncoder<T>::Annotations CaptionEncoder<T>::operator()(const Var<T>& images, const Observer& observe,
                                                                      std::stop_token stop) const {
    const Var<T> seen = features(images, nullptr, stop);
    const Index batch = seen.shape()[0], height = seen.shape()[1], width = seen.shape()[2], cells = height * width;
    const Tensor<T> codes = place_codes<T>(height, width);
    Tensor<T> places = Tensor<T>::uninitialized({batch, cells, place_features});
    for (Index b = 0; b < batch; ++b) std::copy_n(codes.data(), codes.size(), places.data() + b * codes.size());
    const Var<T> parts[] = {reshape(seen, {batch, cells, channels()}), places};
    const Var<T> annotations = observe("annotations", concat<T>(parts, 2), [] {
        return Shown{
            .role = Role::value,
            .symbol = "a",
            .title = "Annotations",
            .axes = {"location", "channel"},
            .step = {"encode", "a = CNN(I), and behind it where each location is", "", "Xu 2015, section 3.1.1; Liu 2018"}};
    });
    return {annotations, height, width};
}

template <class T>
std::vector<BatchStatistics<T>> CaptionEncoder<T>::statistics(const Tensor<T>& images) const {
    std::vector<BatchStatistics<T>> seen;
    features(images, &seen, {});
    return seen;
}

void add_caption_encoder_weights(WeightMap& to, Rng& rng, const std::vector<CaptionLayer>& layers, Index inputs) {
    Index in = inputs;
    for (std::size_t n = 0; n < layers.size(); ++n) {
        const CaptionLayer& layer = layers[n];
        Tensor<float> kernel(Shape{layer.channels, in, layer.kernel, layer.kernel});
        const double spread = std::sqrt(2.0 / static_cast<double>(in * layer.kernel * layer.kernel));
        for (float& v : kernel.values()) v = static_cast<float>(spread * rng.normal());
        to[conv_name(n) + ".weight"] = std::move(kernel);
        to[norm_name(n) + ".gain"] = Tensor<float>(Shape{layer.channels}, 1.0f);
        to[norm_name(n) + ".bias"] = Tensor<float>(Shape{layer.channels});
        in = layer.channels;
    }
}

void recalibrate_caption_encoder(WeightMap& weights, const CaptionSteps& steps, Index n,
                                 const std::function<Tensor<float>(Index)>& batches, std::stop_token stop, Index inputs) {
    const CaptionEncoder<float> encoder{Weights<float>(weights), steps, inputs};
    recalibrate(
        weights, norm_names("encoder.", steps.strides.size()), n, [&](Index i) { return encoder.statistics(batches(i)); },
        stop);
}

#define SACCADE_INSTANTIATE(T)                    \
    template Tensor<T> place_codes(Index, Index); \
    template class CaptionEncoder<T>;
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
