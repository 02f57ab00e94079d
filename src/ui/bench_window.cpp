#include "ui/bench_window.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "base/utf8.hpp"
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

/// One keystroke to its finished picture, in ms.
double type(Window& window, unsigned character) {
    const std::uint64_t before = window.state().side().wanted_ticket;
    const auto pressed = Clock::now();
    ImGui_ImplGlfw_CharCallback(window.handle(), character);
    window.frame();  // takes the key, asks for the run
    if (window.state().side().wanted_ticket == before)
        throw Error(ErrorCode::unsupported, "the benchmark's keystroke did not reach the field",
                    "the window may be covered or too small");
    until_answered(window);
    return ms_since(pressed);
}

void press_backspace(Window& window) {
    for (const int action : {GLFW_PRESS, GLFW_RELEASE}) {
        ImGui_ImplGlfw_KeyCallback(window.handle(), GLFW_KEY_BACKSPACE, 0, action, 0);
        for (int i = 0; i < 2; ++i) window.frame();
    }
    until_answered(window);
}

/// Typing into the Chinese sentence: keystroke to picture, of that the engine, and one more frame of the same picture; in ms.
struct ChineseTimes {
    std::vector<double> pictures, engine, frames;
};

/// The 20th character of a Chinese sentence, typed n times: another one each time, so that no two runs are the same.
ChineseTimes type_chinese(Window& window, int n) {
    window.controller().set_param("model", std::string("zh-en-gru"));
    window.controller().set_param("source", std::string());
    until_answered(window);
    focus_source(window);
    for (const char32_t c : decode_utf8("她昨天在车站旁边的书店里买了一本很有趣")) type(window, static_cast<unsigned>(c));
    const std::u32string last = decode_utf8("。的书吗了呢吧小大好");
    ChineseTimes times;
    for (int i = 0; i < n + 5; ++i) {
        const double ms = type(window, static_cast<unsigned>(last[static_cast<std::size_t>(i) % last.size()]));
        if (i >= 5) {
            times.pictures.push_back(ms);
            times.engine.push_back(window.state().side().shown.engine_ms);
            const auto start = Clock::now();
            window.frame();
            window.finish();
            times.frames.push_back(ms_since(start));
        }
        press_backspace(window);
    }
    return times;
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
    std::vector<unsigned> english;
    for (const char c : std::string("the 30th of September 2019, Monday 2019-09-30 "))
        english.push_back(static_cast<unsigned char>(c));
    std::vector<double> times;
    for (int i = 0; i < n + 10; ++i) {
        const double ms = type(window, english[static_cast<std::size_t>(i) % english.size()]);
        if (i >= 10) times.push_back(ms);
    }
    const ChineseTimes chinese = type_chinese(window, n);
    const std::string how =
        fmt::format("{}, {} keystrokes, swapped and finished", reinterpret_cast<const char*>(glfwGetVersionString()), n);
    return {
        {"keystroke_to_picture_p50", quantile(times, 0.5), "ms", "", how},
        {"keystroke_to_picture_p95", quantile(times, 0.95), "ms", "<= 16.7", how},
        {"zh_en_keystroke_to_picture_p50", quantile(chinese.pictures, 0.5), "ms", "",
         "zh-en-gru, the 20th character of a sentence; " + how},
        {"zh_en_keystroke_to_picture_p95", quantile(chinese.pictures, 0.95), "ms", "<= 16.7",
         "zh-en-gru, the 20th character of a sentence; " + how},
        {"zh_en_engine_p50", quantile(chinese.engine, 0.5), "ms", "", "of that, the run itself"},
        {"zh_en_frame_p50", quantile(chinese.frames, 0.5), "ms", "", "one more frame of the same picture"},
        {"frame", quantile(frames, 0.5), "ms", "",
         fmt::format("the whole window drawn again, swapped and finished; {} vertices", ImGui::GetIO().MetricsRenderVertices)},
        {"first_interactive_frame", first_frame, "ms", "<= 300", "from opening the window to its first frame"},
        {"first_picture", first_picture, "ms", "", "the same, to the first alignment drawn"}};
}

}  // namespace saccade
