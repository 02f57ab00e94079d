#pragma once

namespace saccade {

/// Ends a frame of ImGui that was left in the middle, whatever stands open in it; nothing of it is drawn. Does nothing between
/// frames.
void abandon_frame();

}  // namespace saccade
