#pragma once

#include <string>

#include "ui/controller.hpp"

namespace saccade {

/// What the window does about an exception that a frame did not catch: the work is written to a file, a banner says so, and the
/// frame is given up. One that comes again in the next frame lies in what is shown, which is then let go a step at a time.
class Faults {
 public:
    Faults(AppState& state, Controller& act) : state_(state), act_(act) {}

    /// In a catch (...), with nothing of the frame left open. Error if all has been let go and the fault still comes: the
    /// window cannot go on.
    void meet();
    /// A frame went well.
    void over() { in_a_row_ = 0; }

 private:
    void let_go();

    AppState& state_;
    Controller& act_;
    int in_a_row_ = 0;
    std::string kept_;  // where the work was written; empty: nothing was edited, or it could not be
};

}  // namespace saccade
