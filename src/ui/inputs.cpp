#include "ui/inputs.hpp"

#include <algorithm>

#include "exhibit/param_use.hpp"
#include "run/fitting_model.hpp"

namespace saccade {

void Inputs::set_param(const std::string& name, ParamValue value) {
    Params changed = document_.side().request.params;
    changed.set(name, value);
    if (changed == document_.side().request.params) return;
    history_.remember(name);
    // Numbers that were typed are meant to be read.
    const bool matrix = std::holds_alternative<Tensor<float>>(value);
    if (const Waking waking = matrix ? wakes(document_.exhibit(), name, changed) : Waking{}; waking.other != nullptr)
        set_everywhere(waking.other->name, parse_param(*waking.other, waking.value), false);
    set_everywhere(name, value, false);
}

void Inputs::press(const std::string& name, const ParamValue& value) {
    history_.remember("");
    set_everywhere(name, value, false);
    document_.reload_fields = true;
}

void Inputs::set_everywhere(const std::string& name, const ParamValue& value, bool live) {
    const auto& specs = document_.exhibit().params;
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const ParamSpec& s) { return s.name == name; });
    const bool both = document_.comparing && document_.linked && spec != specs.end() && is_input(*spec);
    for (std::size_t side = 0; side < 2; ++side) {
        if (side != document_.focus && !both) continue;
        document_.sides[side].request.params.set(name, value);
        live ? runs_.submit_live(side) : runs_.submit(side);
    }
}

void Inputs::set_example(const std::string& name, const std::string& example) {
    history_.remember("");
    set_everywhere(name, example, false);
    if (const auto better = better_model(document_.exhibit(), document_.side().request.params))
        set_everywhere("model", *better, false);
    document_.reload_fields = true;
}

void Inputs::set_model(const std::string& choice) {
    const Exhibit& e = document_.exhibit();
    history_.remember("");
    set_everywhere("model", choice, false);
    const auto example = fitting_example(e, document_.side().request.params);
    if (!example) return;
    set_everywhere(read_by_models(e)->name, *example, false);
    document_.reload_fields = true;
}

std::optional<std::string> Inputs::offered_model() {
    const Params& now = document_.side().request.params;
    if (!(offered_of_ == now)) {
        offered_of_ = now;
        offered_ = better_model(document_.exhibit(), now);
    }
    return offered_;
}

void Inputs::set_seed(std::uint64_t seed) {
    if (seed == document_.side().request.seed) return;
    history_.remember("seed");
    document_.side().request.seed = seed;
    runs_.submit();
}

void Inputs::set_weights(const std::string& path) {
    history_.remember("");
    document_.side().request.weights_path = path;
    if (!path.empty()) document_.side().request.model = nullptr;
    runs_.submit();
}

}  // namespace saccade
