#include "model/gated_network.hpp"

#include <fmt/core.h>

#include "autograd/ops.hpp"
#include "autograd/ops_image.hpp"
#include "base/parallel.hpp"
#include "base/stop.hpp"
#include "nn/activation.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

constexpr Index least_side = 16, most_side = 2048;

Var<float> activated(const std::string& id, const Var<float>& x) {
    return id.empty() ? x : activation(id)(x);
}

/// The sum over the window, before the norm: letter `c` is the channel that is made, `k` those that are read.
std::string window_sum(const NormedConvDesign& d, char c, const std::string& weight, const std::string& from) {
    const auto at = [&](char place, char window) {
        if (d.kernel == 1 && d.stride == 1) return std::string(1, place);
        const std::string step = d.stride == 1 ? "" : fmt::format("{}*", d.stride);
        return d.kernel == 1 ? fmt::format("{}{}", step, place) : fmt::format("{}{}+{}-{}", step, place, window, d.kernel / 2);
    };
    const char read = d.depthwise ? c : 'k';
    const std::string x = fmt::format("{}[{},{},{}]", from, read, at('y', 'u'), at('x', 'v'));
    if (d.kernel == 1) return fmt::format("sum_k({}[{},k] * {})", weight, c, x);
    const std::string places = fmt::format("sum_u(sum_v({}[{}{},u,v] * ({} else 0)))", weight, c, d.depthwise ? "" : ",k", x);
    return d.depthwise ? places : fmt::format("sum_k({})", places);
}

std::string normed_rule(const NormedConvDesign& d, char c, const std::string& sum, const std::string& norm, double epsilon) {
    const std::string normed = fmt::format(
        "({0} - {1}.mean[{2}]) / sqrt({1}.variance[{2}] + {3}) * {1}.gain[{2}] + {1}.bias[{2}]", sum, norm, c, epsilon);
    return d.activation.empty() ? normed : fmt::format("{}({})", d.activation, normed);
}

/// The kernel as a rule reads it: without axes of extent 1.
Tensor<float> kernel_of(const NormedConvDesign& d, const Tensor<float>& weight) {
    if (d.kernel == 1) return weight.reshape({d.out, d.in});
    return d.depthwise ? weight.reshape({d.out, d.kernel, d.kernel}) : weight;
}

Shown network_map(const char* symbol, const char* title, std::vector<std::string> axes) {
    return {.symbol = symbol, .title = title, .axes = std::move(axes), .channels_last = true};
}

/// Axes of what the convolution before the gate reads.
std::vector<std::string> middle_axes(const NormedConvDesign& d) {
    const bool same = d.stride == 1;
    return {d.depthwise ? "channel" : "middle.channel", same ? "y" : "middle.y", same ? "x" : "middle.x"};
}

}  // namespace

std::string GatedBlockDesign::name() const {
    return fmt::format("stage{}.block{}", stage, block);
}

std::string GatedBlockDesign::short_name() const {
    return fmt::format("{}.{}", stage, block);
}

std::vector<std::size_t> GatedNetworkDesign::gates() const {
    std::vector<std::size_t> all;
    for (std::size_t b = 0; b < blocks.size(); ++b)
        if (blocks[b].hidden > 0) all.push_back(b);
    return all;
}

void require_valid(const GatedNetworkDesign& design) {
    if (design.blocks.empty() || design.gates().empty())
        throw Error(ErrorCode::unsupported, "none of its blocks gates its channels",
                    "networks with squeeze-and-excitation open");
    for (const Index side : {design.height, design.width})
        if (side < least_side || side > most_side)
            throw Error(ErrorCode::unsupported, fmt::format("it reads pictures of {} x {} px", design.width, design.height),
                        fmt::format("sides of {} to {} px can be read", least_side, most_side));
}

Var<float> GatedNetwork::NormedConv::operator()(const Var<float>& x) const {
    if (design.activation == "relu") return conv.then_relu(x);
    return activated(design.activation, conv(x));
}

GatedNetwork::NormedConv GatedNetwork::read(const Weights<float>& weights, const std::string& name,
                                            const NormedConvDesign& d) const {
    NormedConv layer{.design = d, .conv = {}, .weight = {}, .norm = {}};
    layer.weight = weights.get(name + ".weight", {d.out, d.depthwise ? 1 : d.in, d.kernel, d.kernel});
    const auto norm = [&](const char* part) { return weights.get(name + ".norm." + part, {d.out}).value(); };
    layer.norm = {norm("gain"), norm("bias"), norm("mean"), norm("variance"), design_.norm_epsilon};
    for (const float v : layer.norm.variance.values())
        if (!(v >= 0))
            throw Error(ErrorCode::bad_format, fmt::format("{}: a variance of its norm is negative", name),
                        "the weights are damaged: fetch them again");
    layer.conv = folded(Conv2d<float>{.weight = layer.weight,
                                      .bias = {},
                                      .form = {.stride = d.stride, .padding = d.kernel / 2, .groups = d.depthwise ? d.out : 1}},
                        layer.norm);
    layer.conv.weight = {};  // no tape reads it, and it would be as large again
    return layer;
}

GatedNetwork::Block GatedNetwork::read_block(const Weights<float>& weights, const GatedBlockDesign& d) const {
    Block block;
    for (std::size_t i = 0; i < d.convs.size(); ++i)
        block.convs.push_back(read(weights, fmt::format("{}.conv{}", d.name(), i + 1), d.convs[i]));
    if (d.projection) block.projection = read(weights, d.name() + ".shortcut", *d.projection);
    if (d.hidden == 0) return block;
    const auto get = [&](const char* part, const Shape& shape) {
        return weights.get(fmt::format("{}.attention.{}", d.name(), part), shape);
    };
    auto gate = std::make_shared<SqueezeExcitation<float>>(get("reduce.weight", {d.hidden, d.gated()}),
                                                           get("expand.weight", {d.gated(), d.hidden}));
    gate->reduce_bias = get("reduce.bias", {d.hidden});
    gate->expand_bias = get("expand.bias", {d.gated()});
    gate->activation = design_.gate_activation;
    gate->hard = design_.hard_gates;
    block.gate = std::move(gate);
    return block;
}

GatedNetwork::GatedNetwork(const Weights<float>& weights, GatedNetworkDesign design) : design_(std::move(design)) {
    require_valid(design_);
    stem_ = read(weights, "stem", design_.stem);
    blocks_.resize(design_.blocks.size());
    parallel_for(static_cast<std::int64_t>(blocks_.size()), [&](std::int64_t b) {
        const auto at = static_cast<std::size_t>(b);
        blocks_[at] = read_block(weights, design_.blocks[at]);
    });
    const NormedConvDesign& head = design_.head_conv;
    if (design_.head == NetworkHead::conv_pooled) head_conv_ = read(weights, "head", head);
    if (design_.head == NetworkHead::pooled_conv)
        head_ = laid_out(Linear<float>{weights.get("head.weight", {head.out, head.in}), weights.get("head.bias", {head.out})});
    if (design_.classes > 0)
        classifier_ = laid_out(Linear<float>{weights.get("classifier.weight", {design_.classes, design_.features()}),
                                             weights.get("classifier.bias", {design_.classes})});
}

Var<float> GatedNetwork::stem(const Var<float>& pixels) const {
    const Var<float> x = stem_(pixels);
    return design_.stem_pools ? max_pool2d(x, 3, 2, 1) : x;
}

Shown GatedNetwork::shown_conv(const NormedConv& layer, const std::string& name, const std::string& as, const std::string& of,
                               bool narrows) const {
    const NormedConvDesign& d = layer.design;
    const char c = narrows ? 'o' : 'c';
    const std::string unit = narrows ? "out" : "channel", parameter = "@" + name, norm = parameter + ".norm";
    Shown shown = network_map(narrows ? "A" : "F", narrows ? "Narrowed" : "Features", {unit, "y", "x"});
    const std::string formula = d.activation.empty() ? "norm(W * h)" : d.activation + "(norm(W * h))";
    shown.step = {d.depthwise ? "filter" : "convolve", fmt::format("{} = {}", narrows ? "A" : "F", formula),
                  fmt::format("@{}[{},y,x] = {}", as, c,
                              normed_rule(d, c, window_sum(d, c, parameter + ".weight", "@" + of), norm, design_.norm_epsilon)),
                  d.depthwise ? "Howard 2017, section 3.1" : "Ioffe 2015, algorithm 2"};
    std::vector<std::string> kernel = {unit};
    if (!d.depthwise) kernel.push_back(narrows ? "channel" : "middle.channel");
    if (d.kernel > 1) kernel.insert(kernel.end(), {"window.y", "window.x"});
    shown.parameters = {{parameter + ".weight", "W", kernel, kernel_of(d, layer.weight.value())},
                        {norm + ".gain", "γ", {unit}, layer.norm.gain},
                        {norm + ".bias", "β", {unit}, layer.norm.bias},
                        {norm + ".mean", "μ", {unit}, layer.norm.mean},
                        {norm + ".variance", "σ²", {unit}, layer.norm.variance}};
    return shown;
}

Var<float> GatedNetwork::block_output(const GatedBlockDesign& d, const Block& block, const Var<float>& x,
                                      const Var<float>& made, const std::string& made_name, const Observer& observe) const {
    if (!d.shortcut) return activated(d.activation, made);
    const std::string axis = d.gate_after == d.convs.size() ? "channel" : "out";
    const Var<float> past = observe("shortcut", block.projection ? (*block.projection)(x) : x, [&] {
        return network_map("x", "Shortcut", {axis, "y", "x"});
    });
    const Var<float> sum = d.activation == "relu" ? add_relu(made, past) : activated(d.activation, add(made, past));
    return observe("output", sum, [&] {
        const bool activates = !d.activation.empty();
        const std::string open = activates ? d.activation + "(" : "", close = activates ? ")" : "";
        Shown shown = network_map("A", "Output", {axis, "y", "x"});
        shown.step = {"add", fmt::format("A = {}{} + x{}", open, axis == "out" ? "N" : "F'", close),
                      fmt::format("@output[c,y,x] = {}@{}[c,y,x] + @shortcut[c,y,x]{}", open, made_name, close),
                      axis == "out" ? "Sandler 2018, figure 4" : "He 2016, eq. 1"};
        return shown;
    });
}

Var<float> GatedNetwork::block(std::size_t index, const Var<float>& x, const Observer& observe,
                               const std::stop_token& stop) const {
    const GatedBlockDesign& d = design_.blocks.at(index);
    const Block& block = blocks_[index];
    const Observer shown = block.gate ? observe : Observer();
    Var<float> h = x;
    std::string name = "refined";
    for (std::size_t i = 0; i < block.convs.size(); ++i) {
        const NormedConv& layer = block.convs[i];
        const std::string own = fmt::format("conv{}", i + 1);
        check_stop(stop);
        if (block.gate && i + 1 == d.gate_after) {
            h = shown("middle", h, [&] { return network_map("h", i == 0 ? "Input" : "Middle", middle_axes(layer.design)); });
            h = shown("features", layer(h), [&] { return shown_conv(layer, own, "features", "middle", false); });
            h = (*block.gate)(h, shown);
        } else if (i >= d.gate_after) {
            // Without a shortcut it is all that the block gives out.
            name = d.shortcut ? "narrowed" : "output";
            h = shown(name, layer(h), [&] { return shown_conv(layer, own, name, "refined", true); });
        } else {
            h = layer(h);
        }
    }
    return block_output(d, block, x, h, name, shown);
}

void GatedNetwork::declare_block_axes(std::size_t index, const Shape& input, const Observer& observe) const {
    const GatedBlockDesign& d = design_.blocks.at(index);
    const NormedConvDesign& before = d.convs[d.gate_after - 1];
    Index y = input[1], x = input[2];
    const auto after = [](Index side, Index stride) { return (side + stride - 1) / stride; };
    for (std::size_t i = 0; i + 1 < d.gate_after; ++i) {
        y = after(y, d.convs[i].stride);
        x = after(x, d.convs[i].stride);
    }
    observe.axis({"channel", AxisKind::channel, d.gated(), {}, "c"});
    if (!before.depthwise) observe.axis({"middle.channel", AxisKind::channel, before.in, {}, "k"});
    if (before.stride != 1) {
        observe.axis({"middle.y", AxisKind::y, y, {}, "y"});
        observe.axis({"middle.x", AxisKind::x, x, {}, "x"});
    }
    observe.axis({"y", AxisKind::y, after(y, before.stride), {}, "y"});
    observe.axis({"x", AxisKind::x, after(x, before.stride), {}, "x"});
    if (before.kernel > 1) {
        observe.axis({"window.y", AxisKind::y, before.kernel, {}, "u"});
        observe.axis({"window.x", AxisKind::x, before.kernel, {}, "v"});
    }
    if (d.gate_after < d.convs.size()) observe.axis({"out", AxisKind::channel, d.convs.back().out, {}, "o"});
}

Var<float> GatedNetwork::features(const Var<float>& x, const Observer& observe, const std::string& output) const {
    observe.axis({"feature", AxisKind::feature, design_.features(), {}, "f"});
    const auto mean = [&](const std::string& name, const std::string& axis, const Var<float>& map, const std::string& of) {
        return observe(name, global_mean_pool(map), [&] {
            return Shown{.role = Role::context,
                         .symbol = "p",
                         .title = "Features averaged over the picture",
                         .axes = {axis},
                         .step = {"pool", "p = mean_yx A",
                                  of.empty() ? "" : fmt::format("{}[f] = mean_y(mean_x({}[f,y,x]))", name, of), "Lin 2014"}};
        });
    };
    if (design_.head == NetworkHead::pooled) return mean("classifier.input", "feature", x, output);
    if (design_.head == NetworkHead::conv_pooled) {
        const Var<float> wide = (*head_conv_)(x);
        observe.axis({"head.y", AxisKind::y, wide.shape()[1], {}, "y"});
        observe.axis({"head.x", AxisKind::x, wide.shape()[2], {}, "x"});
        const Var<float> map = observe("head.features", wide, [] {
            return network_map("A", "Head", {"feature", "head.y", "head.x"});
        });
        return mean("classifier.input", "feature", map, "head.features");
    }
    observe.axis({"head.channel", AxisKind::channel, design_.head_conv.in, {}, "k"});
    const Var<float> pooled = mean("head.input", "head.channel", x, output);
    return observe("classifier.input", activated(design_.head_conv.activation, head_(pooled)), [&] {
        return Shown{.role = Role::context,
                     .symbol = "f",
                     .title = "Features",
                     .axes = {"feature"},
                     .step = {"widen", fmt::format("f = {}(W p + b)", design_.head_conv.activation),
                              fmt::format("classifier.input[f] = {}({})", design_.head_conv.activation,
                                          rules::linear('k', "head.weight[f,k]", "head.input[k]", "head.bias[f]")),
                              "Howard 2019, figure 5"},
                     .parameters = {{"head.weight", "W", {"feature", "head.channel"}, head_.weight},
                                    {"head.bias", "b", {"feature"}, head_.bias}}};
    });
}

Var<float> GatedNetwork::logits(const Var<float>& features, const Observer& observe) const {
    return observe("logits", classifier_(features), [&] {
        return Shown{
            .role = Role::logits,
            .symbol = "o",
            .title = "Logits",
            .unit = "logit",
            .axes = {"class"},
            .step = {"classify", "o = W f + b",
                     "logits[c] = " + rules::linear('f', "classifier.weight[c,f]", "classifier.input[f]", "classifier.bias[c]"),
                     ""},
            .parameters = {{"classifier.weight", "W", {"class", "feature"}, classifier_.weight},
                           {"classifier.bias", "b", {"class"}, classifier_.bias}}};
    });
}

}  // namespace saccade
