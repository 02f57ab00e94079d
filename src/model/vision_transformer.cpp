#include "model/vision_transformer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "attention/position_resized.hpp"
#include "autograd/ops.hpp"
#include "io/json_text.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

constexpr Index most_tokens = 4096;  // every pair of them has a weight in every head

const VisionDesign& valid(const VisionDesign& design) {
    require_valid(design);
    return design;
}

Linear<float> head_of(const Weights<float>& weights, const std::string& name, Index d) {
    if (!weights.has(name + ".weight")) return {};
    const Index classes = weights.get(name + ".weight").shape()[0];
    return laid_out(Linear<float>{weights.get(name + ".weight", {classes, d}), weights.get(name + ".bias", {classes})});
}

}  // namespace

void require_valid(const VisionDesign& design) {
    require_valid(design.stack);
    if (design.patch < 1 || design.rows() < 1 || design.columns() < 1)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("patches of {0} x {0} px do not fit into pictures of {1} x {2}", design.patch, design.width,
                                design.height),
                    "a patch is at most as large as the picture");
    if (design.rows() > most_tokens || design.columns() > most_tokens || design.tokens() > most_tokens)
        throw Error(
            ErrorCode::invalid_input,
            fmt::format("{} x {} patches, and every pair of them has a weight in each head", design.columns(), design.rows()),
            fmt::format("models of at most {} patches open", most_tokens));
}

nlohmann::json to_json(const VisionDesign& design) {
    return {{"stack", to_json(design.stack)}, {"height", design.height},     {"width", design.width},
            {"patch", design.patch},          {"channels", design.channels}, {"distilled", design.distilled}};
}

VisionDesign vision_design_from_json(const nlohmann::json& card, const std::string& where) {
    constexpr Index largest = 8192;
    const JsonObject object = JsonObject(card, where).needs({"vision"}).object("vision");
    VisionDesign design;
    design.stack = stack_design_from_json(object.value(), "stack", where);
    object.whole("height", design.height, Index{1}, largest);
    object.whole("width", design.width, Index{1}, largest);
    object.whole("patch", design.patch, Index{1}, largest);
    object.whole("channels", design.channels, Index{1}, Index{3});
    object.toggle("distilled", design.distilled);
    require_valid(design);
    return design;
}

WeightMap initial_vision_weights(const VisionDesign& design, Index classes, Rng& rng) {
    WeightMap weights;
    const Index d = design.stack.d_model, p = design.patch, read = design.channels * p * p;
    const PositionSizes sizes{.d_model = d, .heads = design.stack.heads, .longest = design.tokens()};
    add_initial_stack_weights(weights, "stack", design.stack, 0, sizes, rng);
    const auto uniform = [&](const Shape& shape, Index in, Index out) {
        Tensor<float> w = Tensor<float>::uninitialized(shape);
        const double most = std::sqrt(6.0 / static_cast<double>(in + out));
        for (float& v : w.values()) v = static_cast<float>(most * (2 * rng.uniform() - 1));
        return w;
    };
    weights["patch.weight"] = uniform({d, design.channels, p, p}, read, d);
    weights["patch.bias"] = Tensor<float>(Shape{d});
    Tensor<float>& special = weights["token.special"] = Tensor<float>(Shape{design.special(), d});
    for (float& v : special.values()) v = static_cast<float>(0.02 * rng.normal());
    weights["classifier.weight"] = uniform({classes, d}, d, classes);
    weights["classifier.bias"] = Tensor<float>(Shape{classes});
    return weights;
}

VisionTransformer::VisionTransformer(const Weights<float>& weights, VisionDesign design)
    : design_(valid(design)), stack_(weights, "stack", design_.stack) {
    const Index d = design_.stack.d_model, p = design_.patch;
    patch_ = laid_out(
        Conv2d<float>{weights.get("patch.weight", {d, design_.channels, p, p}), weights.get("patch.bias", {d}), {.stride = p}});
    special_ = weights.get("token.special", {design_.special(), d});
    classifier_ = head_of(weights, "classifier", d);
    if (design_.distilled) distillation_ = head_of(weights, "distillation", d);
    if (!distillation_.weight.empty() && distillation_.weight.shape() != classifier_.weight.shape())
        throw Error(ErrorCode::bad_format, "weights: both tokens are read out, and not as the same classes",
                    "choose a file of this model");
}

VisionTransformer VisionTransformer::at_size(Index height, Index width) const {
    VisionTransformer other = *this;
    other.design_.height = height;
    other.design_.width = width;
    require_valid(other.design_);
    other.stack_ = stack_.with_learned_positions(resized_positions(stack_.learned_positions().value(), design_.special(),
                                                                   {design_.rows(), design_.columns()},
                                                                   {other.design_.rows(), other.design_.columns()}));
    return other;
}

Var<float> VisionTransformer::embed(const Var<float>& pixels, const StackCall<float>& given) const {
    const Index d = design_.stack.d_model, p = design_.patch, special = design_.special();
    const Observer observe = given.observe.named("");
    const Var<float> patches = observe("patches", patch_(pixels), [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "x",
            .title = "Embedded patches",
            .axes = {"feature", "patch.y", "patch.x"},
            .step = {"embed", "x_p = E · pixels of patch p + b",
                     fmt::format("patches[k,y,x] = sum_c(sum_u(sum_v(patch.weight[k,c,u,v] * pixels[y*{0}+u,x*{0}+v,c]))) + "
                                 "patch.bias[k]",
                                 p),
                     "Dosovitskiy 2021, eq. 1"},
            .parameters = {{"patch.weight", "E", {"feature", "input.color", "patch.row", "patch.column"}, patch_.weight},
                           {"patch.bias", "b", {"feature"}, patch_.bias},
                           {"token.special", "x", {"special", "feature"}, special_}},
            .channels_last = true};
    });
    const Index batch = pixels.shape()[0];
    const Var<float> of_all = reshape(special_, {1, special, d});
    const Var<float> parts[] = {batch == 1 ? of_all : add(Var<float>(Tensor<float>({batch, special, d})), of_all),
                                reshape(patches, {batch, design_.rows() * design_.columns(), d})};
    StackCall<float> call = given;
    call.names.embedded = {"put together",
                           design_.distilled ? "class token, distillation token, patches" : "class token, patches",
                           fmt::format("@embedding[i,k] = token.special[i,k] else patches[k,(i-{0})//{1},(i-{0})%{1}]", special,
                                       design_.columns()),
                           design_.distilled ? "Touvron 2021, section 4" : "Dosovitskiy 2021, eq. 1"};
    return stack_.positioned(concat<float>(parts, 1), call);
}

Var<float> VisionTransformer::read_out(const Linear<float>& head, Index token, const Var<float>& states,
                                       const Observer& observe, const std::string& name, const std::string& title,
                                       const std::string& weights) const {
    const Var<float> state = reshape(slice(states, 1, token, 1), {states.shape()[0], design_.stack.d_model});
    return observe(name, head(state), [&] {
        const std::string read = stack_.output("self.", 'i', 'm');
        const std::string at = read.substr(0, read.rfind('i')) + fmt::format("{},m]", token);
        return Shown{.role = Role::logits,
                     .symbol = "o",
                     .title = title,
                     .unit = "logit",
                     .axes = {"class"},
                     .step = {"read out", "o = W x + b",
                              name + "[c] = " + rules::linear('m', weights + ".weight[c,m]", at, weights + ".bias[c]"),
                              design_.distilled ? "Touvron 2021, section 4" : "Dosovitskiy 2021, eq. 4"},
                     .parameters = {{weights + ".weight", "W", {"class", "feature"}, head.weight},
                                    {weights + ".bias", "b", {"class"}, head.bias}}};
    });
}

Var<float> VisionTransformer::logits(const Var<float>& states, const Observer& observe) const {
    if (distillation_.weight.empty()) return read_out(classifier_, 0, states, observe, "logits", "Logits", "classifier");
    const Var<float> own = read_out(classifier_, 0, states, observe, "class.logits", "Logits of the class token", "classifier"),
                     taught = read_out(distillation_, 1, states, observe, "distillation.logits",
                                       "Logits of the distillation token", "distillation");
    return observe("logits", scale(add(own, taught), 0.5f), [] {
        return Shown{.role = Role::logits,
                     .symbol = "o",
                     .title = "Logits, mean of both tokens",
                     .unit = "logit",
                     .axes = {"class"},
                     .step = {"average", "o = ½ (o_class + o_distillation)",
                              "logits[c] = (class.logits[c] + distillation.logits[c]) / 2", "Touvron 2021, section 4"}};
    });
}

void VisionTransformer::declare_axes(Probe& probe) const {
    stack_.declare_axes(probe);
    stack_.declare_position_axes(probe, "self.");
    std::vector<std::string> labels = {"[CLS]"};
    if (design_.distilled) labels.emplace_back("[DIST]");
    const std::vector<std::string> special = labels;
    for (Index y = 0; y < design_.rows(); ++y)
        for (Index x = 0; x < design_.columns(); ++x) labels.push_back(fmt::format("{},{}", y + 1, x + 1));
    probe.axis({"token", AxisKind::query, design_.tokens(), labels, "i"});
    probe.axis({"token.key", AxisKind::key, design_.tokens(), labels, "j"});
    probe.axis({"special", AxisKind::class_, design_.special(), special, "s"});
    probe.axis({"patch.y", AxisKind::y, design_.rows(), {}, "y"});
    probe.axis({"patch.x", AxisKind::x, design_.columns(), {}, "x"});
    probe.axis({"patch.row", AxisKind::y, design_.patch, {}, "u"});
    probe.axis({"patch.column", AxisKind::x, design_.patch, {}, "v"});
    probe.axis({"input.y", AxisKind::y, design_.height, {}, "y"});
    probe.axis({"input.x", AxisKind::x, design_.width, {}, "x"});
    const std::vector<std::string> colors =
        design_.channels == 3 ? std::vector<std::string>{"R", "G", "B"} : std::vector<std::string>{"grey"};
    probe.axis({"input.color", AxisKind::channel, design_.channels, colors, "c"});
}

}  // namespace saccade
