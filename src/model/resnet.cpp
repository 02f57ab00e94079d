#include "model/resnet.hpp"

#include "autograd/ops.hpp"

namespace saccade {

namespace {

constexpr ConvForm same_size{.stride = 1, .padding = 1, .groups = 1};
constexpr double norm_epsilon = 1e-5;

template <class T>
BatchNorm<T> population_norm(const Weights<T>& weights, const std::string& name, Index channels) {
    const auto values = [&](const char* part) { return weights.get(name + part, {channels}).value(); };
    const BatchNorm<T> norm{values(".gain"), values(".bias"), values(".mean"), values(".variance"), norm_epsilon};
    for (const T v : norm.variance.values())
        if (!(v >= T(0)))
            throw Error(ErrorCode::bad_format, "weights: '" + name + ".variance' holds a negative value",
                        "choose a file of this model");
    return norm;
}

}  // namespace

template <class T>
ResNet<T>::ResNet(ResNetDesign design) : design_(std::move(design)) {
    require_valid(design_);
}

template <class T>
ResNet<T>::ResNet(const Weights<T>& weights, ResNetDesign design) : ResNet(std::move(design)) {
    read(weights, true, nullptr);
}

template <class T>
ResNet<T> ResNet<T>::training(const Weights<T>& weights, ResNetDesign design, StatisticsMap<T>* seen) {
    ResNet<T> model(std::move(design));
    model.read(weights, false, seen);
    return model;
}

template <class T>
void ResNet<T>::read(const Weights<T>& weights, bool fold, StatisticsMap<T>* seen) {
    const auto normed_conv = [&](const std::string& conv, const std::string& norm, Index out, Index in, Index stride) {
        NormedConv c;
        c.conv.form = same_size;
        c.conv.form.stride = stride;
        c.conv.weight = weights.get(conv + ".weight", {out, in, 3, 3});
        if (fold) {
            c.conv = folded(c.conv, population_norm(weights, norm, out));
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
Var<T> ResNet<T>::features(Index block, const Var<T>& x) const {
    const Block& b = blocks_.at(static_cast<std::size_t>(block));
    return normed(b.second, normed_relu(b.first, x, Var<T>()));
}

template <class T>
Var<T> ResNet<T>::attend(Index block, const Var<T>& features, const Onlooker<T>& onlooker) const {
    const Block& b = blocks_.at(static_cast<std::size_t>(block));
    return b.attention ? (*b.attention)(features, onlooker) : features;
}

template <class T>
Var<T> ResNet<T>::join(Index block, const Var<T>& x, const Var<T>& scaled) const {
    return add_relu(scaled, shortcut(block, x));
}

template <class T>
Var<T> ResNet<T>::classify(const Var<T>& pooled) const {
    return affine(pooled, classifier_weight_, classifier_bias_);
}

template <class T>
Var<T> ResNet<T>::logits(const Var<T>& output) const {
    return classify(global_mean_pool(output));
}

template <class T>
Var<T> ResNet<T>::block(Index block, const Var<T>& x, const BlockOnlooker<T>& onlooker) const {
    const Block& b = blocks_.at(static_cast<std::size_t>(block));
    // One pass over the features less, where nothing lies between norm and shortcut.
    if (!onlooker && !b.attention) return normed_relu(b.second, normed_relu(b.first, x, Var<T>()), shortcut(block, x));
    Onlooker<T> here;
    if (onlooker) here = [&](std::string_view point, Var<T> value) { return onlooker(block, point, std::move(value)); };
    const Var<T> middle = at_point(here, "middle", normed_relu(b.first, x, Var<T>()));
    const Var<T> scaled = attend(block, at_point(here, "features", normed(b.second, middle)), here);
    return at_point(here, "output", add_relu(scaled, at_point(here, "shortcut", shortcut(block, x))));
}

template <class T>
Var<T> ResNet<T>::run_blocks(Index from, Index to, Var<T> x, const BlockOnlooker<T>& onlooker) const {
    for (Index b = from; b < to; ++b) x = block(b, x, onlooker);
    return x;
}

template <class T>
Var<T> ResNet<T>::operator()(const Var<T>& normalised, const BlockOnlooker<T>& onlooker) const {
    return logits(run_blocks(0, design_.block_count(), stem(normalised), onlooker));
}

template class ResNet<float>;
template class ResNet<double>;

}  // namespace saccade
