#pragma once

#include <optional>

#include "exhibit/exhibit.hpp"

namespace saccade {

/// How far an integer parameter goes in a run, where that is less than its spec allows: a position in a text goes no further
/// than the text. Nothing: as the spec says. Never throws.
std::optional<std::int64_t> range_in_run(const Exhibit& exhibit, const std::string& param, const Trace& trace);

}  // namespace saccade
