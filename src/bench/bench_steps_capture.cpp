#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "base/rng.hpp"
#include "bench/bench_steps.hpp"
#include "io/half.hpp"

namespace saccade {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Index captured_length = 16384, captured_heads = 16;

/// Captured weights of 16 heads over 16,384 tokens, F16. Those of the first are written; the others are a hole in the file,
/// which takes no room and reads as zeros. Deleted with the object.
class LargeCapture {
 public:
    LargeCapture() : path_((std::filesystem::temp_directory_path() / fmt::format("saccade-bench-{}.npy", getpid())).string()) {
        constexpr std::uintmax_t needed = std::uintmax_t{1} << 30;
        if (std::filesystem::space(std::filesystem::temp_directory_path()).available < needed)
            throw Error(ErrorCode::io, path_ + ": there is no room for 1 GB", "set TMPDIR to a folder with more");
        std::ofstream file(path_, std::ios::binary);
        std::string header = fmt::format("{{'descr': '<f2', 'fortran_order': False, 'shape': ({}, {}, {}), }}", captured_heads,
                                         captured_length, captured_length);
        header.resize((header.size() + 10) / 64 * 64 + 64 - 10 - 1, ' ');
        header += '\n';
        file << "\x93NUMPY\x01" << '\0' << static_cast<char>(header.size() % 256) << static_cast<char>(header.size() / 256)
             << header;
        // Rows of one text's weights, each begun at another place.
        Rng rng(7);
        std::vector<std::uint16_t> row(2 * static_cast<std::size_t>(captured_length));
        for (std::size_t i = 0; i < row.size(); ++i)
            row[i] = float_to_half(static_cast<float>(std::pow(rng.uniform(), 8) * 9 / static_cast<double>(captured_length)));
        for (Index r = 0; r < captured_length; ++r)
            file.write(reinterpret_cast<const char*>(row.data() + r * 37 % captured_length), 2 * captured_length);
        file.close();
        std::filesystem::resize_file(
            path_, header.size() + 10 + static_cast<std::uintmax_t>(2 * captured_heads * captured_length * captured_length));
    }
    ~LargeCapture() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    LargeCapture(const LargeCapture&) = delete;
    LargeCapture& operator=(const LargeCapture&) = delete;
    const std::string& path() const { return path_; }

 private:
    std::string path_;
};

struct HandTimes {
    std::vector<double> pictures;  // ms, from what the hand does to the finished picture of it
    std::vector<double> frames;    // of every frame meanwhile, swapped and finished
};

/// A step of the hand, to its finished picture, n times.
HandTimes timed(Window& window, int n, const std::function<void(int)>& step, bool held) {
    HandTimes times;
    int i = 0;
    const auto frame = [&] {
        const auto start = Clock::now();
        const bool answered = held ? frame_held(window) : window.frame();
        window.finish();
        if (i >= 5) times.frames.push_back(ms_since(start));
        return answered;
    };
    int asked = 0;
    for (; i < n + 5; ++i) {
        const std::uint64_t before = window.controller().runs().asked();
        const auto start = Clock::now();
        step(i);
        frame();
        asked += window.controller().runs().asked() != before ? 1 : 0;
        while (!frame()) {
        }
        if (i >= 5) times.pictures.push_back(ms_since(start));
    }
    until_answered(window);
    if (2 * asked < n)
        throw Error(ErrorCode::unsupported, "the benchmark's mouse met no map", "the window may be covered or too small");
    return times;
}

std::array<float, 2> middle_of_map(Window& window) {
    const auto found = window.state().places.find("heatmap");
    if (found == window.state().places.end())
        throw Error(ErrorCode::not_found, "the window shows no heatmap", "make it larger");
    const auto [left, top, width, height] = found->second;
    return {left + width * 0.4F, top + height * 0.45F};
}

}  // namespace

std::vector<BenchValue> bench_capture(Window& window, int n) {
    const std::string how = fmt::format("a capture of {} heads over {} x {}, F16; {} steps, swapped and finished",
                                        captured_heads, captured_length, captured_length, n);
    std::vector<BenchValue> values;
    const auto add = [&](const std::string& name, const HandTimes& times, const std::string& what) {
        values.push_back({"capture_16k_" + name + "_frame_p95", time_quantile(times.frames, 0.95), "ms", "<= 16.7",
                          "every frame while the part that was asked for is read; " + what + ", " + how});
        values.push_back({"capture_16k_" + name + "_p95", time_quantile(times.pictures, 0.95), "ms", "",
                          "to the picture of the new part; " + what + ", " + how});
    };
    try {
        const LargeCapture capture;
        const auto start = Clock::now();
        window.controller().choose_exhibit("capture");
        window.controller().inputs().set_param("path", capture.path());
        until_answered(window);
        if (const auto& problem = window.state().document.side().problem) throw Error(ErrorCode::unsupported, problem->line());
        values.push_back(
            {"capture_16k_open", ms_since(start), "ms", "<= 1000", "from its path to its picture; the file was just written"});
        const auto [x, y] = middle_of_map(window);
        move_mouse(window, x, y);
        for (int i = 0; i < 3; ++i) window.frame();
        // Twelve notches nearer, twelve away again.
        const HandTimes zooms = timed(
            window, n, [&](int i) { ImGui_ImplGlfw_ScrollCallback(window.handle(), 0, i / 12 % 2 == 0 ? 1 : -1); }, false);
        add("zoom", zooms, "a notch of the wheel");
        for (int i = 0; i < 6; ++i) {
            ImGui_ImplGlfw_ScrollCallback(window.handle(), 0, 1);
            until_answered(window);
        }
        // The button that is held is pressed anew in each frame: that is no double click.
        const float usual = std::exchange(ImGui::GetIO().MouseDoubleClickTime, 0.0F);
        for (int i = 0; i < 3; ++i) frame_held(window);
        const HandTimes pans = timed(
            window, n,
            [&](int i) {
                const float turn = 0.3F * static_cast<float>(i + 1);
                move_mouse(window, std::round(x + 40 * std::cos(turn)), std::round(y + 40 * std::sin(turn)));
            },
            true);
        ImGui::GetIO().MouseDoubleClickTime = usual;
        add("pan", pans, "a move of the mouse that drags the part");
    } catch (const Error& error) {
        values.push_back({"capture_16k_zoom_frame_p95", std::nullopt, "ms", "<= 16.7", "not measured: " + error.line()});
    }
    window.controller().choose_exhibit("alignment");
    until_answered(window);
    return values;
}

}  // namespace saccade
