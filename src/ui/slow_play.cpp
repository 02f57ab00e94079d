#include "ui/slow_play.hpp"

#include <algorithm>
#include <cmath>

#include "ui/app_state.hpp"

namespace saccade {

void SlowPlay::start(RowStory row, TracePtr run) {
    story = std::move(row);
    of = std::move(run);
    at = 0;
    playing = true;
}

void SlowPlay::end() {
    *this = {};
}

void SlowPlay::advance(double seconds) {
    if (!playing || !story) return;
    at = std::min(at + std::min(seconds, seconds_a_number) / seconds_a_number, static_cast<double>(story->count()));
    if (at_end()) playing = false;
}

void SlowPlay::step(int by) {
    if (!story) return;
    playing = false;
    const double whole = by > 0 ? std::floor(at + 1e-9) : std::ceil(at - 1e-9);
    at = std::clamp(whole + by, 0.0, static_cast<double>(story->count()));
}

void SlowPlay::pause_or_go_on() {
    if (!story) return;
    if (at_end()) at = 0;  // once more
    playing = !playing;
}

double SlowPlay::shown(std::size_t stage, std::size_t key) const {
    const auto place = static_cast<double>(stage * story->keys.size() + key);
    return std::clamp(at - place, 0.0, 1.0);
}

std::size_t SlowPlay::now() const {
    const auto last = static_cast<double>(story->count()) - 1;
    return static_cast<std::size_t>(std::clamp(playing ? std::floor(at) : std::ceil(at) - 1, 0.0, last));
}

std::optional<RowStory> story_to_play(const AppState& state) {
    const Trace* trace = state.document.trace();
    if (trace == nullptr || state.document.stale()) return std::nullopt;
    const StageState& stage = state.document.stage;
    const auto story_of = [&](CellRef cell) {
        for (Index& i : cell.index) i = std::max<Index>(i, 0);
        return row_story(*trace, cell);
    };
    if (!stage.selected.empty())
        if (std::optional<RowStory> story = story_of(stage.selected.cell)) return story;
    for (const TraceTensor* weights : trace->with_role(Role::weights)) {
        CellRef cell{weights->info.name, {}};
        for (const AxisPtr& axis : weights->info.axes) {
            const bool stepped = axis->name == state.document.exhibit().step_axis && stage.step >= 0;
            cell.index.push_back(stage.selected.on(axis).value_or(stepped ? std::min(stage.step, axis->extent - 1) : 0));
        }
        if (std::optional<RowStory> story = story_of(cell)) return story;
    }
    return std::nullopt;
}

}  // namespace saccade
