#pragma once

namespace saccade {

/// From nothing to a first frame, swapped and finished, in ms; of this process's first window alone: later ones find the driver
/// loaded. `bare`: of an empty window of the usual size, which is what the machine takes. Error{unsupported} without a
/// display.
double start_ms(bool bare);

}  // namespace saccade
