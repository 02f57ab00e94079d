#pragma once

#include <stop_token>

#include "base/error.hpp"

namespace saccade {

/// Called inside every loop that may last longer than 5 ms: leaves by Error{cancelled} once a stop is asked for.
inline void check_stop(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(ErrorCode::cancelled, "cancelled");
}

}  // namespace saccade
