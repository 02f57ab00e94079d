#pragma once

#include "checkpoint/network_checkpoint.hpp"
#include "exhibit/exhibit.hpp"

namespace saccade {

// What the exhibit `vision-checkpoint` shows of a network whose blocks gate their channels: the gates, in the tensors and views
// of exhibit `channel`.

/// Does the parameter "path" name a folder of such a network? Errors of reading its config.json.
bool names_network(const Params& params);
void run_vision_network(RunContext& context);
std::vector<ViewPlacement> network_views(const Params& params);

/// Why a parameter of the exhibit is not read with the model that "path" names; empty: it is. Never throws.
std::string unread_by_vision_model(const std::string& param, const Params& params);

/// Of the parameter "block", which counts gates from 1 (0: the last): its place among them, of so many.
std::size_t chosen_gate(const Params& params, std::size_t gates);

}  // namespace saccade
