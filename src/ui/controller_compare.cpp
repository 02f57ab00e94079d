#include <algorithm>

#include "ui/controller.hpp"
#include "viz/difference.hpp"

namespace saccade {

// A | B: an exhibit beside itself.

void Controller::toggle_compare() {
    remember("");
    if (state_.comparing) {
        focus_on(0);
        state_.comparing = false;
        runners_[1]->cancel();
        state_.sides[1].running = state_.sides[1].later = false;
        return;
    }
    state_.comparing = true;
    state_.linked = true;
    const Side& a = state_.sides[0];
    Side b;
    b.request = a.request;
    // It shows what A shows until its own answer is there: nothing flickers.
    b.shown = a.shown;
    b.shown.ticket = 0;  // the tickets of the two runners have nothing to do with each other
    b.claims = a.claims;
    b.lesson = a.lesson;
    state_.sides[1] = std::move(b);
    state_.focus = 1;
    submit(1);
    refresh_difference();
    refresh_explanation();
}

void Controller::focus_on(std::size_t side) {
    if (side == state_.focus || (side == 1 && !state_.comparing)) return;
    state_.focus = side;
    state_.reload_fields = true;
    state_.drag = {};
    if (!state_.linked) state_.scene.shape = -1;
    state_.matrix.typing = false;
    if (state_.trace() != nullptr && !state_.stage.selected.empty()) {
        try {
            state_.stage.selected = focus_of(*state_.trace(), state_.stage.selected.cell, state_.memo.get());
        } catch (const Error&) {
            state_.explained.clear();  // this side has no such cell
        }
    }
    refresh_explanation();
}

void Controller::toggle_linked() {
    remember("");
    state_.linked = !state_.linked;
    if (!state_.linked || !state_.comparing) return;
    const std::size_t other = 1 - state_.focus;
    Params& params = state_.sides[other].request.params;
    const Params before = params;
    for (const ParamSpec& spec : exhibit(state_.side().request.exhibit).params)
        if (is_input(spec) && state_.side().request.params.has(spec.name))
            params.set(spec.name, state_.side().request.params.values().at(spec.name));
    if (!(before == params)) submit(other);
}

void Controller::swap_sides() {
    if (!state_.comparing) return;
    remember("");
    std::swap(state_.sides[0].request, state_.sides[1].request);
    submit_all();
    state_.reload_fields = true;
}

void Controller::refresh_difference() {
    const std::array<TracePtr, 2> of{state_.sides[0].shown.trace, state_.sides[1].shown.trace};
    if (of == state_.difference_of) return;
    state_.difference_of = of;
    state_.difference = nullptr;
    if (!of[0] || !of[1]) return;
    try {
        state_.difference = std::make_shared<const Trace>(difference_of(*of[0], *of[1]));
    } catch (const Error& error) {
        complain(error);
    }
}

void Controller::select_on(std::size_t side, const CellRef& cell) {
    focus_on(side);
    if (state_.trace() == nullptr) return;
    try {
        select(cell);
    } catch (const Error&) {
        // A position of the other side: here it has nothing to explain.
    }
}

void Controller::open_request(const RunRequest& request, const std::optional<RunRequest>& compared) {
    state_.undo.push_back(current());
    state_.redo.clear();
    state_.reload_fields = true;
    const bool same = request.exhibit == state_.sides[0].request.exhibit;
    if (!same) choose_exhibit(request.exhibit);  // forgets what the other exhibit had, undo too
    state_.focus = 0;
    const auto with_defaults = [](RunRequest given) {
        for (const ParamSpec& spec : exhibit(given.exhibit).params)
            if (!given.params.has(spec.name)) given.params.set(spec.name, spec.fallback);
        return given;
    };
    state_.sides[0].request = with_defaults(request);
    state_.comparing = compared.has_value() && compared->exhibit == request.exhibit;
    if (state_.comparing) state_.sides[1].request = with_defaults(*compared);
    submit_all();
    if (!state_.comparing) return;
    // Linked if they are alike, as they were when they were saved.
    const auto& specs = exhibit(request.exhibit).params;
    state_.linked = std::all_of(specs.begin(), specs.end(), [&](const ParamSpec& spec) {
        if (!is_input(spec)) return true;
        Params a, b;
        a.set(spec.name, state_.sides[0].request.params.values().at(spec.name));
        b.set(spec.name, state_.sides[1].request.params.values().at(spec.name));
        return a == b;
    });
}

}  // namespace saccade
