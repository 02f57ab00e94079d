#include "ui/inputs.hpp"

#include <algorithm>

namespace saccade {

void Inputs::set_param(const std::string& name, ParamValue value) {
    Params changed = document_.side().request.params;
    changed.set(name, value);
    if (changed == document_.side().request.params) return;
    history_.remember(name);
    set_everywhere(name, value, false);
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
