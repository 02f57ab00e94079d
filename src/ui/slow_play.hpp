#pragma once

#include <optional>

#include "run/row_story.hpp"
#include "run/run.hpp"

namespace saccade {

struct AppState;

/// One row of attention, played number by number in Present.
struct SlowPlay {
    static constexpr double seconds_a_number = 0.45;

    std::optional<RowStory> story;  // none: it is not on
    TracePtr of;                    // the run whose row it is
    double at = 0;                  // so many numbers are there; of the one that comes, this part
    bool playing = false;

    bool on() const { return story.has_value(); }
    void start(RowStory row, TracePtr run);
    void end();
    void advance(double seconds);
    /// One number on or back; then it stands.
    void step(int by);
    void pause_or_go_on();
    bool at_end() const { return !story || at >= static_cast<double>(story->count()); }

    /// How much of a number is there, from 0 to 1: of this stage, for this key.
    double shown(std::size_t stage, std::size_t key) const;
    /// The number that is told now.
    std::size_t now() const;
};

/// The row that would be played: of the selected cell, else of the first weights at the step that is shown. None: there is none
/// on this run.
std::optional<RowStory> story_to_play(const AppState& state);

}  // namespace saccade
