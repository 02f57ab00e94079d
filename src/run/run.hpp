#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "exhibit/exhibit.hpp"
#include "run/run_request.hpp"

namespace saccade {

using TracePtr = std::shared_ptr<const Trace>;

/// Called by a run that is under way, on its thread: how far it is (0 to 1), and what it can show so far (null: nothing yet).
using Progress = std::function<void(double fraction, TracePtr partial)>;

/// Runs a request here and now, on the calling thread. Throws Error; a stop gives Error{cancelled} within 5 ms.
/// `reuse`: what earlier runs kept; null: this run starts from nothing. The trace is the same.
TracePtr run(const RunRequest& request, std::stop_token stop = {}, const Progress& progress = {}, Reuse* reuse = nullptr);

/// The same for an exhibit that is not in the registry (tests, tools); request.exhibit is not looked at.
TracePtr run(const Exhibit& exhibit, const RunRequest& request, std::stop_token stop = {}, const Progress& progress = {},
             Reuse* reuse = nullptr);

/// The bundled model that a run with these parameters takes; empty if the exhibit has none. Error as resolve.
std::string model_of(const Exhibit& exhibit, const Params& given);

}  // namespace saccade
