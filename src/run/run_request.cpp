#include "run/run_request.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "analysis/analysis.hpp"
#include "exhibit/exhibit.hpp"
#include "params/matrix_json.hpp"

namespace saccade {

using nlohmann::json;

namespace {

json to_json(const Intervention& intervention) {
    json result = {{"spec", to_string(intervention)}, {"enabled", intervention.enabled}};
    if (!intervention.origin.empty()) result["origin"] = intervention.origin;
    return result;
}

Intervention intervention_from(const json& value) {
    if (value.is_string()) return parse_intervention(value.get<std::string>());
    Intervention result = parse_intervention(value.at("spec").get<std::string>());
    result.enabled = value.value("enabled", true);
    result.origin = value.value("origin", "");
    // As sessions held arrays before they had a place in the spec.
    if (const auto array = value.find("array"); array != value.end()) {
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
        request.exhibit = value.at("exhibit").get<std::string>();
        if (const auto params = value.find("params"); params != value.end()) {
            request.params = params_from_json(exhibit(request.exhibit).params, *params);
        }
        request.seed = value.value("seed", request.seed);
        for (const json& item : value.value("interventions", json::array())) {
            request.interventions.push_back(intervention_from(item));
        }
        request.capture.names = value.value("capture", request.capture.names);
        for (const std::string& id : value.value("analyse", std::vector<std::string>()))
            for (const std::string& known : analyses_from(id)) request.analyses.push_back(known);
        request.weights_path = value.value("weights", "");
        return request;
    } catch (const json::exception& error) {
        throw Error(ErrorCode::bad_format, fmt::format("the request cannot be read: {}", error.what()),
                    "it was written by another program");
    } catch (const Error& error) {
        throw Error(ErrorCode::bad_format, fmt::format("the request cannot be read: {}", error.message()), error.hint());
    }
}

std::string request_text(const RunRequest& request) {
    return to_json(request).dump(-1, ' ', true, json::error_handler_t::replace);  // file names need not be UTF-8
}

RunRequest request_from_text(const std::string& text) {
    return request_from_json(json::parse(text, nullptr, false));
}

}  // namespace saccade
