#pragma once

#include <string>
#include <vector>

#include "run/run_request.hpp"

namespace saccade {

/// The files that a run of this request would read, as they are written: its picture, its weights, arrays of its interventions,
/// switched on or not. Each once.
std::vector<std::string> named_files(const RunRequest& request);

/// Those that do not stand in the folder, or below it, wherever links lead: a session or a picture that came from elsewhere may
/// name any file of this machine.
std::vector<std::string> files_elsewhere(const RunRequest& request, const std::string& folder);

/// Error{usage} if the file that is to be written is one of those that are read, by whatever name: what is written takes its
/// place.
void refuse_overwriting(const std::string& output, const std::vector<std::string>& read);

/// The request without any: the exhibit's own picture and model, and no interventions by arrays from files.
RunRequest without_files(RunRequest request);

}  // namespace saccade
