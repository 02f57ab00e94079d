#include "run/run_request.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "analysis/analysis.hpp"
#include "exhibit/exhibit.hpp"
#include "io/json_text.hpp"
#include "params/matrix_json.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr std::size_t most_interventions = 100000;

json to_json(const Intervention& intervention) {
    json result = {{"spec", to_string(intervention)}, {"enabled", intervention.enabled}};
    if (!intervention.origin.empty()) result["origin"] = intervention.origin;
    return result;
}

Intervention intervention_from(const json& value) {
    if (value.is_string()) return parse_intervention(value.get<std::string>());
    const JsonObject object(value, "an intervention");
    std::string spec;
    object.needs({"spec"}).text("spec", spec);
    Intervention result = parse_intervention(spec);
    object.toggle("enabled", result.enabled);
    object.text("origin", result.origin);
    // As sessions held arrays before they had a place in the spec.
    if (const json* array = object.find("array")) {
        result.array = matrix_from_json(*array);
        result.array_source.clear();
    }
    return result;
}

}  // namespace

json to_json(const RunRequest& request) {
    json interventions = json::array();
    for (const Intervention& intervention : request.interventions) interventions.push_back(to_json(intervention));
    json result = {{"exhibit", request.exhibit},
                   {"params", to_json(request.params)},
                   {"seed", request.seed},
                   {"interventions", std::move(interventions)},
                   {"capture", request.capture.names}};
    if (!request.analyses.empty()) result["analyse"] = request.analyses;
    if (!request.weights_path.empty()) result["weights"] = request.weights_path;
    return result;
}

RunRequest request_from_json(const json& value) {
    try {
        RunRequest request;
        const JsonObject object(value, "it");
        object.needs({"exhibit"}).text("exhibit", request.exhibit);
        if (const json* params = object.find("params"))
            request.params = params_from_json(exhibit(request.exhibit).params, *params);
        object.whole("seed", request.seed);
        if (object.list("interventions").size() > most_interventions)
            throw Error(ErrorCode::bad_format, fmt::format("it holds more than {} interventions", most_interventions),
                        "replace an array as a whole: weights=@file.npz:name");
        for (const json& item : object.list("interventions")) request.interventions.push_back(intervention_from(item));
        object.texts("capture", request.capture.names);
        std::vector<std::string> ids;
        object.texts("analyse", ids);
        for (const std::string& id : ids)
            for (const std::string& known : analyses_from(id)) request.analyses.push_back(known);
        object.text("weights", request.weights_path);
        return request;
    } catch (const Error& error) {
        throw Error(ErrorCode::bad_format, fmt::format("the request cannot be read: {}", error.message()), error.hint());
    }
}

std::string request_text(const RunRequest& request) {
    return to_json(request).dump(-1, ' ', true, json::error_handler_t::replace);  // file names need not be UTF-8
}

RunRequest request_from_text(const std::string& text) {
    return request_from_json(parse_json(text, "the request", "use one that Saccade wrote"));
}

}  // namespace saccade
