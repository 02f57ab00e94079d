#include "bench/bench_steps.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <imgui.h>

#include <algorithm>

namespace saccade {

double ms_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double time_quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

void until_answered(Window& window) {
    while (!window.frame()) {
    }
    window.finish();
}

void move_mouse(Window& window, float x, float y) {
    glfwSetCursorPos(window.handle(), static_cast<double>(x), static_cast<double>(y));
    ImGui::GetIO().MousePos = {x, y};
}

bool frame_held(Window& window) {
    ImGui_ImplGlfw_MouseButtonCallback(window.handle(), GLFW_MOUSE_BUTTON_LEFT, GLFW_PRESS, 0);
    return window.frame();
}

}  // namespace saccade
