#pragma once

#include "exhibit/exhibit.hpp"

namespace saccade {

/// Reads what the parameters' paths name, all that a run needs of it, so that what cannot be read takes nobody's place. Takes
/// its time: not for the window's thread. Throws as the run does; Error{cancelled}. Of exhibits that name no files: nothing.
void read_ahead(const Exhibit& exhibit, const Params& params, const std::stop_token& stop);

/// The same of exhibit `capture` (exhibit/capture.cpp).
void read_capture_ahead(const Params& params, const std::stop_token& stop);

}  // namespace saccade
