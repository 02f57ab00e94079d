#include "ui/controller.hpp"

#include <algorithm>
#include <cmath>

#include "viz/theme.hpp"

namespace saccade {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t most_undo = 200;
constexpr double coalesce_seconds = 1.0;
constexpr double seconds_a_step = 0.6;
constexpr double seconds_a_message = 4;

/// The focus in a new trace; none if what it points at is no more (the source became shorter).
Focus focus_in(const Trace& trace, const CellRef& cell) {
    try {
        return focus_of(trace, cell);
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

void Controller::choose_exhibit(const std::string& id) {
    const Exhibit& chosen = exhibit(id);
    RunRequest request;
    request.exhibit = chosen.id;
    request.seed = state_.request.seed;
    for (const ParamSpec& spec : chosen.params) request.params.set(spec.name, spec.fallback);
    state_.request = std::move(request);
    state_.undo.clear();
    state_.redo.clear();
    state_.untouched = nullptr;
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
    Params changed = state_.request.params;
    changed.set(name, value);
    if (changed == state_.request.params) return;
    remember(name);
    state_.request.params.set(name, std::move(value));
    submit();
}

void Controller::set_seed(std::uint64_t seed) {
    state_.request.seed = seed;
    submit();
}

void Controller::submit() {
    state_.asked_at = Clock::now();
    state_.wanted_ticket = runner_.submit(state_.request);
}

bool Controller::poll() {
    // What went well needs no answer and goes by itself; an error stays until it is dismissed.
    if (state_.banner && !state_.banner->error &&
        std::chrono::duration<double>(Clock::now() - state_.banner->since).count() > seconds_a_message)
        state_.banner.reset();
    std::optional<RunResult> result = runner_.take();
    if (!result || result->ticket != state_.wanted_ticket) return false;
    state_.problem = result->error;
    if (!result->trace) {
        // The picture before stays, dimmed, as what it is: not the answer to this request.
        return true;
    }
    state_.shown = std::move(*result);
    state_.claims = check_claims(*state_.shown.trace, 8);
    const auto enabled = [](const Intervention& i) { return i.enabled; };
    if (std::none_of(state_.shown.request.interventions.begin(), state_.shown.request.interventions.end(), enabled))
        state_.untouched = state_.shown.trace;
    else if (state_.untouched && !(state_.untouched->texts().empty()) && state_.undo.empty())
        state_.untouched = nullptr;
    const Trace& trace = *state_.shown.trace;
    state_.stage.selected = focus_in(trace, state_.stage.selected.cell);
    state_.stage.hovered = focus_in(trace, state_.stage.hovered.cell);
    if (state_.stage.step >= step_count()) state_.stage.step = -1;
    refresh_explanation();
    return true;
}

// --- the hand ---

void Controller::begin_weight_drag(const CellRef& cell, float mouse_y) {
    if (state_.trace() == nullptr || state_.stale()) return;
    state_.drag = {true, cell, static_cast<double>(state_.trace()->tensor(cell.tensor).values.at(cell.index)), mouse_y, false};
}

void Controller::drag_weight(float mouse_y, float px_for_one) {
    WeightDrag& drag = state_.drag;
    if (!drag.active) return;
    const float up = drag.start_y - mouse_y;
    if (!drag.moved && std::abs(up) < 4) return;
    if (!drag.moved) {
        drag.moved = true;
        remember("");
    }
    const double value = std::clamp(drag.start_value + static_cast<double>(up / px_for_one), 0.0, 1.0);
    set_weight(drag.cell, value);
}

void Controller::end_weight_drag() {
    state_.drag = {};
}

void Controller::set_weight(const CellRef& cell, double value) {
    auto& list = state_.request.interventions;
    const auto same = [&](const Intervention& i) {
        return i.kind == Intervention::Kind::set && i.tensor == cell.tensor && i.index == cell.index;
    };
    auto found = std::find_if(list.begin(), list.end(), same);
    if (found == list.end()) {
        Intervention intervention;
        intervention.tensor = cell.tensor;
        intervention.index = cell.index;
        found = list.insert(list.end(), intervention);
    }
    if (found->value == static_cast<float>(value) && found->enabled) return;
    found->value = static_cast<float>(value);
    found->enabled = true;
    submit();
}

void Controller::toggle_intervention(std::size_t i) {
    if (i >= state_.request.interventions.size()) return;
    remember("");
    state_.request.interventions[i].enabled = !state_.request.interventions[i].enabled;
    submit();
}

void Controller::remove_intervention(std::size_t i) {
    if (i >= state_.request.interventions.size()) return;
    remember("");
    state_.request.interventions.erase(state_.request.interventions.begin() + static_cast<std::ptrdiff_t>(i));
    submit();
}

void Controller::clear_interventions() {
    if (state_.request.interventions.empty()) return;
    remember("");
    state_.request.interventions.clear();
    submit();
}

void Controller::apply(const Edit& edit) {
    state_.reload_fields = true;
    state_.request.params = edit.params;
    state_.request.interventions = edit.interventions;
    state_.request.weights_path = edit.weights_path;
    state_.coalescing.clear();
    submit();
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

void Controller::hover(const CellRef& cell) {
    if (state_.trace() == nullptr || state_.stage.hovered.cell == cell) return;
    state_.stage.hovered = focus_of(*state_.trace(), cell);
}

void Controller::select(const CellRef& cell) {
    if (state_.trace() == nullptr) return;
    state_.stage.selected = focus_of(*state_.trace(), cell);
    state_.explained = cell.empty() ? std::vector<CellRef>{} : std::vector<CellRef>{cell};
    refresh_explanation();
    const auto mark = state_.stage.selected.marks.find(exhibit(state_.request.exhibit).step_axis);
    if (mark != state_.stage.selected.marks.end()) state_.stage.step = mark->second;
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
    const Shape& shape = state_.trace()->tensor(cell.tensor).values.shape();
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
            state_.explanation = explain(*state_.trace(), state_.explained.back());
            return;
        } catch (const Error&) {
            state_.explained.pop_back();  // the output became shorter: that cell is no more
        }
    }
}

Index Controller::step_count() const {
    if (state_.trace() == nullptr) return 0;
    const AxisPtr axis = state_.trace()->axis(exhibit(state_.request.exhibit).step_axis);
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
