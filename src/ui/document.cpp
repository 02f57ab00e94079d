#include "ui/document.hpp"

#include <algorithm>

#include "image/samples.hpp"

namespace saccade {

bool is_input(const ParamSpec& spec) {
    return spec.type == ParamType::text || spec.type == ParamType::image || spec.type == ParamType::matrix;
}

Params inputs_of(const Exhibit& e, const Params& params) {
    Params inputs;
    for (const ParamSpec& spec : e.params)
        if (is_input(spec) && params.has(spec.name)) inputs.set(spec.name, params.values().at(spec.name));
    return inputs;
}

const ParamSpec* image_param_of(const Exhibit& e) {
    const auto found =
        std::find_if(e.params.begin(), e.params.end(), [](const ParamSpec& spec) { return spec.type == ParamType::image; });
    return found == e.params.end() ? nullptr : &*found;
}

std::vector<std::string> picture_samples(const ParamSpec& spec) {
    if (!spec.examples.empty()) return spec.examples;
    std::vector<std::string> values;
    for (const SceneSample& sample : scene_samples()) values.push_back("sample:" + sample.name);
    return values;
}

const std::string* picture_value(const Document& document, std::size_t side) {
    const ParamSpec* spec = image_param_of(document.exhibit());
    const RunRequest& request = document.sides[side].request;
    return spec != nullptr && request.params.has(spec->name) ? &request.params.text(spec->name) : nullptr;
}

}  // namespace saccade
