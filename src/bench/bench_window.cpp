#include "bench/bench_window.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <fmt/format.h>
#include <imgui.h>

#include <string>

#include "base/rng.hpp"
#include "base/utf8.hpp"
#include "bench/bench_steps.hpp"

namespace saccade {

namespace {

using Clock = std::chrono::steady_clock;

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
    const std::uint64_t before = window.state().document.side().wanted_ticket;
    const auto pressed = Clock::now();
    ImGui_ImplGlfw_CharCallback(window.handle(), character);
    window.frame();  // takes the key, asks for the run
    if (window.state().document.side().wanted_ticket == before)
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

/// The 20th character of a Chinese sentence, typed n times: another one each time, so that no two runs are the same.
/// Error{unsupported} if the exhibit does not run.
StepTimes type_chinese(Window& window, const std::string& exhibit, const std::string& model, int n) {
    if (window.state().document.side().request.exhibit != exhibit) window.controller().choose_exhibit(exhibit);
    window.controller().inputs().set_param("model", model);
    until_answered(window);
    if (const auto& problem = window.state().document.side().problem) throw Error(ErrorCode::unsupported, problem->line());
    window.controller().inputs().set_param("source", std::string());
    until_answered(window);
    focus_source(window);
    for (const char32_t c : decode_utf8("她昨天在车站旁边的书店里买了一本很有趣")) type(window, static_cast<unsigned>(c));
    const std::u32string last = decode_utf8("。的书吗了呢吧小大好");
    StepTimes times;
    for (int i = 0; i < n + 5; ++i) {
        const double faults = page_faults();
        const double ms = type(window, static_cast<unsigned>(last[static_cast<std::size_t>(i) % last.size()]));
        if (i >= 5) {
            times.pictures.push_back(ms);
            const double so_far = page_faults();
            times.picture_faults.push_back(so_far - faults);
            times.engine.push_back(window.state().document.side().shown.engine_ms);
            const auto start = Clock::now();
            window.frame();
            window.finish();
            times.frames.push_back(ms_since(start));
            times.frame_faults.push_back(page_faults() - so_far);
        }
        press_backspace(window);
    }
    return times;
}

/// Figures NAME_keystroke_to_picture_p50, ..., of a translator that types Chinese.
std::vector<BenchValue> bench_chinese(Window& window, const std::string& name, const std::string& exhibit,
                                      const std::string& model, int n, const std::string& how) {
    const std::string what = exhibit + " with " + model + ", the 20th character of a sentence; " + how;
    try {
        const StepTimes times = type_chinese(window, exhibit, model, n);
        std::vector<BenchValue> values = {
            {name + "_keystroke_to_picture_p50", time_quantile(times.pictures, 0.5), "ms", "", what},
            {name + "_keystroke_to_picture_p95", time_quantile(times.pictures, 0.95), "ms", "<= 16.7", what}};
        for (BenchValue& value : parts_of(name, times)) values.push_back(std::move(value));
        return values;
    } catch (const Error& error) {
        return {{name + "_keystroke_to_picture_p95", std::nullopt, "ms", "<= 16.7", "not measured: " + error.line()}};
    }
}

// --- the heads of a large model, drawn ---

/// Causal weights of 12 layers of 12 heads.
Tensor<float> large_model_weights(Index length) {
    Rng rng(7);
    Tensor<float> weights(Shape{12, 12, length, length});
    for (Index row = 0; row < 144 * length; ++row) {
        float* const w = weights.data() + row * length;
        float total = 0;
        for (Index j = 0; j <= row % length; ++j) total += w[j] = static_cast<float>(rng.uniform());
        for (Index j = 0; j <= row % length; ++j) w[j] /= total;
    }
    return weights;
}

/// As a language model of that size would show them.
TracePtr large_model_trace(Index length, Tensor<float> weights) {
    auto trace = std::make_shared<Trace>();
    std::vector<std::string> tokens;
    for (Index i = 0; i < length; ++i) tokens.push_back(fmt::format("w{}", i));
    const AxisPtr layer = trace->add_axis({"layer", AxisKind::layer, 12, {}, "l"});
    const AxisPtr head = trace->add_axis({"head", AxisKind::head, 12, {}, "h"});
    const AxisPtr query = trace->add_axis({"token", AxisKind::query, length, tokens, "i"});
    const AxisPtr key = trace->add_axis({"token.key", AxisKind::key, length, tokens, "j"});
    trace->add({"self.weights", Role::weights, "α", "Attention weights", "weight", {layer, head, query, key}},
               std::move(weights));
    return trace;
}

/// From a run's answer to the finished picture of its 12 x 12 heads, another answer each time; and from a move of the mouse
/// over them to the finished picture of what it points at.
std::vector<BenchValue> bench_head_grid(Window& window, Index length, int n) {
    const std::string name = fmt::format("head_grid_{}", length);
    window.controller().choose_exhibit("induction");
    until_answered(window);
    window.state().document.stage.enlarged = "head-grid/self.weights";
    const Tensor<float> weights = large_model_weights(length);
    std::vector<double> draws, hovers;
    for (int i = 0; i < n + 2; ++i) {
        // Another tensor each time: nothing that the window keeps of the last can be reused.
        const TracePtr trace = large_model_trace(length, weights.clone());
        const auto start = Clock::now();
        window.state().document.side().shown.trace = trace;
        window.frame();
        window.finish();
        if (i >= 2) draws.push_back(ms_since(start));
    }
    int pointed = 0;
    for (int i = 0; i < n + 2; ++i) {
        const auto start = Clock::now();
        move_mouse(window, 520.0F + static_cast<float>(i * 37 % 300), 320.0F + static_cast<float>(i * 53 % 200));
        window.frame();
        window.finish();
        if (i < 2) continue;
        hovers.push_back(ms_since(start));
        pointed += window.state().document.stage.hovered.empty() ? 0 : 1;
    }
    window.state().document.stage.enlarged.clear();
    const std::string how =
        fmt::format("12 layers of 12 heads, {0} x {0} weights each, swapped and finished; p95 of {1}", length, n);
    std::vector<BenchValue> values = {{name + "_draw", time_quantile(draws, 0.95), "ms", "<= 50", how},
                                      {name + "_hover", time_quantile(hovers, 0.95), "ms", "<= 16.7", how}};
    if (2 * pointed < n) values[1] = {name + "_hover", std::nullopt, "ms", "<= 16.7", "not measured: the mouse met no cell"};
    return values;
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
    window.controller().inputs().set_param("source", std::string());
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
    const std::string how =
        fmt::format("{}, {} keystrokes, swapped and finished", reinterpret_cast<const char*>(glfwGetVersionString()), n);
    std::vector<BenchValue> values = {
        {"keystroke_to_picture_p50", time_quantile(times, 0.5), "ms", "", how},
        {"keystroke_to_picture_p95", time_quantile(times, 0.95), "ms", "<= 16.7", how},
        {"frame", time_quantile(frames, 0.5), "ms", "",
         fmt::format("the whole window drawn again, swapped and finished; {} vertices", ImGui::GetIO().MetricsRenderVertices)},
        {"first_interactive_frame", first_frame, "ms", "<= 300", "from opening the window to its first frame"},
        {"first_picture", first_picture, "ms", "", "the same, to the first alignment drawn"}};
    const auto append = [&](std::vector<BenchValue> more) { values.insert(values.end(), more.begin(), more.end()); };
    append(bench_chinese(window, "zh_en", "alignment", "zh-en-gru", n, how));
    append(bench_chinese(window, "zh_en_luong", "alignment", "zh-en-luong", n, how));
    append(bench_chinese(window, "zh_en_transformer", "transformer", "zh-en", n, how));
    for (const Index length : {256, 512}) append(bench_head_grid(window, length, 30));
    append(bench_pictures(window, 100));
    append(bench_capture(window, 100));
    append(bench_slow_play(window));
    return values;
}

}  // namespace saccade
