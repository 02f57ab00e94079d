#include "model/glimpse_model.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/rng.hpp"
#include "io/json_text.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

constexpr Index most_glimpses = 64, most_units = 4096, longest_side = 4096;
constexpr double widest_policy = 2;

template <class T>
Linear<T> linear_of(const Weights<T>& weights, const std::string& name, Index out, Index in) {
    return laid_out(Linear<T>{weights.get(name + ".weight", {out, in}), weights.get(name + ".bias", {out})});
}

}  // namespace

void require_valid(const GlimpseDesign& design) {
    require_valid(design.retina);
    const auto outside = [](Index n, Index most) { return n < 1 || n > most; };
    if (outside(design.glimpses, most_glimpses) || outside(design.units, most_units) || outside(design.sensed, most_units) ||
        outside(design.height, longest_side) || outside(design.width, longest_side))
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{} glimpses, {} and {} units, pictures of {} x {} px", design.glimpses, design.sensed,
                                design.units, design.width, design.height),
                    fmt::format("1 to {} glimpses, 1 to {} units, 1 to {} px", most_glimpses, most_units, longest_side));
    if (!(design.deviation > 0) || design.deviation > widest_policy)
        throw Error(ErrorCode::invalid_input, fmt::format("a policy of deviation {}", design.deviation),
                    fmt::format("more than 0, at most {}", widest_policy));
}

nlohmann::json to_json(const GlimpseDesign& design) {
    return {{"scales", design.retina.scales}, {"cells", design.retina.cells}, {"glimpses", design.glimpses},
            {"sensed", design.sensed},        {"units", design.units},        {"height", design.height},
            {"width", design.width},          {"deviation", design.deviation}};
}

GlimpseDesign glimpse_design_from_json(const nlohmann::json& card, const std::string& where) {
    const JsonObject object = JsonObject(card, where).needs({"glimpses"}).object("glimpses");
    GlimpseDesign design;
    object.whole("scales", design.retina.scales, Index{1}, Index{6});
    object.whole("cells", design.retina.cells, Index{2}, Index{64});
    object.whole("glimpses", design.glimpses, Index{1}, most_glimpses);
    object.whole("sensed", design.sensed, Index{1}, most_units);
    object.whole("units", design.units, Index{1}, most_units);
    object.whole("height", design.height, Index{1}, longest_side);
    object.whole("width", design.width, Index{1}, longest_side);
    object.number("deviation", design.deviation, 1e-6, widest_policy);
    require_valid(design);
    return design;
}

WeightMap initial_glimpse_weights(const GlimpseDesign& design, Index classes, Rng& rng) {
    WeightMap weights;
    const Index units = design.units, sensed = design.sensed;
    const auto normal = [&](const std::string& name, const Shape& shape, double deviation) {
        Tensor<float>& w = weights[name] = Tensor<float>::uninitialized(shape);
        for (float& v : w.values()) v = static_cast<float>(deviation * rng.normal());
    };
    const auto he = [](Index in) { return std::sqrt(2.0 / static_cast<double>(in)); };
    normal("what.weight", {sensed, design.retina.values()}, he(design.retina.values()));
    normal("where.weight", {sensed, 2}, he(2));
    normal("vector.what", {units, sensed}, he(2 * sensed));
    normal("vector.where", {units, sensed}, he(2 * sensed));
    normal("core.state", {units, units}, he(2 * units));
    normal("core.glimpse", {units, units}, he(2 * units));
    normal("policy.weight", {2, units}, 0.01);
    normal("baseline.weight", {1, units}, 0.01);
    normal("classifier.weight", {classes, units}, std::sqrt(1.0 / static_cast<double>(units)));
    for (const char* name : {"what", "where"}) weights[std::string(name) + ".bias"] = Tensor<float>(Shape{sensed});
    for (const char* name : {"vector.bias", "core.bias"}) weights[name] = Tensor<float>(Shape{units});
    weights["policy.bias"] = Tensor<float>(Shape{2});
    weights["baseline.bias"] = Tensor<float>(Shape{1});
    weights["classifier.bias"] = Tensor<float>(Shape{classes});
    return weights;
}

template <class T>
GlimpseModel<T>::GlimpseModel(const Weights<T>& weights, GlimpseDesign design) : design_(std::move(design)) {
    require_valid(design_);
    const Index units = design_.units, sensed = design_.sensed;
    network_ = {.what = linear_of(weights, "what", sensed, design_.retina.values()),
                .where = linear_of(weights, "where", sensed, 2),
                .what_weight = weights.get("vector.what", {units, sensed}),
                .where_weight = weights.get("vector.where", {units, sensed}),
                .bias = weights.get("vector.bias", {units}),
                .scales = design_.retina.scales,
                .cells = design_.retina.cells};
    core_ = {.state_weight = weights.get("core.state", {units, units}),
             .input = laid_out(Linear<T>{weights.get("core.glimpse", {units, units}), weights.get("core.bias", {units})})};
    location_ = {.mean = linear_of(weights, "policy", 2, units)};
    baseline_ = linear_of(weights, "baseline", 1, units);
    classifier_ = linear_of(weights, "classifier", weights.get("classifier.weight").shape()[0], units);
}

template <class T>
Var<T> GlimpseModel<T>::logits(const Var<T>& state, const Observer& observe) const {
    return observe("logits", classifier_(state), [&] {
        return Shown{
            .role = Role::logits,
            .symbol = "o",
            .title = "Logits after each glimpse",
            .unit = "logit",
            .axes = {"glimpse", "class"},
            .step = {"read out", "o = W h + b",
                     "@logits[t,c] = " + rules::linear('u', "@classifier.weight[c,u]", "@state[t,u]", "@classifier.bias[c]"),
                     "Mnih 2014, section 4"},
            .parameters = {{"@classifier.weight", "W", {"class", "unit"}, classifier_.weight},
                           {"@classifier.bias", "b", {"class"}, classifier_.bias}}};
    });
}

template <class T>
Var<T> GlimpseModel<T>::baseline(const Var<T>& state, const Observer& observe) const {
    return observe("baseline", reshape(baseline_(state), {state.shape()[0]}), [&] {
        return Shown{
            .role = Role::metric,
            .symbol = "b",
            .title = "Expected reward",
            .unit = "probability",
            .axes = {"glimpse"},
            .step = {"expect", "b = w · h + b", "@baseline[t] = sum_u(@baseline.weight[u] * @state[t,u]) + @baseline.bias[0]",
                     "Mnih 2014, section 3.2"},
            .parameters = {{"@baseline.weight", "w", {"unit"}, baseline_.weight.value().reshape({design_.units})},
                           {"@baseline.bias", "b", {"one"}, baseline_.bias}}};
    });
}

template <class T>
Index GlimpseModel<T>::multiply_adds() const {
    const Index units = design_.units, sensed = design_.sensed;
    return sensed * (design_.retina.values() + 2) + 2 * units * sensed + 2 * units * units + units * (2 + 1 + classes());
}

template class GlimpseModel<float>;
template class GlimpseModel<double>;

GlimpsePaths follow_paths(const GlimpseModel<float>& model, const Tensor<float>& pictures, const Tensor<float>& first,
                          Index glimpses, double deviation, bool anywhere, Rng& rng) {
    const Index n = pictures.shape()[0], height = pictures.shape()[1], width = pictures.shape()[2];
    GlimpsePaths paths{Tensor<float>::uninitialized({glimpses, n, 2}),
                       Tensor<float>::uninitialized({glimpses, n, model.classes()})};
    Tensor<float> place = first.clone();
    Var<float> state = model.blank(n);
    const Observer nobody;
    Ids centres(static_cast<std::size_t>(2 * n));
    for (Index t = 0; t < glimpses; ++t) {
        for (Index i = 0; i < 2 * n; ++i)
            centres[static_cast<std::size_t>(i)] = edge_at(place.data()[i], i % 2 == 0 ? width : height);
        std::ranges::copy(place.values(), paths.places.data() + t * 2 * n);
        state = model.read(state, look<float>(model.design().retina, pictures, centres), place, nobody);
        const Tensor<float> said = model.logits(state, nobody).value();
        std::ranges::copy(said.values(), paths.logits.data() + t * said.size());
        if (t + 1 == glimpses) break;
        place = model.aim(state, nobody).value().clone();
        if (anywhere)
            for (float& v : place.values()) v = static_cast<float>(2 * rng.uniform() - 1);
        else if (deviation > 0)
            for (float& v : place.values()) v = static_cast<float>(v + deviation * rng.normal());
        for (float& v : place.values()) v = std::clamp(v, -1.0f, 1.0f);
    }
    return paths;
}

}  // namespace saccade
