#pragma once

namespace saccade {

/// Bytes that the system could give, as it says itself; 0: it does not say.
double available_memory();

}  // namespace saccade
