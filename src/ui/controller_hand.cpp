#include <algorithm>
#include <cmath>
#include <limits>

#include "run/command_line.hpp"
#include "ui/controller.hpp"

namespace saccade {

// The hand: everything that makes, changes and removes interventions, and what came of them.

namespace {

constexpr float hidden = -std::numeric_limits<float>::infinity();
constexpr Index most_frozen = Index{1} << 22;  // cells: 16 MiB in a session
constexpr std::size_t most_changes = 4;

bool same_inputs(const RunRequest& a, const RunRequest& b) {
    return a.exhibit == b.exhibit && a.seed == b.seed && a.weights_path == b.weights_path && a.model == b.model &&
           a.capture.names == b.capture.names && a.params == b.params;
}

bool touched(const RunRequest& request) {
    const auto& list = request.interventions;
    return std::any_of(list.begin(), list.end(), [](const Intervention& i) { return i.enabled; });
}

}  // namespace

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
    auto& list = state_.side().request.interventions;
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
    submit_live(state_.focus);
}

// --- heads and patterns ---

namespace {

/// The intervention that scales exactly this block.
std::vector<Intervention>::iterator scaling(std::vector<Intervention>& list, const CellRef& block) {
    return std::find_if(list.begin(), list.end(), [&](const Intervention& i) {
        return i.kind == Intervention::Kind::scale && i.tensor == block.tensor && i.index == block.index;
    });
}

}  // namespace

double Controller::factor_of(const CellRef& block) const {
    auto& list = state_.side().request.interventions;
    const auto found = scaling(list, block);
    return found == list.end() || !found->enabled ? 1 : static_cast<double>(found->value);
}

void Controller::scale_block(const CellRef& block, double factor) {
    if (factor == factor_of(block)) return;
    std::string field = "scale " + block.tensor;
    for (const Index i : block.index) field += " " + std::to_string(i);
    remember(field);
    auto& list = state_.side().request.interventions;
    auto found = scaling(list, block);
    if (factor == 1) {
        if (found != list.end()) list.erase(found);
        return submit();
    }
    if (found == list.end()) {
        Intervention intervention;
        intervention.kind = Intervention::Kind::scale;
        intervention.tensor = block.tensor;
        intervention.index = block.index;
        found = list.insert(list.end(), intervention);
    }
    found->value = static_cast<float>(factor);
    found->enabled = true;
    submit();
}

void Controller::toggle_ablation(const CellRef& block) {
    state_.coalescing.clear();
    scale_block(block, factor_of(block) == 0 ? 1 : 0);
    state_.coalescing.clear();
}

void Controller::freeze(const CellRef& block) {
    if (state_.trace() == nullptr || state_.stale()) return tell("The run is still on its way: freeze it when it is there");
    add_pattern(*state_.trace(), block, "");
}

void Controller::patch_from_other(const CellRef& block) {
    const std::size_t other = 1 - state_.focus;
    const Side& side = state_.sides[other];
    if (!state_.comparing || side.trace() == nullptr || side.stale()) return;
    add_pattern(*side.trace(), block, other == 0 ? "A" : "B");
}

/// `from` another side's run ("A"), or as this one is shown ("").
void Controller::add_pattern(const Trace& from, const CellRef& block, const std::string& origin) {
    const TraceTensor* tensor = from.find(block.tensor);
    try {
        if (tensor == nullptr)
            throw Error(ErrorCode::not_found, origin + " has no tensor '" + block.tensor + "'", "compare like with like");
        Intervention intervention;
        intervention.kind = Intervention::Kind::freeze;
        intervention.tensor = block.tensor;
        intervention.index = block.index;
        intervention.array = block_values(*tensor, block.index);
        intervention.origin = origin;
        if (intervention.array.size() > most_frozen)
            throw Error(ErrorCode::out_of_range, "this pattern is too large to be kept", "freeze one head of it");
        auto& list = state_.side().request.interventions;
        remember("");
        std::erase_if(list, [&](const Intervention& old) {
            return old.kind == Intervention::Kind::freeze && old.tensor == block.tensor && old.index == block.index;
        });
        list.push_back(std::move(intervention));
        submit();
    } catch (const Error& error) {
        complain(error);
    }
}

// --- masks ---

void Controller::toggle_mask_drawing() {
    state_.mask.on = !state_.mask.on;
    state_.mask.stroke = false;
}

/// The cell of the recorded mask that a cell of weights, scores or the mask itself is about.
std::optional<CellRef> Controller::mask_cell_of(const CellRef& cell) const {
    const Trace* trace = state_.trace();
    const TraceTensor* tensor = trace != nullptr ? trace->find(cell.tensor) : nullptr;
    const TraceTensor* mask = tensor != nullptr ? mask_of(*trace, *tensor) : nullptr;
    if (mask == nullptr || cell.index.size() != tensor->info.axes.size()) return std::nullopt;
    // A whole head is no cell.
    for (std::size_t a = 0; a < cell.index.size(); ++a)
        if (cell.index[a] < 0 && tensor->info.axes[a]->kind != AxisKind::layer && tensor->info.axes[a]->kind != AxisKind::head)
            return std::nullopt;
    return mask_cell(*mask, *tensor, cell, state_.mask.all_layers);
}

void Controller::begin_mask_stroke(const CellRef& cell) {
    const std::optional<CellRef> at = mask_cell_of(cell);
    if (!at || state_.stale()) return;
    std::vector<Index> first = at->index;
    for (Index& i : first) i = std::max<Index>(i, 0);
    const float now = state_.trace()->tensor(at->tensor).values.at(first);
    remember("");
    state_.mask.stroke = true;
    state_.mask.value = now == hidden ? 0 : hidden;
    state_.mask.last = {};
    draw_mask(*at);
}

void Controller::extend_mask_stroke(const CellRef& cell) {
    if (!state_.mask.stroke) return;
    if (const std::optional<CellRef> at = mask_cell_of(cell)) draw_mask(*at);
}

void Controller::end_mask_stroke() {
    state_.mask.stroke = false;
}

void Controller::draw_mask(const CellRef& at) {
    if (at == state_.mask.last) return;
    state_.mask.last = at;
    auto& list = state_.side().request.interventions;
    const auto old = std::find_if(list.begin(), list.end(), [&](const Intervention& i) {
        return i.kind == Intervention::Kind::set && i.tensor == at.tensor && i.index == at.index;
    });
    if (old != list.end()) {
        if (old->value == state_.mask.value && old->enabled) return;
        // Drawn back: as the model has it, if that is what is drawn.
        std::vector<Index> first = at.index;
        for (Index& i : first) i = std::max<Index>(i, 0);
        const TraceTensor& mask = state_.trace()->tensor(at.tensor);
        const bool as_computed = !mask.before.empty() && mask.before.at(first) == state_.mask.value;
        list.erase(old);
        if (as_computed) return submit();
    }
    Intervention intervention;
    intervention.tensor = at.tensor;
    intervention.index = at.index;
    intervention.value = state_.mask.value;
    // Beside the others of this mask, so that they stand on the list as one.
    const auto last = std::find_if(list.rbegin(), list.rend(), [&](const Intervention& i) {
        return i.kind == Intervention::Kind::set && i.tensor == at.tensor && i.enabled;
    });
    list.insert(last == list.rend() ? list.end() : last.base(), std::move(intervention));
    submit();
}

// --- the list ---

void Controller::toggle_intervention(std::size_t i, std::size_t count) {
    auto& list = state_.side().request.interventions;
    if (i >= list.size()) return;
    remember("");
    const bool on = !list[i].enabled;
    for (std::size_t k = i; k < std::min(i + count, list.size()); ++k) list[k].enabled = on;
    submit();
}

void Controller::remove_intervention(std::size_t i, std::size_t count) {
    auto& list = state_.side().request.interventions;
    if (i >= list.size()) return;
    remember("");
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(i);
    list.erase(first, first + static_cast<std::ptrdiff_t>(std::min(count, list.size() - i)));
    submit();
}

void Controller::clear_interventions() {
    if (state_.side().request.interventions.empty()) return;
    remember("");
    state_.side().request.interventions.clear();
    submit();
}

std::string Controller::command_line_text() {
    try {
        std::string line = command_line(state_.side().request);
        tell("Copied: this run as a command");
        return line;
    } catch (const Error& error) {
        complain(error);
        return {};
    }
}

// --- against the run without them ---

/// Asks for the run without interventions, unless it is there or on its way.
void Controller::submit_untouched(std::size_t i) {
    Side& side = state_.sides[i];
    if (untouched_runners_[i] == nullptr || !touched(side.request)) return;
    const bool there = side.untouched && same_inputs(side.untouched_of, side.request);
    const bool coming = side.untouched_ticket != 0 && same_inputs(side.untouched_next, side.request);
    if (there || coming) return;
    side.untouched_next = side.request;
    side.untouched_next.interventions.clear();
    side.untouched_ticket = untouched_runners_[i]->submit(side.untouched_next);
}

void Controller::poll_untouched(std::size_t i) {
    Side& side = state_.sides[i];
    if (untouched_runners_[i] == nullptr || side.untouched_ticket == 0) return;
    std::optional<RunResult> result = untouched_runners_[i]->take();
    if (!result || result->ticket != side.untouched_ticket || result->progress < 1) return;
    side.untouched_ticket = 0;
    if (!result->trace) return;  // the run itself says what is wrong
    side.untouched = std::move(result->trace);
    side.untouched_of = std::move(result->request);
}

const Trace* Controller::untouched() const {
    const Side& side = state_.side();
    const bool fits = side.untouched && side.trace() != nullptr && side.untouched.get() != side.trace() &&
                      same_inputs(side.untouched_of, side.shown.request);
    return fits ? side.untouched.get() : nullptr;
}

const std::vector<ProbabilityChange>& Controller::probability_changes() {
    ShownChanges& shown = state_.changes;
    const Side& side = state_.side();
    const TracePtr before = untouched() != nullptr ? side.untouched : nullptr;
    const Index step = current_step();
    if (shown.before == before && shown.after == side.shown.trace && shown.step == step) return shown.changes;
    shown = {before, side.shown.trace, step, {}};
    if (before && shown.after)
        shown.changes =
            saccade::probability_changes(*before, *shown.after, exhibit(side.request.exhibit).step_axis, step, most_changes);
    return shown.changes;
}

}  // namespace saccade
