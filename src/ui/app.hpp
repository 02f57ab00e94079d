#pragma once

#include <functional>
#include <string>

namespace saccade {

struct WindowOptions {
    std::string file;        // a session, picture or weights to open; empty: the first exhibit
    std::string state_file;  // where the state is written as JSON whenever it changes, for tests; empty: nowhere
    int width = 1600, height = 1000;
    std::function<void()> in_each_frame;  // among the panels, for tests of what a frame withstands
    bool preferences = false;             // starts as a person set it last, at the size that the screen asks for
    bool first_scene = false;             // starts as it does before there are any
};

/// Opens the window and returns when it is closed: the program's exit status. Error{unsupported} if there is no display.
int run_window(const WindowOptions& options);

}  // namespace saccade
