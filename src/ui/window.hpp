#pragma once

#include <memory>

#include "ui/app.hpp"
#include "ui/controller.hpp"

struct GLFWwindow;

namespace saccade {

/// The native window, its GL context, ImGui and the state, put together; frames are driven from outside (the main loop, the
/// benchmark).
class Window {
 public:
    /// Error{unsupported} if there is no display or no OpenGL 3.3.
    explicit Window(const WindowOptions& options);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    /// Events that wait, then one frame, swapped. True if the frame shows the answer to all that was asked.
    bool frame();
    /// Sleeps until something happens: an event, a result, or the next moment of an animation.
    void wait();
    bool closing() const;
    /// Asks all work to end and waits a moment for it. False: something is stuck, and the destructor would wait for it.
    bool end_work();

    AppState& state();
    Controller& controller();
    GLFWwindow* handle();
    /// Until the GPU has drawn all of it: for measuring.
    void finish();

 private:
    bool draw_frame();

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace saccade
