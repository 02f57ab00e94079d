#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "run/run_request.hpp"
#include "trace/trace.hpp"

namespace saccade {

/// trace.json: {"format": "saccade-trace", "version": 1, "request", "axes": [{name, kind, extent, labels, symbol}], "tensors":
/// [{name, role, symbol, title, unit, axes, shape}], "steps": [{operation, result, formula, rule, source}], "notes", "texts"}.
/// Lists the tensors that save_trace writes. A tensor that interventions changed has "before": the array as the model had
/// computed it.
nlohmann::json trace_to_json(const Trace& trace, const RunRequest& request);

/// Every recorded tensor (parameters only if the capture names them) and trace.json, as one .npz. Error{io}.
void save_trace(const std::string& path, const Trace& trace, const RunRequest& request);
/// Back again, with the rules whose operands were saved. Error{io} or {bad_format}, with the path.
Trace load_trace(const std::string& path, RunRequest* request = nullptr);

}  // namespace saccade
