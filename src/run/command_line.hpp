#pragma once

#include <string>

#include "run/run_request.hpp"

namespace saccade {

/// The request as words of a command for a shell: "transformer --source '火车几点到？' --seed 3". As command_line.
std::string request_words(const RunRequest& request);

/// The request as a command for a shell: "saccade run transformer --source '火车几点到？' --intervene 'cross.weights[2,1]*=0'
/// --save run.npz". Parameters that have their default are left out, and so are interventions that are switched off.
/// Error{unsupported} if a part is too long for a command line, or cannot be written in one (a model in memory).
std::string command_line(const RunRequest& request);

}  // namespace saccade
