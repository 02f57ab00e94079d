#pragma once

#include <string>

struct GLFWwindow;

namespace saccade {

/// A window that fills a screen for a while, and stands afterwards where it stood.
class FullScreen {
 public:
    explicit FullScreen(GLFWwindow* window) : window_(window) {}

    /// Fills the screen that most of the window is on. Why it could not, in a line; empty: it does.
    std::string enter();
    void leave();
    bool fills() const { return fills_; }
    /// The screen that it filled is gone. Once: the window then stands where it stood, or where there is a screen.
    bool lost();

 private:
    void stand_again();

    GLFWwindow* window_;
    bool fills_ = false, maximized_ = false;
    int x_ = 0, y_ = 0, width_ = 0, height_ = 0;  // before
};

}  // namespace saccade
