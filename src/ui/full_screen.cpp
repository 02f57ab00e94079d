#include "ui/full_screen.hpp"
#include "base/translate.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <span>

namespace saccade {

namespace {

std::span<GLFWmonitor* const> screens() {
    int count = 0;
    GLFWmonitor** all = glfwGetMonitors(&count);
    return {all, static_cast<std::size_t>(all != nullptr ? count : 0)};
}

/// Of a screen, how much a window at this place covers, in its units squared.
long long covered(GLFWmonitor* screen, int x, int y, int width, int height) {
    const GLFWvidmode* mode = glfwGetVideoMode(screen);
    if (mode == nullptr) return 0;
    int left = 0, top = 0;
    glfwGetMonitorPos(screen, &left, &top);
    const long long wide = std::min(x + width, left + mode->width) - std::max(x, left);
    const long long high = std::min(y + height, top + mode->height) - std::max(y, top);
    return wide > 0 && high > 0 ? wide * high : 0;
}

}  // namespace

std::string FullScreen::enter() {
    maximized_ = glfwGetWindowAttrib(window_, GLFW_MAXIMIZED) == GLFW_TRUE;
    glfwGetWindowPos(window_, &x_, &y_);
    glfwGetWindowSize(window_, &width_, &height_);
    const auto all = screens();
    const auto most =
        std::ranges::max_element(all, {}, [this](GLFWmonitor* screen) { return covered(screen, x_, y_, width_, height_); });
    const GLFWvidmode* mode = most == all.end() ? nullptr : glfwGetVideoMode(*most);
    if (mode == nullptr) return tr("No screen to fill: Present stays in this window");
    // Who clicks beside it, on a second screen, does not want it gone.
    glfwSetWindowAttrib(window_, GLFW_AUTO_ICONIFY, GLFW_FALSE);
    glfwSetWindowMonitor(window_, *most, 0, 0, mode->width, mode->height, mode->refreshRate);
    fills_ = glfwGetWindowMonitor(window_) != nullptr;
    return fills_ ? std::string() : tr("The screen cannot be filled: Present stays in this window");
}

void FullScreen::leave() {
    if (!fills_) return;
    fills_ = false;
    stand_again();
}

bool FullScreen::lost() {
    if (!fills_ || glfwGetWindowMonitor(window_) != nullptr) return false;
    fills_ = false;
    stand_again();
    return true;
}

void FullScreen::stand_again() {
    const auto all = screens();
    const bool in_sight =
        std::ranges::any_of(all, [this](GLFWmonitor* screen) { return covered(screen, x_, y_, width_, height_) > 0; });
    if (!in_sight && !all.empty()) glfwGetMonitorPos(all.front(), &x_, &y_);
    glfwSetWindowMonitor(window_, nullptr, x_, y_, width_, height_, GLFW_DONT_CARE);
    if (maximized_) glfwMaximizeWindow(window_);
}

}  // namespace saccade
