#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/model_store.hpp"
#include "params/param_spec.hpp"
#include "trace/intervention.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// All that determines a run. The same request gives the same trace, bit for bit, at any thread count.
struct RunRequest {
    std::string exhibit;
    Params params;
    std::uint64_t seed = 7;
    std::vector<Intervention> interventions;
    Capture capture;
    std::vector<std::string>
        analyses{};            // of what was captured, once the run is done (analysis/analysis.hpp); "all": every one
    std::string weights_path;  // --weights: the user's own file instead of the bundled model
    ModelPtr model;            // a model in memory (a snapshot of live training); wins over weights_path; not saved in sessions
};

nlohmann::json to_json(const RunRequest& request);
/// Error{bad_format}; unknown keys are ignored here and kept by the session (run/session.hpp).
RunRequest request_from_json(const nlohmann::json& json);
/// The same as text in ASCII, as an exported picture carries it (viz/export.hpp).
std::string request_text(const RunRequest& request);
/// Error{bad_format}.
RunRequest request_from_text(const std::string& text);

}  // namespace saccade
