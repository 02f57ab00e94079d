#pragma once

#include <string>

#include "viz/view_options.hpp"

namespace saccade {

/// The facts of the attention of one tensor alone; of the whole run if that is no attention.
OptionFacts option_facts(const Trace& trace, const std::string& tensor);

/// These as far as they mean something in a run of these facts; what is not offered there is as it is by default.
ViewOptions applicable(const ViewOptions& options, const OptionFacts& facts);

}  // namespace saccade
