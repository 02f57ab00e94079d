#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "run/run.hpp"
#include "trace/trace.hpp"

namespace saccade {

struct AppState;
class Controller;

/// What a step of the tour points at, in their order.
enum class TourStep { input, row, hand, exhibits, figure };
constexpr std::size_t tour_steps = 5;

/// The first scene that a person sees, and the tour of the window. Changed by Tour alone.
struct TourState {
    using Clock = std::chrono::steady_clock;

    std::string first_scene;       // the lesson's file that the first start opened; what it says stands below the stage
    std::optional<TourStep> step;  // that is shown; none: no tour is taken
    // As it was when the step began, by which is seen whether the person has done it; and since when it is done.
    RunRequest before;
    CellRef selected;
    TracePtr of;
    std::optional<Clock::time_point> done_at;
    int looked = 0;      // frames in which its place was scrolled for
    bool raise = false;  // its card comes to the front, and takes the keyboard, in the next frame
};

/// The first start's scene, and a tour of five steps, each at one real thing of the window; it goes on when it is told to, or
/// when the person has done what it speaks of.
class Tour {
 public:
    Tour(AppState& state, Controller& act) : state_(state), act_(act) {}

    /// Opens the scene of a first start. False: it cannot be read, and nothing is changed.
    bool open_first_scene();
    /// What the first scene says goes away, and its lesson with it; what is shown stays.
    void close_band();
    /// Is what is shown still what the first scene speaks of?
    bool as_it_was() const;
    /// Does it stand below the stage now?
    bool shows_band() const;

    void start();
    void next();
    void back();
    /// Ends it; it is remembered as seen.
    void leave();
    /// Is it on the screen now? Not below a dialog, nor in Present.
    bool on_screen() const;
    /// Goes on a moment after what it speaks of was done, so that what came of it is seen first.
    void poll(TourState::Clock::time_point now = TourState::Clock::now());

    /// The lesson's name among those that come with the program.
    static constexpr const char* first_scene_lesson = "first-look";

 private:
    void begin(TourStep step);
    bool was_done() const;

    AppState& state_;
    Controller& act_;
};

}  // namespace saccade
