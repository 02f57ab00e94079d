#include "ui/controller.hpp"

#include <algorithm>
#include <cmath>

#include "viz/derived.hpp"
#include "viz/theme.hpp"

namespace saccade {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t most_undo = 200;
constexpr double coalesce_seconds = 1.0;
constexpr double seconds_a_step = 0.6;
constexpr double seconds_a_message = 4;
constexpr double patience = 0.25;  // seconds: a run that takes longer gives way to what is dragged

/// The focus in a new trace; none if what it points at is no more (the source became shorter).
Focus focus_in(const Trace& trace, const CellRef& cell, Reuse* memo) {
    try {
        return focus_of(trace, cell, memo);
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

void Controller::complain(const Error& error) {
    state_.banner = Banner{error.line(), true, Clock::now()};
}
void Controller::tell(const std::string& text) {
    state_.banner = Banner{text, false, Clock::now()};
}

bool is_input(const ParamSpec& spec) {
    return spec.type == ParamType::text || spec.type == ParamType::image || spec.type == ParamType::matrix;
}

void Controller::choose_exhibit(const std::string& id) {
    const Exhibit& chosen = exhibit(id);
    RunRequest request;
    request.exhibit = chosen.id;
    request.seed = state_.side().request.seed;
    for (const ParamSpec& spec : chosen.params) request.params.set(spec.name, spec.fallback);
    for (Runner* runner : runners_) runner->cancel();
    for (Runner* runner : untouched_runners_)
        if (runner != nullptr) runner->cancel();
    state_.mask = {};
    state_.scene = {};
    state_.changes = {};
    state_.comparing = false;
    state_.focus = 0;
    state_.sides = {};
    state_.side().request = std::move(request);
    state_.difference = nullptr;
    state_.difference_of = {};
    state_.undo.clear();
    state_.redo.clear();
    state_.matrix = {};
    state_.stage.enlarged.clear();
    state_.explained.clear();
    state_.explanation.reset();
    state_.stage.selected = state_.stage.hovered = {};
    state_.stage.step = -1;
    submit();
}

void Controller::remember(const std::string& field) {
    const auto now = Clock::now();
    const bool same = !field.empty() && field == state_.coalescing &&
                      std::chrono::duration<double>(now - state_.last_edit).count() < coalesce_seconds;
    state_.coalescing = field;
    state_.last_edit = now;
    state_.redo.clear();
    if (same) return;
    state_.undo.push_back(current());
    if (state_.undo.size() > most_undo) state_.undo.pop_front();
}

void Controller::set_param(const std::string& name, ParamValue value) {
    Params changed = state_.side().request.params;
    changed.set(name, value);
    if (changed == state_.side().request.params) return;
    remember(name);
    set_everywhere(name, value, false);
}

/// On the side in focus; an input on both, while they are linked.
void Controller::set_everywhere(const std::string& name, const ParamValue& value, bool live) {
    const auto& specs = exhibit(state_.side().request.exhibit).params;
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const ParamSpec& s) { return s.name == name; });
    const bool both = state_.comparing && state_.linked && spec != specs.end() && is_input(*spec);
    for (std::size_t side = 0; side < 2; ++side) {
        if (side != state_.focus && !both) continue;
        state_.sides[side].request.params.set(name, value);
        live ? submit_live(side) : submit(side);
    }
}

void Controller::set_seed(std::uint64_t seed) {
    if (seed == state_.side().request.seed) return;
    remember("seed");
    state_.side().request.seed = seed;
    submit();
}

void Controller::use_bundled_model() {
    remember("");
    state_.side().request.weights_path.clear();
    submit();
}

void Controller::submit(std::size_t i) {
    Side& side = state_.sides[i];
    side.asked_at = Clock::now();
    side.running = true;
    side.cancelled = false;
    side.later = false;
    side.progress = 0;
    ++state_.edits;
    side.wanted_ticket = runners_[i]->submit(side.request);
    submit_untouched(i);
}

void Controller::submit_live(std::size_t i) {
    Side& side = state_.sides[i];
    const double waited = std::chrono::duration<double>(Clock::now() - side.asked_at).count();
    if (!side.running || waited > patience) return submit(i);
    side.later = true;
    ++state_.edits;
}

void Controller::submit() {
    submit(state_.focus);
}

void Controller::submit_all() {
    submit(0);
    if (state_.comparing) submit(1);
}

void Controller::cancel_runs() {
    for (std::size_t i = 0; i < 2; ++i) {
        Side& side = state_.sides[i];
        if (!side.running) continue;
        runners_[i]->cancel();
        poll(i);  // what came just before
        if (!side.running) continue;
        side.running = side.later = false;
        side.cancelled = true;
    }
}

bool Controller::poll() {
    // What went well needs no answer and goes by itself; an error stays until it is dismissed.
    if (state_.banner && !state_.banner->error &&
        std::chrono::duration<double>(Clock::now() - state_.banner->since).count() > seconds_a_message)
        state_.banner.reset();
    const bool a = poll(0);
    const bool b = state_.comparing && poll(1);
    if (state_.comparing) refresh_difference();
    return a || b;
}

/// Not while the next run is under way or something is dragged: that would only be in its way.
void Controller::check(Side& side) {
    if (side.frames_to_check == 0 || side.running || state_.drag.active || state_.scene.held) return;
    if (--side.frames_to_check > 0 || !side.shown.trace) return;
    const Trace& trace = *side.shown.trace;
    side.claims = check_claims(trace, 8);
    side.lesson = check_lesson(exhibit(side.shown.request.exhibit).lesson, trace);
}

bool Controller::poll(std::size_t i) {
    check(state_.sides[i]);
    poll_untouched(i);
    std::optional<RunResult> result = runners_[i]->take();
    const bool shown = result && result->ticket == state_.sides[i].wanted_ticket && take_result(i, std::move(*result));
    if (state_.sides[i].later && !state_.sides[i].running) submit(i);
    return shown;
}

bool Controller::take_result(std::size_t i, RunResult result) {
    Side& side = state_.sides[i];
    side.progress = result.progress;
    side.running = result.progress < 1;
    if (!side.running) side.problem = result.error;
    // Without a trace the picture before stays, dimmed, as what it is: not the answer to this request.
    if (!result.trace) return true;
    side.shown = std::move(result);
    if (side.running) side.problem.reset();
    const Trace& trace = *side.shown.trace;
    // The picture comes first; its claims are checked once it has been drawn.
    side.frames_to_check = 2;
    const auto enabled = [](const Intervention& intervention) { return intervention.enabled; };
    const auto& interventions = side.shown.request.interventions;
    if (!side.running && std::none_of(interventions.begin(), interventions.end(), enabled)) {
        side.untouched = side.shown.trace;
        side.untouched_of = side.shown.request;
    }
    if (i != state_.focus) return true;
    const Focus before = state_.stage.selected;
    state_.stage.selected = focus_in(trace, before.cell, state_.memo.get());
    if (!state_.stage.selected.empty()) state_.stage.selected = focus_after(trace, before, before.cell, state_.memo.get());
    state_.stage.hovered = focus_in(trace, state_.stage.hovered.cell, state_.memo.get());
    if (state_.stage.step >= step_count()) state_.stage.step = -1;
    refresh_explanation();
    return true;
}

Edit Controller::current() const {
    Edit edit;
    for (std::size_t i = 0; i < 2; ++i) {
        const RunRequest& request = state_.sides[i].request;
        edit.sides[i] = {request.params, request.interventions, request.weights_path, request.seed};
    }
    edit.comparing = state_.comparing;
    edit.linked = state_.linked;
    return edit;
}

void Controller::apply(const Edit& edit) {
    const Edit before = current();
    state_.reload_fields = true;
    state_.coalescing.clear();
    state_.comparing = edit.comparing;
    state_.linked = edit.linked;
    if (!edit.comparing) focus_on(0);
    for (std::size_t i = 0; i < 2; ++i) {
        if (i == 1 && !edit.comparing) continue;
        RunRequest& request = state_.sides[i].request;
        request.exhibit = state_.sides[0].request.exhibit;
        request.params = edit.sides[i].params;
        request.interventions = edit.sides[i].interventions;
        request.weights_path = edit.sides[i].weights_path;
        request.seed = edit.sides[i].seed;
        if (before.sides[i] != edit.sides[i] || state_.sides[i].stale() || state_.sides[i].problem) submit(i);
    }
}

void Controller::undo() {
    if (state_.undo.empty()) return tell("Nothing to undo");
    state_.redo.push_back(current());
    const Edit edit = state_.undo.back();
    state_.undo.pop_back();
    apply(edit);
}

void Controller::redo() {
    if (state_.redo.empty()) return tell("Nothing to redo");
    state_.undo.push_back(current());
    const Edit edit = state_.redo.back();
    state_.redo.pop_back();
    apply(edit);
}

// --- the stage ---

void Controller::hover(const CellRef& cell, const Trace* in) {
    if (in == nullptr) in = state_.trace();
    if (in == nullptr || state_.stage.hovered.cell == cell) return;
    state_.stage.hovered = focus_in(*in, cell, state_.memo.get());
}

void Controller::select(const CellRef& cell) {
    if (state_.trace() == nullptr) return;
    state_.stage.selected = focus_after(*state_.trace(), state_.stage.selected, cell, state_.memo.get());
    const CellRef& whole = state_.stage.selected.cell;
    state_.explained = whole.empty() ? std::vector<CellRef>{} : std::vector<CellRef>{whole};
    state_.show_explained = !state_.explained.empty();
    refresh_explanation();
    const auto mark = state_.stage.selected.marks.find(exhibit(state_.side().request.exhibit).step_axis);
    if (mark != state_.stage.selected.marks.end()) state_.stage.step = mark->second;
    pick(cell);
}

/// A cell of a tensor that the exhibit has something to pick on.
void Controller::pick(const CellRef& cell) {
    const Trace& trace = *state_.trace();
    const TraceTensor* clicked = trace.find(cell.tensor);
    if (clicked == nullptr || cell.index.size() != clicked->info.axes.size() || state_.stale()) return;
    if (std::any_of(cell.index.begin(), cell.index.end(), [](Index i) { return i < 0; })) return;
    for (const Pick& pick : exhibit(state_.side().request.exhibit).picks) {
        const TraceTensor* tensor = trace.find(pick.tensor);
        if (tensor == nullptr || tensor->info.axes != clicked->info.axes) continue;
        const float value = tensor->values.at(cell.index);
        if (value > 0) return set_param(pick.param, static_cast<std::int64_t>(std::lround(value)));
    }
}

void Controller::move_selection(Index rows, Index columns) {
    if (state_.trace() == nullptr) return;
    CellRef cell = state_.stage.selected.cell;
    if (cell.empty() || cell.index.size() < 2) {
        const auto weights = state_.trace()->with_role(Role::weights);
        if (weights.empty() || weights.front()->values.empty()) return;
        cell = {weights.front()->info.name, std::vector<Index>(weights.front()->info.axes.size(), 0)};
        select(cell);
        return;
    }
    const auto held = trace_with(*state_.trace(), cell.tensor, state_.memo.get());
    const Shape& shape = held->tensor(cell.tensor).values.shape();
    const auto move = [&](std::size_t axis, Index by) {
        if (by == 0) return;
        cell.index[axis] = std::clamp<Index>(std::max<Index>(cell.index[axis], 0) + by, 0, shape[static_cast<int>(axis)] - 1);
    };
    move(cell.index.size() - 2, rows);
    move(cell.index.size() - 1, columns);
    select(cell);
}

void Controller::open_operand(const CellRef& cell) {
    state_.explained.push_back(cell);
    refresh_explanation();
}

void Controller::back_to(std::size_t trail) {
    if (trail + 1 >= state_.explained.size()) return;
    state_.explained.resize(trail + 1);
    refresh_explanation();
}

void Controller::refresh_explanation() {
    state_.explanation.reset();
    while (!state_.explained.empty() && state_.trace() != nullptr) {
        try {
            const CellRef& cell = state_.explained.back();
            state_.explanation = explain(*trace_with(*state_.trace(), cell.tensor, state_.memo.get()), cell);
            return;
        } catch (const Error&) {
            state_.explained.pop_back();  // the output became shorter: that cell is no more
        }
    }
}

Index Controller::step_count() const {
    if (state_.trace() == nullptr) return 0;
    const AxisPtr axis = state_.trace()->axis(exhibit(state_.side().request.exhibit).step_axis);
    return axis ? axis->extent : 0;
}

Index Controller::current_step() const {
    const Index n = step_count();
    return state_.stage.step < 0 || state_.stage.step >= n ? n - 1 : state_.stage.step;
}

void Controller::set_step(Index step) {
    const Index n = step_count();
    if (n == 0) return;
    state_.stage.step = std::clamp<Index>(step, 0, n - 1);
}

void Controller::toggle_play() {
    state_.playing = !state_.playing && step_count() > 0;
    state_.play_clock = 0;
    if (state_.playing && current_step() + 1 >= step_count()) state_.stage.step = 0;
}

void Controller::advance(double seconds) {
    if (!state_.playing) return;
    state_.play_clock += seconds;
    if (state_.play_clock < seconds_a_step) return;
    state_.play_clock = 0;
    if (current_step() + 1 >= step_count())
        state_.playing = false;
    else
        set_step(current_step() + 1);
}

void Controller::toggle_theme() {
    state_.stage.theme = state_.stage.theme == "dark" ? "light" : "dark";
}

void Controller::set_ui_scale(double scale) {
    state_.stage.ui_scale = std::clamp(std::round(scale * 10) / 10, 0.7, 3.0);
}

void Controller::cycle_scale() {
    using Scale = Normalization::Scale;
    const Scale order[] = {Scale::linear, Scale::sqrt, Scale::log};
    const auto* at = std::find(std::begin(order), std::end(order), state_.stage.scale);
    state_.stage.scale = at == std::end(order) || at + 1 == std::end(order) ? order[0] : at[1];
}

}  // namespace saccade
