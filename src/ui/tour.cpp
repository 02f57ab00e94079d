#include "ui/tour.hpp"

#include "ui/controller.hpp"

namespace saccade {

namespace {

/// What came of it is looked at first. What opens something else shows that at once.
constexpr auto time_to_see = std::chrono::milliseconds(1800);

bool is_dragged(const Document& document) {
    return document.hand.drag.active || document.hand.place.active || document.scene.held || document.hand.mask.stroke;
}

}  // namespace

bool Tour::open_first_scene() {
    try {
        act_.lesson().open(load_lesson(bundled_lesson_path(first_scene_lesson)));
    } catch (const Error&) {
        return false;  // the program was installed without its lessons
    }
    state_.tour.first_scene = state_.lesson.file->path;
    state_.view.lesson = state_.inspector_drawer = false;  // what it says stands in the band
    return true;
}

void Tour::close_band() {
    if (!std::exchange(state_.tour.first_scene, {}).empty()) act_.lesson().close();
}

bool Tour::as_it_was() const {
    return state_.document.side().request.params == state_.lesson.shown[0].params;
}

bool Tour::shows_band() const {
    return !state_.tour.first_scene.empty() && !state_.tour.step && !state_.view.lesson && !state_.lesson.editing.on;
}

void Tour::start() {
    begin(TourStep::input);
}

void Tour::begin(TourStep step) {
    TourState& tour = state_.tour;
    const Document& document = state_.document;
    tour.step = step;
    tour.before = document.side().request;
    tour.selected = document.stage.selected.cell;
    tour.of = document.side().shown.trace;
    tour.done_at.reset();
    tour.looked = 0;
    tour.raise = true;
}

void Tour::next() {
    if (!state_.tour.step) return;
    const auto at = static_cast<std::size_t>(*state_.tour.step);
    at + 1 == tour_steps ? leave() : begin(static_cast<TourStep>(at + 1));
}

void Tour::back() {
    if (!state_.tour.step || *state_.tour.step == TourStep::input) return;
    begin(static_cast<TourStep>(static_cast<std::size_t>(*state_.tour.step) - 1));
}

void Tour::leave() {
    state_.tour.step.reset();
    state_.view.tour_seen = true;
    close_band();
}

bool Tour::on_screen() const {
    return top_layer(state_, state_.menu_open, false) == Layer::tour;
}

bool Tour::was_done() const {
    const TourState& tour = state_.tour;
    const Document& document = state_.document;
    const RunRequest& now = document.side().request;
    switch (*tour.step) {
        case TourStep::input:
            return now.params != tour.before.params && !document.running() && !document.side().problem;
        case TourStep::row:
            return !(document.stage.selected.cell == tour.selected) && !is_dragged(document);
        case TourStep::hand:
            return now.interventions != tour.before.interventions && !is_dragged(document);
        case TourStep::exhibits:
            return now.exhibit != tour.before.exhibit;
        case TourStep::figure:
            return state_.desk.open;
    }
    return false;
}

void Tour::poll(TourState::Clock::time_point now) {
    TourState& tour = state_.tour;
    if (!tour.first_scene.empty()) {
        const bool replaced = !state_.lesson.file || state_.lesson.file->path != tour.first_scene;
        // Present would go back to it from wherever one is by then.
        if (replaced || !act_.lesson().on_stage()) replaced ? tour.first_scene.clear() : close_band();
    }
    if (!tour.step) return;
    const Document& document = state_.document;
    const bool elsewhere = document.side().request.exhibit != tour.before.exhibit;
    const bool other_run = document.side().shown.trace != tour.of;
    if (*tour.step != TourStep::exhibits && *tour.step != TourStep::figure && elsewhere) return begin(*tour.step);
    if (*tour.step == TourStep::row && other_run && !tour.done_at) return begin(*tour.step);  // selects for itself
    if (!tour.done_at && was_done()) tour.done_at = now;
    if (!tour.done_at) return;
    if (*tour.step == TourStep::input) tour.done_at = std::max(*tour.done_at, state_.history.last_edit);
    const bool at_once = *tour.step == TourStep::exhibits || *tour.step == TourStep::figure;
    if (at_once || (now - *tour.done_at >= time_to_see && !is_dragged(document))) next();
}

}  // namespace saccade
