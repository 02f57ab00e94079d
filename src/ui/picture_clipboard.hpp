#pragma once

#include <stop_token>
#include <string>

namespace saccade {

// Pictures in the clipboard. A window of GLFW holds text alone there; wl-copy and wl-paste (Wayland), or xclip (X11), hold the
// rest. All of this waits for other programs, of which this one may be one: off the UI thread.

/// The picture, a PNG, is in the clipboard from now on. Error{unsupported} where no program can put it there.
void put_picture(const std::string& png, const std::stop_token& stop = {});

/// Writes the picture that the clipboard holds to a file, which stays, in the folder where the window keeps its state; its
/// path. Error{not_found} if it holds none, Error{unsupported} where no program can tell.
std::string pasted_picture(const std::stop_token& stop = {});

}  // namespace saccade
