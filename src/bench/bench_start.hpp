#pragma once

#include <string>

namespace saccade {

/// From nothing to what is asked for, swapped and finished, in ms; of this process's first window alone: later ones find the
/// driver loaded. "window": its first frame. "scene": the first start's scene, computed and drawn. "bare": a frame of an empty
/// window of the usual size, which is what the machine takes. Error{unsupported} without a display, or if the scene is not
/// there.
double start_ms(const std::string& what);

}  // namespace saccade
