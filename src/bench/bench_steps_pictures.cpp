#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>

#include "bench/bench_steps.hpp"

namespace saccade {

namespace {

using Clock = std::chrono::steady_clock;

/// One drag of n moves; `at(i)`: where the mouse is at the i-th, in screen px. Error{unsupported} if a move asks for no run.
StepTimes dragged(Window& window, int n, const std::function<std::array<float, 2>(int)>& at) {
    move_mouse(window, at(0)[0], at(0)[1]);
    for (int i = 0; i < 3; ++i) window.frame();
    for (int i = 0; i < 3; ++i) frame_held(window);
    StepTimes times;
    bool follows = true;
    for (int i = 1; i <= n + 5 && follows; ++i) {
        const std::uint64_t before = window.controller().runs().asked();
        const double faults = page_faults();
        const auto moved = Clock::now();
        move_mouse(window, at(i)[0], at(i)[1]);
        frame_held(window);
        follows = window.controller().runs().asked() != before;
        while (!frame_held(window)) {
        }
        window.finish();
        if (i <= 5) continue;
        times.pictures.push_back(ms_since(moved));
        const double so_far = page_faults();
        times.picture_faults.push_back(so_far - faults);
        times.engine.push_back(window.state().document.side().shown.engine_ms);
        const auto start = Clock::now();
        frame_held(window);
        window.finish();
        times.frames.push_back(ms_since(start));
        times.frame_faults.push_back(page_faults() - so_far);
    }
    until_answered(window);  // and the button is up
    if (!follows)
        throw Error(ErrorCode::unsupported, "the benchmark's mouse grabbed nothing", "the window may be covered or too small");
    return times;
}

void open_exhibit(Window& window, const char* id, Index resolution) {
    Controller& act = window.controller();
    act.choose_exhibit(id);
    if (resolution > 0) act.inputs().set_param("resolution", resolution);
    until_answered(window);
    // Until what the exhibit before had drawn is let go: freeing hundreds of megabytes would be timed here.
    for (int i = 0; i < 300; ++i) window.frame();
    if (const auto& problem = window.state().document.side().problem) throw Error(ErrorCode::unsupported, problem->line());
}

std::array<float, 4> place(Window& window, const char* name) {
    const auto found = window.state().places.find(name);
    if (found == window.state().places.end())
        throw Error(ErrorCode::not_found, std::string("the window shows no ") + name, "make it larger");
    return found->second;
}

/// Round and round by some px, from the middle of a shape that nothing lies on.
StepTimes move_shape_of(Window& window, int n) {
    const Scene* scene = window.controller().scenes().scene(0);
    if (scene == nullptr) throw Error(ErrorCode::not_found, "the exhibit's picture is not a scene");
    double x = 0, y = 0;
    for (int i = 0; i < static_cast<int>(scene->shapes.size()); ++i) {
        const SceneShape& shape = scene->shapes[static_cast<std::size_t>(i)];
        if (shape_at(*scene, shape.x, shape.y) != i) continue;
        x = shape.x;
        y = shape.y;
    }
    const auto [left, top, width, height] = place(window, "picture");
    const float from_x = left + width * static_cast<float>(x), from_y = top + height * static_cast<float>(y);
    return dragged(window, n, [&](int i) -> std::array<float, 2> {
        const float turn = 0.4F * static_cast<float>(i), radius = i == 0 ? 0.0F : 20.0F;
        return {std::round(from_x + radius * std::cos(turn)), std::round(from_y + radius * std::sin(turn))};
    });
}

StepTimes change_gate(Window& window, int n) {
    const auto [left, top, width, height] = place(window, "bars");
    const float x = left + width * 0.3F, y = top + height * 0.8F;
    // Up and down by so little that no gate meets 0 or 1, where it would stay.
    return dragged(window, n, [&](int i) -> std::array<float, 2> {
        const auto by = static_cast<float>(3 + i % 8);
        return {x, i % 2 == 0 ? y + by : y - by};
    });
}

/// Round and round about where it was: every later glimpse, and the fan, is computed again.
StepTimes move_fixation(Window& window, int n) {
    const auto [left, top, width, height] = place(window, "place 2");
    const float from_x = left + width / 2, from_y = top + height / 2;
    return dragged(window, n, [&](int i) -> std::array<float, 2> {
        const float turn = 0.4F * static_cast<float>(i), radius = i == 0 ? 0.0F : 24.0F;
        return {std::round(from_x + radius * std::cos(turn)), std::round(from_y + radius * std::sin(turn))};
    });
}

}  // namespace

std::vector<BenchValue> bench_pictures(Window& window, int n) {
    struct Case {
        const char *name, *exhibit;
        Index resolution;
        StepTimes (*measure)(Window&, int);
    };
    const Case cases[] = {{"move_shape_128", "spatial", 128, move_shape_of},
                          {"change_gate_128", "channel", 128, change_gate},
                          {"move_fixation", "glimpses", 0, move_fixation},
                          {"move_shape_512", "spatial", 512, move_shape_of},
                          {"change_gate_512", "channel", 512, change_gate}};
    std::vector<BenchValue> values;
    for (const auto& [name, exhibit, resolution, measure] : cases) {
        const bool large = resolution > 128;
        const std::string goal = large ? "" : "<= 16.7", id = name;
        try {
            open_exhibit(window, exhibit, resolution);
            const StepTimes times = measure(window, large ? n / 3 : n);
            const std::string how =
                fmt::format("{}, its default scene and network{}; {} moves of the mouse, swapped and finished", exhibit,
                            resolution > 0 ? fmt::format(" at {} px", resolution) : "", times.pictures.size());
            values.push_back({id + "_p50", time_quantile(times.pictures, 0.5), "ms", "", how});
            values.push_back({id + "_p95", time_quantile(times.pictures, 0.95), "ms", goal, how});
            for (BenchValue& value : parts_of(id, times)) values.push_back(std::move(value));
        } catch (const Error& error) {
            values.push_back({id + "_p95", std::nullopt, "ms", goal, "not measured: " + error.line()});
        }
    }
    return values;
}

}  // namespace saccade
