#include <fmt/format.h>

#include "bench/bench_steps.hpp"
#include "ui/present.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_frames = 600;

}  // namespace

std::vector<BenchValue> bench_slow_play(Window& window) {
    AppState& state = window.state();
    Controller& act = window.controller();
    const auto not_measured = [](const std::string& why) {
        return std::vector<BenchValue>{{"slow_play_frame_p95", std::nullopt, "ms", "<= 16.7", "not measured: " + why}};
    };
    if (!act.tour().open_first_scene()) return not_measured("the first scene is not there");
    until_answered(window);
    start_presenting(state, act);
    for (int i = 0; i < 5; ++i) window.frame();  // the type of the room is made
    std::optional<RowStory> story = story_to_play(state);
    if (!story) return not_measured("the first scene has no row to play");
    state.slow.start(std::move(*story), state.document.side().shown.trace);
    window.frame();
    std::vector<double> frames;
    while (state.slow.playing && !state.slow.at_end() && frames.size() < most_frames) {
        const auto start = std::chrono::steady_clock::now();
        window.frame();
        window.finish();
        frames.push_back(ms_since(start));
    }
    const std::size_t numbers = state.slow.on() ? state.slow.story->count() : 0;
    state.present.end();
    state.slow.end();
    act.tour().close_band();
    if (frames.empty()) return not_measured("the row does not play");
    const std::string how =
        fmt::format("{} numbers of a row played in Present, {} frames, swapped and finished", numbers, frames.size());
    return {{"slow_play_frame_p50", time_quantile(frames, 0.5), "ms", "", how},
            {"slow_play_frame_p95", time_quantile(frames, 0.95), "ms", "<= 16.7", how}};
}

}  // namespace saccade
