#include "ui/bench_window.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "ui/window.hpp"

namespace saccade {

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

/// Frames until the last one shows the answer to all that was asked, drawn to the end.
void until_answered(Window& window) {
    while (!window.frame()) {
    }
    window.finish();
}

/// Clicks into the first field, as the mouse would.
void focus_source(Window& window) {
    glfwSetCursorPos(window.handle(), 600, 84);
    ImGui::GetIO().MousePos = {600, 84};
    for (int i = 0; i < 3; ++i) window.frame();
    ImGui_ImplGlfw_MouseButtonCallback(window.handle(), GLFW_MOUSE_BUTTON_LEFT, GLFW_PRESS, 0);
    for (int i = 0; i < 3; ++i) window.frame();
    ImGui_ImplGlfw_MouseButtonCallback(window.handle(), GLFW_MOUSE_BUTTON_LEFT, GLFW_RELEASE, 0);
    for (int i = 0; i < 3; ++i) window.frame();
}

}  // namespace

std::vector<BenchValue> bench_window(int n) {
    const auto start = Clock::now();
    Window window({});
    glfwSwapInterval(0);
    window.frame();
    window.finish();
    const double first_frame = ms_since(start);
    until_answered(window);
    const double first_picture = ms_since(start);

    std::vector<double> frames;
    for (int i = 0; i < 30; ++i) {
        const auto frame_start = Clock::now();
        window.frame();
        window.finish();
        frames.push_back(ms_since(frame_start));
    }
    window.controller().set_param("source", std::string());
    until_answered(window);
    focus_source(window);
    const std::string text = "the 30th of September 2019, Monday 2019-09-30 ";
    std::vector<double> times;
    for (int i = 0; i < n + 10; ++i) {
        const auto key = static_cast<unsigned>(text[static_cast<std::size_t>(i) % text.size()]);
        const std::uint64_t before = window.state().side().wanted_ticket;
        const auto pressed = Clock::now();
        ImGui_ImplGlfw_CharCallback(window.handle(), key);
        window.frame();  // takes the key, asks for the run
        if (window.state().side().wanted_ticket == before)
            throw Error(ErrorCode::unsupported, "the benchmark's keystroke did not reach the field",
                        "the window may be covered or too small");
        until_answered(window);
        if (i >= 10) times.push_back(ms_since(pressed));
    }
    const std::string how =
        fmt::format("{}, {} keystrokes, swapped and finished", reinterpret_cast<const char*>(glfwGetVersionString()), n);
    return {
        {"keystroke_to_picture_p50", quantile(times, 0.5), "ms", "", how},
        {"keystroke_to_picture_p95", quantile(times, 0.95), "ms", "<= 16.7", how},
        {"frame", quantile(frames, 0.5), "ms", "",
         fmt::format("the whole window drawn again, swapped and finished; {} vertices", ImGui::GetIO().MetricsRenderVertices)},
        {"first_interactive_frame", first_frame, "ms", "<= 300", "from opening the window to its first frame"},
        {"first_picture", first_picture, "ms", "", "the same, to the first alignment drawn"}};
}

}  // namespace saccade
