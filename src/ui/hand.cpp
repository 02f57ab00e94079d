#include "ui/hand.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/translate.hpp"
#include "run/command_line.hpp"

namespace saccade {

namespace {

constexpr float hidden = -std::numeric_limits<float>::infinity();
constexpr Index most_frozen = Index{1} << 22;  // cells: 16 MiB in a session
constexpr std::size_t most_changes = 4;
constexpr double no_weight = 5e-4;  // what is below it is 0.00 wherever it is shown

}  // namespace

void Hand::begin_weight_drag(const CellRef& cell, float mouse_y, float px_for_one) {
    if (document_.trace() == nullptr || document_.stale()) return;
    const auto now = static_cast<double>(document_.trace()->tensor(cell.tensor).values.at(cell.index));
    document_.hand.drag = {true, cell, now, mouse_y, false, px_for_one};
}

void Hand::drag_weight(float mouse_y) {
    WeightDrag& drag = document_.hand.drag;
    if (!drag.active) return;
    const float up = drag.start_y - mouse_y;
    if (!drag.moved && std::abs(up) < 4) return;
    const double value = std::clamp(drag.start_value + static_cast<double>(up / drag.px_for_one), 0.0, 1.0);
    if (!drag.moved && value == 0 && drag.start_value < no_weight) return;  // there is nothing to take away
    if (!drag.moved) {
        drag.moved = true;
        history_.remember("");
    }
    set_weight(drag.cell, value);
}

void Hand::end_weight_drag() {
    document_.hand.drag = {};
}

void Hand::begin_place_drag(const PlaceHandle& handle, const std::array<float, 4>& box, float mouse_x, float mouse_y) {
    if (document_.trace() == nullptr || document_.stale() || box[2] <= 0 || box[3] <= 0) return;
    const auto at = [&](const CellRef& cell, float edge, float side) {
        const auto v = static_cast<double>(document_.trace()->tensor(cell.tensor).values.at(cell.index));
        const double share = (std::clamp(v, handle.near, handle.far) - handle.near) / (handle.far - handle.near);
        return edge + static_cast<float>(share) * side;
    };
    document_.hand.place = {true,
                            false,
                            handle.x,
                            handle.y,
                            box,
                            at(handle.x, box[0], box[2]) - mouse_x,
                            at(handle.y, box[1], box[3]) - mouse_y,
                            handle.near,
                            handle.far};
}

void Hand::drag_place(float mouse_x, float mouse_y) {
    PlaceDrag& drag = document_.hand.place;
    if (!drag.active) return;
    const auto place = [&](float at, float edge, float side) {
        const double share = std::clamp(static_cast<double>((at - edge) / side), 0.0, 1.0);
        return std::round((drag.near + share * (drag.far - drag.near)) * 1e3) / 1e3;
    };
    const double x = place(mouse_x + drag.off_x, drag.box[0], drag.box[2]),
                 y = place(mouse_y + drag.off_y, drag.box[1], drag.box[3]);
    const Trace* trace = document_.trace();
    const TraceTensor* tensor = trace != nullptr ? trace->find(drag.x.tensor) : nullptr;
    if (!drag.moved) {
        if (tensor == nullptr) return;
        const auto off = [&](const CellRef& cell, double to, float side) {
            return std::abs(to - static_cast<double>(tensor->values.at(cell.index))) * static_cast<double>(side) /
                   (drag.far - drag.near);
        };
        if (std::hypot(off(drag.x, x, drag.box[2]), off(drag.y, y, drag.box[3])) < 3) return;
        drag.moved = true;
        history_.remember("");
    }
    if (put_place(x, y)) runs_.submit_live(document_.focus);
}

/// Where the place that is dragged is to stand; false if it is asked for already.
bool Hand::put_place(double x, double y) {
    const PlaceDrag& drag = document_.hand.place;
    const Exhibit& e = document_.exhibit();
    const auto placed = std::ranges::find(e.places, drag.x.tensor, &PlacedByParams::tensor);
    if (placed == e.places.end()) {
        const bool moved_x = put_value(drag.x, x), moved_y = put_value(drag.y, y);
        return moved_x || moved_y;
    }
    Params& params = document_.side().request.params;
    Params now = params;
    for (const ParamSpec& spec : e.params)
        if (!now.has(spec.name)) now.set(spec.name, spec.fallback);
    const Params before = now;
    for (auto& [name, value] : placed->put(before, drag.x.index.front(), x, y)) {
        now.set(name, value);
        params.set(name, std::move(value));
    }
    document_.reload_fields = true;
    return !(now == before);
}

void Hand::end_place_drag() {
    document_.hand.place = {};
}

void Hand::set_weight(const CellRef& cell, double value) {
    if (put_value(cell, value)) runs_.submit_live(document_.focus);
}

/// The intervention that sets this cell; false if it does so already.
bool Hand::put_value(const CellRef& cell, double value) {
    auto& list = document_.side().request.interventions;
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
    if (found->value == static_cast<float>(value) && found->enabled) return false;
    found->value = static_cast<float>(value);
    found->enabled = true;
    return true;
}

void Hand::nudge_selected(double by) {
    const CellRef cell = document_.stage.selected.cell;
    const TraceTensor* tensor = document_.trace() != nullptr ? document_.trace()->find(cell.tensor) : nullptr;
    const bool held = tensor != nullptr && (tensor->info.role == Role::weights || tensor->info.role == Role::gate);
    const bool whole = std::any_of(cell.index.begin(), cell.index.end(), [](Index i) { return i < 0; });
    if (!held || whole) return messages_.tell(tr("+ and − change a weight or a gate: select one first"));
    // Keys are faster than runs: what the last press asked for counts, not what is still shown.
    const auto& list = document_.side().request.interventions;
    const auto asked = std::find_if(list.begin(), list.end(), [&](const Intervention& i) {
        return i.kind == Intervention::Kind::set && i.enabled && i.tensor == cell.tensor && i.index == cell.index;
    });
    if (asked == list.end() && document_.stale()) return;
    const auto now = static_cast<double>(asked != list.end() ? asked->value : tensor->values.at(cell.index));
    if (by < 0 && now < no_weight)
        return messages_.tell(tensor->info.role == Role::gate ? tr("This gate is at 0: there is nothing to take away")
                                                              : tr("This weight is 0: there is nothing to take away"));
    if (by > 0 && now > 1 - no_weight)
        return messages_.tell(tensor->info.role == Role::gate ? tr("This gate is at 1, the most there is")
                                                              : tr("This weight is 1, the whole row"));
    // In whole millionths: what is taken away step by step ends at 0, not at what rounding leaves of it.
    const double value = std::clamp(std::round((now + by) * 1e6) / 1e6, 0.0, 1.0);
    if (static_cast<float>(value) == static_cast<float>(now)) return;
    std::string field = "nudge " + cell.tensor;
    for (const Index i : cell.index) field += " " + std::to_string(i);
    history_.remember(field);
    set_weight(cell, value);
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

double Hand::factor_of(const CellRef& block) const {
    auto& list = document_.side().request.interventions;
    const auto found = scaling(list, block);
    return found == list.end() || !found->enabled ? 1 : static_cast<double>(found->value);
}

void Hand::scale_block(const CellRef& block, double factor) {
    if (factor == factor_of(block)) return;
    std::string field = "scale " + block.tensor;
    for (const Index i : block.index) field += " " + std::to_string(i);
    history_.remember(field);
    auto& list = document_.side().request.interventions;
    auto found = scaling(list, block);
    if (factor == 1) {
        if (found != list.end()) list.erase(found);
        return runs_.submit();
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
    runs_.submit();
}

void Hand::toggle_ablation(const CellRef& block) {
    history_.pause();
    scale_block(block, factor_of(block) == 0 ? 1 : 0);
    history_.pause();
}

void Hand::freeze(const CellRef& block) {
    if (document_.trace() == nullptr || document_.stale())
        return messages_.tell(tr("The run has not finished yet: freeze it when it has"));
    add_pattern(*document_.trace(), block, "");
}

void Hand::patch_from_other(const CellRef& block) {
    const std::size_t other = 1 - document_.focus;
    const Side& side = document_.sides[other];
    if (!document_.comparing || side.trace() == nullptr || side.stale()) return;
    add_pattern(*side.trace(), block, other == 0 ? "A" : "B");
}

/// `from` another side's run ("A"), or as this one is shown ("").
void Hand::add_pattern(const Trace& from, const CellRef& block, const std::string& origin) {
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
        auto& list = document_.side().request.interventions;
        history_.remember("");
        std::erase_if(list, [&](const Intervention& old) {
            return old.kind == Intervention::Kind::freeze && old.tensor == block.tensor && old.index == block.index;
        });
        list.push_back(std::move(intervention));
        runs_.submit();
    } catch (const Error& error) {
        messages_.complain(error);
    }
}

// --- masks ---

void Hand::toggle_mask_drawing() {
    document_.hand.mask.on = !document_.hand.mask.on;
    document_.hand.mask.stroke = false;
}

void Hand::stop_mask_drawing() {
    document_.hand.mask.on = document_.hand.mask.stroke = false;
}

void Hand::draw_on_all_layers(bool all) {
    document_.hand.mask.all_layers = all;
}

/// The cell of the recorded mask that a cell of weights, scores or the mask itself is about.
std::optional<CellRef> Hand::mask_cell_of(const CellRef& cell) const {
    const Trace* trace = document_.trace();
    const TraceTensor* tensor = trace != nullptr ? trace->find(cell.tensor) : nullptr;
    const TraceTensor* mask = tensor != nullptr ? mask_of(*trace, *tensor) : nullptr;
    if (mask == nullptr || cell.index.size() != tensor->info.axes.size()) return std::nullopt;
    // A whole head is no cell.
    for (std::size_t a = 0; a < cell.index.size(); ++a)
        if (cell.index[a] < 0 && tensor->info.axes[a]->kind != AxisKind::layer && tensor->info.axes[a]->kind != AxisKind::head)
            return std::nullopt;
    return mask_cell(*mask, *tensor, cell, document_.hand.mask.all_layers);
}

void Hand::begin_mask_stroke(const CellRef& cell) {
    const std::optional<CellRef> at = mask_cell_of(cell);
    if (!at || document_.stale()) return;
    std::vector<Index> first = at->index;
    for (Index& i : first) i = std::max<Index>(i, 0);
    const float now = document_.trace()->tensor(at->tensor).values.at(first);
    history_.remember("");
    document_.hand.mask.stroke = true;
    document_.hand.mask.value = now == hidden ? 0 : hidden;
    document_.hand.mask.last = {};
    draw_mask(*at);
}

void Hand::extend_mask_stroke(const CellRef& cell) {
    if (!document_.hand.mask.stroke) return;
    if (const std::optional<CellRef> at = mask_cell_of(cell)) draw_mask(*at);
}

void Hand::end_mask_stroke() {
    document_.hand.mask.stroke = false;
}

void Hand::let_go() {
    end_weight_drag();
    end_place_drag();
    stop_mask_drawing();
}

void Hand::draw_mask(const CellRef& at) {
    if (at == document_.hand.mask.last) return;
    document_.hand.mask.last = at;
    auto& list = document_.side().request.interventions;
    const auto old = std::find_if(list.begin(), list.end(), [&](const Intervention& i) {
        return i.kind == Intervention::Kind::set && i.tensor == at.tensor && i.index == at.index;
    });
    if (old != list.end()) {
        if (old->value == document_.hand.mask.value && old->enabled) return;
        // Drawn back: as the model has it, if that is what is drawn.
        std::vector<Index> first = at.index;
        for (Index& i : first) i = std::max<Index>(i, 0);
        const TraceTensor& mask = document_.trace()->tensor(at.tensor);
        const bool as_computed = !mask.before.empty() && mask.before.at(first) == document_.hand.mask.value;
        list.erase(old);
        if (as_computed) return runs_.submit();
    }
    Intervention intervention;
    intervention.tensor = at.tensor;
    intervention.index = at.index;
    intervention.value = document_.hand.mask.value;
    // Beside the others of this mask, so that they stand on the list as one.
    const auto last = std::find_if(list.rbegin(), list.rend(), [&](const Intervention& i) {
        return i.kind == Intervention::Kind::set && i.tensor == at.tensor && i.enabled;
    });
    list.insert(last == list.rend() ? list.end() : last.base(), std::move(intervention));
    runs_.submit();
}

// --- the list ---

void Hand::toggle_intervention(std::size_t i, std::size_t count) {
    auto& list = document_.side().request.interventions;
    if (i >= list.size()) return;
    history_.remember("");
    const bool on = !list[i].enabled;
    forget_anchors(i, count);
    for (std::size_t k = i; k < std::min(i + count, list.size()); ++k) list[k].enabled = on;
    runs_.submit();
}

void Hand::remove_intervention(std::size_t i, std::size_t count) {
    auto& list = document_.side().request.interventions;
    if (i >= list.size()) return;
    history_.remember("");
    const auto first = list.begin() + static_cast<std::ptrdiff_t>(i);
    list.erase(first, first + static_cast<std::ptrdiff_t>(std::min(count, list.size() - i)));
    runs_.submit();
}

void Hand::clear_interventions() {
    if (document_.side().request.interventions.empty()) return;
    history_.remember("");
    document_.side().request.interventions.clear();
    runs_.submit();
}

// --- other texts ---

void Hand::follow(std::size_t i) {
    Side& side = document_.sides[i];
    if (side.trace() == nullptr || side.stale() || side.partial() || side.running) return;
    if (side.request.interventions.empty()) return side.anchors.clear();
    const Params inputs = inputs_of(document_.exhibit(), side.shown.request.params);
    if (follow_anchors(side.anchors, side.request.interventions, *side.trace(), inputs)) runs_.submit(i);
}

std::vector<std::string> Hand::set_aside() const {
    std::vector<std::string> names;
    for (const Anchor& anchor : document_.side().anchors)
        if (anchor.aside) names.push_back(plain_text(anchor.name));
    return names;
}

void Hand::apply_set_aside() {
    Side& side = document_.side();
    if (set_aside().empty()) return;
    history_.remember("");
    for (const Anchor& anchor : side.anchors)
        for (Intervention& intervention : side.request.interventions)
            if (anchor.aside && anchor.is_of(intervention)) intervention.enabled = true;
    std::erase_if(side.anchors, [](const Anchor& anchor) { return anchor.aside; });
    runs_.submit();
}

/// What a person switches by hand is meant for the text as it is.
void Hand::forget_anchors(std::size_t first, std::size_t count) {
    const auto& list = document_.side().request.interventions;
    for (std::size_t k = first; k < std::min(first + count, list.size()); ++k)
        std::erase_if(document_.side().anchors, [&](const Anchor& anchor) { return anchor.is_of(list[k]); });
}

std::string Hand::command_line_text() {
    try {
        std::string line = command_line(document_.side().request);
        messages_.tell(tr("Copied: this run as a command"));
        return line;
    } catch (const Error& error) {
        messages_.complain(error);
        return {};
    }
}

const std::vector<ProbabilityChange>& Hand::probability_changes() {
    ShownChanges& shown = document_.hand.changes;
    const Side& side = document_.side();
    const TracePtr before = runs_.untouched() != nullptr ? side.untouched : nullptr;
    const Index step = stage_.current_step();
    if (shown.before == before && shown.after == side.shown.trace && shown.step == step) return shown.changes;
    shown = {before, side.shown.trace, step, {}};
    if (before && shown.after)
        shown.changes = saccade::probability_changes(*before, *shown.after, document_.exhibit().step_axis, step, most_changes);
    return shown.changes;
}

}  // namespace saccade
