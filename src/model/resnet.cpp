#include "model/resnet.hpp"

#include <fmt/core.h>

#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

namespace {

constexpr ConvForm same_size{.stride = 1, .padding = 1, .groups = 1};
constexpr double norm_epsilon = 1e-5;

template <class T>
BatchNorm<T> population_norm(const Weights<T>& weights, const ResNetDesign& design, const std::string& name, Index side,
                             Index channels) {
    const auto values = [&](const std::string& tensor) { return weights.get(tensor, {channels}).value(); };
    const std::string variance = design.statistics_name(name, "variance", side);
    const BatchNorm<T> norm{values(name + ".gain"), values(name + ".bias"), values(design.statistics_name(name, "mean", side)),
                            values(variance), norm_epsilon};
    for (const T v : norm.variance.values())
        if (!(v >= T(0)))
            throw Error(ErrorCode::bad_format, "weights: '" + variance + "' holds a negative value",
                        "choose a file of this model");
    return norm;
}

/// [N, H, W, C] in the network.
Shown feature_map(const char* symbol, const char* title) {
    return {.symbol = symbol, .title = title, .axes = {"channel", "y", "x"}, .channels_last = true};
}

}  // namespace

template <class T>
ResNet<T>::ResNet(ResNetDesign design) : design_(std::move(design)) {
    require_valid(design_);
}

template <class T>
ResNet<T>::ResNet(const Weights<T>& weights, ResNetDesign design, Index side) : ResNet(std::move(design)) {
    read(weights, Norms::folded, design_.nearest_side(side), nullptr);
}

template <class T>
ResNet<T> ResNet<T>::training(const Weights<T>& weights, ResNetDesign design, StatisticsMap<T>* seen) {
    ResNet<T> model(std::move(design));
    model.read(weights, Norms::of_batch, 0, seen);
    return model;
}

template <class T>
void ResNet<T>::read(const Weights<T>& weights, Norms norms, Index side, StatisticsMap<T>* seen) {
    const auto normed_conv = [&](const std::string& conv, const std::string& norm, Index out, Index in, Index stride) {
        NormedConv c;
        c.conv.form = same_size;
        c.conv.form.stride = stride;
        c.conv.weight = weights.get(conv + ".weight", {out, in, 3, 3});
        if (norms == Norms::folded) {
            c.weight = c.conv.weight;
            c.norm = population_norm(weights, design_, norm, side, out);
            c.conv = folded(c.conv, c.norm);
        } else {
            c.gain = weights.get(norm + ".gain", {out});
            c.bias = weights.get(norm + ".bias", {out});
            if (seen != nullptr) c.seen = &(*seen)[norm];
        }
        return c;
    };
    Index in = design_.widths.front();
    stem_ = normed_conv("stem", "stem.norm", in, 3, 1);
    const BlockAttentionKind& kind = block_attention(design_.attention);
    for (Index b = 0; b < design_.block_count(); ++b) {
        const std::string name = design_.block_name(b);
        const Index out = design_.block_width(b), stride = b % design_.blocks == 0 && b > 0 ? 2 : 1;
        Block block;
        block.first = normed_conv(name + ".conv1", name + ".norm1", out, in, stride);
        block.second = normed_conv(name + ".conv2", name + ".norm2", out, out, 1);
        std::map<std::string, Shape> shapes;
        for (const BlockAttentionParameter& p : kind.parameters(design_.attention_sizes(b))) shapes[p.name] = p.shape;
        block.attention = make_block_attention<T>(kind, [&](const std::string& parameter) {
            return weights.get(name + ".attention." + parameter, shapes.at(parameter));
        });
        blocks_.push_back(std::move(block));
        in = out;
    }
    const auto classes = static_cast<Index>(design_.classes.size());
    classifier_weight_ = weights.get("classifier.weight", {classes, in});
    classifier_bias_ = weights.get("classifier.bias", {classes});
}

template <class T>
Tensor<T> ResNet<T>::normalised(const Tensor<T>& pixels) const {
    if (pixels.shape().rank() != 4 || pixels.shape()[-1] != 3)
        throw Error(ErrorCode::invalid_input, "resnet: pictures of shape " + pixels.shape().str() + ", not [N, H, W, 3]");
    Tensor<T> x = Tensor<T>::uninitialized(pixels.shape());
    for (Index i = 0; i < x.size(); ++i) {
        const auto c = static_cast<std::size_t>(i % 3);
        x.data()[i] = (pixels.data()[i] - static_cast<T>(design_.mean[c])) / static_cast<T>(design_.deviation[c]);
    }
    return x;
}

template <class T>
Var<T> ResNet<T>::normed(const NormedConv& conv, const Var<T>& x) const {
    if (conv.gain.empty()) return conv.conv(x);
    return batch_norm(conv.conv(x), conv.gain, conv.bias, T(norm_epsilon), conv.seen);
}

template <class T>
Var<T> ResNet<T>::normed_relu(const NormedConv& conv, const Var<T>& x, const Var<T>& residual) const {
    if (conv.gain.empty()) return conv.conv.then_relu(x, residual);
    return batch_norm_relu(conv.conv(x), conv.gain, conv.bias, residual, T(norm_epsilon), conv.seen);
}

template <class T>
Var<T> ResNet<T>::shortcut(Index block, const Var<T>& x) const {
    const Index width = design_.block_width(block), stride = blocks_[static_cast<std::size_t>(block)].first.conv.form.stride;
    return stride == 1 && x.shape()[-1] == width ? x : subsample(x, stride, width);
}

template <class T>
Var<T> ResNet<T>::stem(const Var<T>& normalised) const {
    return normed_relu(stem_, normalised, Var<T>());
}

template <class T>
Var<T> ResNet<T>::block(Index block, const Var<T>& x, const Observer& observe, const std::stop_token& stop) const {
    const Block& b = blocks_.at(static_cast<std::size_t>(block));
    check_stop(stop);
    // One pass over the features less, where nothing lies between norm and shortcut.
    if (!observe && !b.attention) return normed_relu(b.second, normed_relu(b.first, x, Var<T>()), shortcut(block, x));
    const Var<T> middle = observe("middle", normed_relu(b.first, x, Var<T>()), [] { return feature_map("h", "Middle"); });
    check_stop(stop);
    const Var<T> features = observe("features", normed(b.second, middle), [&] {
        Shown shown = feature_map("F", "Features");
        shown.step = {"convolve", "F = norm(W * h)",
                      "@features[c,y,x] = (sum_k(sum_u(sum_v(@conv2.weight[c,k,u,v] * (@middle[k,y+u-1,x+v-1] else 0)))) - "
                      "@norm2.mean[c]) / sqrt(@norm2.variance[c] + 1e-05) * @norm2.gain[c] + @norm2.bias[c]",
                      "Ioffe 2015, algorithm 2"};
        const BatchNorm<T>& norm = b.second.norm;
        shown.parameters = {{"@conv2.weight", "W", {"channel", "channel", "window.y", "window.x"}, b.second.weight},
                            {"@norm2.gain", "γ", {"channel"}, norm.gain},
                            {"@norm2.bias", "β", {"channel"}, norm.bias},
                            {"@norm2.mean", "μ", {"channel"}, norm.mean},
                            {"@norm2.variance", "σ²", {"channel"}, norm.variance}};
        return shown;
    });
    check_stop(stop);
    const Var<T> attended = b.attention ? (*b.attention)(features, observe) : features;
    const Var<T> past = observe("shortcut", shortcut(block, x), [] { return feature_map("x", "Shortcut"); });
    return observe("output", add_relu(attended, past), [&] {
        const ShownAs from = b.attention ? b.attention->result() : ShownAs{"features", "F"};
        Shown shown = feature_map("A", "Output");
        shown.step = {"add", fmt::format("A = relu({} + x)", from.symbol),
                      fmt::format("@output[c,y,x] = relu(@{}[c,y,x] + @shortcut[c,y,x])", from.name), "He 2016, eq. 1"};
        return shown;
    });
}

template <class T>
Var<T> ResNet<T>::run_blocks(Index from, Index to, Var<T> x, const BlockObserver& observe, const std::stop_token& stop) const {
    for (Index b = from; b < to; ++b) x = block(b, x, observe ? observe(b) : Observer(), stop);
    return x;
}

template <class T>
Var<T> ResNet<T>::logits(const Var<T>& output, const Observer& observe, const std::string& name) const {
    const Var<T> pooled = observe("classifier.input", global_mean_pool(output), [&] {
        return Shown{.role = Role::context,
                     .symbol = "p",
                     .title = "Features averaged over the picture",
                     .axes = {"feature"},
                     .step = {"pool", "p = mean_yx A",
                              name.empty() ? "" : fmt::format("@classifier.input[k] = mean_y(mean_x({}[k,y,x]))", name),
                              "He 2016, section 4.2"}};
    });
    return observe("logits", affine(pooled, classifier_weight_, classifier_bias_), [&] {
        return Shown{.role = Role::logits,
                     .symbol = "o",
                     .title = "Logits",
                     .unit = "logit",
                     .axes = {"class"},
                     .step = {"classify", "o = W p + b",
                              "@logits[o] = sum_k(@classifier.weight[o,k] * @classifier.input[k]) + @classifier.bias[o]",
                              "He 2016, section 4.2"},
                     .parameters = {{"@classifier.weight", "W", {"class", "feature"}, classifier_weight_},
                                    {"@classifier.bias", "b", {"class"}, classifier_bias_}}};
    });
}

template <class T>
Var<T> ResNet<T>::operator()(const Var<T>& normalised, const BlockObserver& observe) const {
    return logits(run_blocks(0, design_.block_count(), stem(normalised), observe));
}

template class ResNet<float>;
template class ResNet<double>;

}  // namespace saccade
