#include "bench/bench_steps.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <imgui.h>
#include <sys/resource.h>

#include <algorithm>

namespace saccade {

std::vector<BenchValue> parts_of(const std::string& name, const StepTimes& times) {
    return {{name + "_engine_p50", time_quantile(times.engine, 0.5), "ms", "", "of that, the run itself"},
            {name + "_frame_p50", time_quantile(times.frames, 0.5), "ms", "", "one more frame of the same picture"},
            {name + "_page_faults", time_quantile(times.picture_faults, 0.5), "", "", "median, to the finished picture"},
            {name + "_frame_page_faults", time_quantile(times.frame_faults, 0.5), "", "<= 0", "median, one more frame"}};
}

double page_faults() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_minflt + used.ru_majflt);
}

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
