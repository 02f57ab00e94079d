#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "run/run_request.hpp"

namespace saccade {

// Pictures that were pasted from the clipboard stand in files of their own, in state_folder()/pasted.

/// Puts one there; the same picture is the same file. What nobody needs any more goes. The path. Error{io}.
std::string keep_pasted(std::string_view picture, const std::string& ending);

/// A session, a lesson or a figure that was written anew may be opened at any time: its pasted pictures stay for good.
void note_saved(const RunRequest& request);

/// Deletes those that nothing was saved with and no window's work (ui/recovery.hpp) refers to: older than 30 days, or, the
/// oldest first, more than 256 MB together and older than a day.
void sweep_pasted(std::chrono::system_clock::time_point now);

}  // namespace saccade
