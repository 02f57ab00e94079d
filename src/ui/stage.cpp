#include "ui/stage.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/attention.hpp"
#include "exhibit/opening.hpp"
#include "viz/derived.hpp"
#include "viz/masked.hpp"

namespace saccade {

namespace {

constexpr double seconds_a_step = 0.6;

/// The focus in a new trace; none if what it points at no longer exists (the source became shorter).
Focus focus_in(const Trace& trace, const CellRef& cell, Reuse* memo) {
    try {
        return focus_of(trace, cell, memo);
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

void Stage::hover(const CellRef& cell, const Trace* in) {
    if (in == nullptr) in = document_.trace();
    if (in == nullptr || document_.stage.hovered.cell == cell) return;
    document_.stage.hovered = focus_in(*in, cell, memo_);
}

/// Step and selection are one thing: the step is the selected cell's, if that has one.
void Stage::look_on(const CellRef& cell) {
    StageState& stage = document_.stage;
    stage.selected = focus_after(*document_.trace(), stage.selected, cell, memo_);
    stage.missed = {};
    stage.opened = true;
    note_positions();
    const CellRef& whole = stage.selected.cell;
    stage.explained = whole.empty() ? std::vector<CellRef>{} : std::vector<CellRef>{whole};
    refresh_explanation();
    const auto mark = stage.selected.marks.find(document_.exhibit().step_axis);
    if (mark != stage.selected.marks.end()) stage.step = mark->second;
}

void Stage::select(const CellRef& cell) {
    if (document_.trace() == nullptr) return;
    look_on(cell);
    document_.stage.show_explained = !document_.stage.explained.empty();
    pick(cell);
}

/// A cell of a tensor that the exhibit has something to pick on: over the same axes, or over more, as a patch in each head's
/// map.
void Stage::pick(const CellRef& cell) {
    const Trace& trace = *document_.trace();
    const TraceTensor* clicked = trace.find(cell.tensor);
    if (clicked == nullptr || cell.index.size() != clicked->info.axes.size() || document_.stale()) return;
    if (std::any_of(cell.index.begin(), cell.index.end(), [](Index i) { return i < 0; })) return;
    for (const Pick& pick : document_.exhibit().picks) {
        const TraceTensor* tensor = trace.find(pick.tensor);
        if (tensor == nullptr) continue;
        const auto &wanted = tensor->info.axes, &axes = clicked->info.axes;
        if (wanted.empty() || wanted.size() > axes.size() || !std::equal(wanted.rbegin(), wanted.rend(), axes.rbegin()))
            continue;
        const float value = tensor->values.at(
            std::vector<Index>(cell.index.end() - static_cast<std::ptrdiff_t>(wanted.size()), cell.index.end()));
        if (value > 0) return inputs_.set_param(pick.param, static_cast<std::int64_t>(std::lround(value)));
    }
}

void Stage::select_token(const TraceTensor& tensor, Index token) {
    const std::optional<AttentionAxes> at = attention_axes(tensor);
    if (!at || token < 0) return;
    const auto& axes = tensor.info.axes;
    CellRef cell{tensor.info.name, std::vector<Index>(axes.size(), 0)};
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (is_stacked(axes[i]->kind)) cell.index[i] = document_.stage.selected.on(axes[i]).value_or(0);
    const auto query = static_cast<std::size_t>(at->query);
    if (token >= axes[query]->extent) return;
    cell.index[query] = token;
    select(strongest_of_row(tensor, cell));
}

void Stage::move_selection(Index rows, Index columns) {
    if (document_.trace() == nullptr) return;
    CellRef cell = document_.stage.selected.cell;
    if (cell.empty() || cell.index.size() < 2) {
        const auto weights = document_.trace()->with_role(Role::weights);
        if (weights.empty() || weights.front()->values.empty()) return;
        cell = {weights.front()->info.name, std::vector<Index>(weights.front()->info.axes.size(), 0)};
        select(cell);
        return;
    }
    const auto held = trace_with(*document_.trace(), cell.tensor, memo_);
    const Shape& shape = held->tensor(cell.tensor).values.shape();
    const auto move = [&](std::size_t axis, Index by) {
        if (by == 0) return;
        cell.index[axis] = std::clamp<Index>(std::max<Index>(cell.index[axis], 0) + by, 0, shape[static_cast<int>(axis)] - 1);
    };
    move(cell.index.size() - 2, rows);
    move(cell.index.size() - 1, columns);
    select(cell);
}

bool Stage::take_chosen() {
    return std::exchange(document_.stage.show_explained, false);
}

void Stage::open_operand(const CellRef& cell) {
    document_.stage.explained.push_back(cell);
    refresh_explanation();
}

void Stage::back_to(std::size_t trail) {
    if (trail + 1 >= document_.stage.explained.size()) return;
    document_.stage.explained.resize(trail + 1);
    refresh_explanation();
}

void Stage::expect(const CellRef& cell, const std::map<std::string, Index>& positions) {
    document_.stage.missed = cell;
    document_.stage.positions = positions;
    document_.stage.opened = true;
}

/// The cell on other parts of the same axes; what is not shown there is given a position outside.
CellRef Stage::placed(const Trace& trace, CellRef cell) const {
    const TraceTensor* tensor = trace.find(cell.tensor);
    if (tensor == nullptr || tensor->info.axes.size() != cell.index.size()) return cell;
    for (std::size_t i = 0; i < cell.index.size(); ++i) {
        const Axis& axis = *tensor->info.axes[i];
        const auto position = document_.stage.positions.find(axis.name);
        if (position == document_.stage.positions.end() || cell.index[i] < 0) continue;
        const bool shown = position->second >= axis.at(0) && position->second < axis.end();
        cell.index[i] = shown ? (position->second - axis.part.first) / axis.part.each : axis.extent;
    }
    return cell;
}

bool Stage::out_of_sight(const Trace& trace, const CellRef& cell) const {
    const TraceTensor* tensor = trace.find(cell.tensor);
    if (tensor == nullptr || tensor->info.axes.size() != cell.index.size()) return false;
    for (std::size_t i = 0; i < cell.index.size(); ++i) {
        const Axis& axis = *tensor->info.axes[i];
        if (cell.index[i] == axis.extent && document_.stage.positions.contains(axis.name)) return true;
    }
    return false;
}

/// Where the selected cell is on axes of which another part may come; a block stands for the position that led to it.
void Stage::note_positions() {
    StageState& stage = document_.stage;
    const CellRef& cell = stage.selected.cell;
    const TraceTensor* tensor = document_.trace()->find(cell.tensor);
    std::map<std::string, Index> now;
    for (std::size_t i = 0; tensor != nullptr && i < cell.index.size() && i < tensor->info.axes.size(); ++i) {
        const Axis& axis = *tensor->info.axes[i];
        if (axis.part.whole == 0 || cell.index[i] < 0) continue;
        const Index first = axis.at(cell.index[i]), each = axis.part.each;
        const auto before = stage.positions.find(axis.name);
        const bool within = before != stage.positions.end() && before->second >= first && before->second < first + each;
        now[axis.name] = within ? before->second : std::min(first + each / 2, axis.whole() - 1);
    }
    stage.positions = std::move(now);
}

/// A cell that is gone gives way to the one where the exhibit would open, and is taken up again when it is back: whoever types
/// goes through texts in which it is not. While a run is under way it may still come.
void Stage::follow() {
    StageState& stage = document_.stage;
    const Trace& trace = *document_.trace();
    const bool away = !stage.missed.empty();
    Focus before = away ? Focus{stage.missed, {}} : stage.selected;
    const CellRef as_it_was = before.cell;
    before.cell = placed(trace, before.cell);
    const bool moved = !(before.cell == as_it_was);
    const std::map<std::string, Index> marks = stage.selected.marks;
    stage.selected = focus_in(trace, before.cell, memo_);
    if (!stage.selected.empty()) stage.selected = focus_after(trace, before, before.cell, memo_);
    stage.hovered = focus_in(trace, stage.hovered.cell, memo_);
    const bool lost = !before.empty() && stage.selected.empty();
    stage.missed = lost ? before.cell : CellRef{};
    if ((away || moved) && !lost) stage.explained = {stage.selected.cell};
    if (!lost) note_positions();
    if (lost && out_of_sight(trace, before.cell)) {
        // It is there, but not on screen: no other one takes its place. Head and layer stay.
        for (const auto& [name, at] : marks)
            if (const AxisPtr axis = trace.axis(name); axis && is_stacked(axis->kind) && at < axis->extent)
                stage.selected.marks[name] = at;
        stage.explained.clear();
        refresh_explanation();
        return keep_step();
    }
    refresh_explanation();
    if (document_.side().partial()) return;
    const bool untouched = !stage.opened && stage.selected.empty() && stage.step < 0;
    if (!lost && !untouched) return keep_step();
    const CellRef first = opening_cell(document_.exhibit(), document_.side().shown.request.params, trace);
    if (first.empty()) return keep_step();
    const std::map<std::string, Index> positions = stage.positions;
    look_on(first);
    if (!lost) return;
    stage.missed = before.cell;
    stage.positions = positions;
}

/// The selected cell's, if that has one; else a step that there is.
void Stage::keep_step() {
    StageState& stage = document_.stage;
    const auto mark = stage.selected.marks.find(document_.exhibit().step_axis);
    if (mark != stage.selected.marks.end())
        stage.step = mark->second;
    else if (stage.step >= step_count())
        stage.step = -1;
}

void Stage::leave_joined() {
    StageState& stage = document_.stage;
    if (document_.trace() == nullptr || stage.selected.empty() ||
        document_.trace()->find(stage.selected.cell.tensor) != nullptr)
        return;
    const Focus before = stage.selected;
    CellRef cell = source_cell(*document_.trace(), before.cell, memo_);
    if (cell.empty()) return select({});
    const TraceTensor& source = document_.trace()->tensor(cell.tensor);
    // Where the views stand, or at the first.
    for (std::size_t i = 0; i < cell.index.size(); ++i)
        if (cell.index[i] < 0) cell.index[i] = before.on(source.info.axes[i]).value_or(0);
    select(cell);
}

void Stage::change_side() {
    StageState& stage = document_.stage;
    if (document_.trace() != nullptr && !stage.selected.empty()) {
        try {
            stage.selected = focus_of(*document_.trace(), stage.selected.cell, memo_);
        } catch (const Error&) {
            stage.explained.clear();  // this side has no such cell
        }
    }
    refresh_explanation();
}

void Stage::look_at(const Focus& selected, Index step) {
    StageState& stage = document_.stage;
    stage.selected = selected;
    stage.missed = {};
    stage.positions.clear();
    stage.step = step;
    stage.opened = true;
    // Of the run that is asked for: the one that is shown until then, or for good if it fails, may not have that cell.
    stage.explanation.reset();
    stage.explained.clear();
    if (!selected.empty()) stage.explained.push_back(selected.cell);
}

void Stage::enlarge(const std::string& card) {
    document_.stage.enlarged = card;
}

namespace {

/// A weight of 0 that a mask made is told from one that the model chose.
bool is_masked(const Trace& trace, const CellRef& cell, Reuse* memo) {
    const TraceTensor& tensor = trace.tensor(cell.tensor);
    return (tensor.info.role == Role::weights || tensor.info.role == Role::scores) &&
           HiddenCells(trace, tensor, memo)(cell.index);
}

}  // namespace

void Stage::refresh_explanation() {
    document_.stage.explanation.reset();
    while (!document_.stage.explained.empty() && document_.trace() != nullptr) {
        try {
            const CellRef& cell = document_.stage.explained.back();
            const auto trace = trace_with(*document_.trace(), cell.tensor, memo_);
            document_.stage.explanation = explain(*trace, cell);
            document_.stage.explains_masked = is_masked(*trace, cell, memo_);
            return;
        } catch (const Error&) {
            document_.stage.explained.pop_back();  // the output became shorter: that cell no longer exists
        }
    }
}

Index Stage::step_count() const {
    if (document_.trace() == nullptr) return 0;
    const AxisPtr axis = document_.trace()->axis(document_.exhibit().step_axis);
    return axis ? axis->extent : 0;
}

Index Stage::current_step() const {
    const Index n = step_count();
    return document_.stage.step < 0 || document_.stage.step >= n ? n - 1 : document_.stage.step;
}

void Stage::set_step(Index step) {
    const Index n = step_count();
    if (n == 0) return;
    document_.stage.step = std::clamp<Index>(step, 0, n - 1);
    document_.stage.opened = true;
    CellRef cell = document_.stage.selected.cell;
    const auto held = cell.empty() ? nullptr : trace_with(*document_.trace(), cell.tensor, memo_);
    const TraceTensor* tensor = held ? held->find(cell.tensor) : nullptr;
    if (tensor == nullptr) return;
    const auto& axes = tensor->info.axes;
    const auto along = std::find_if(axes.begin(), axes.end(),
                                    [&](const AxisPtr& axis) { return axis->name == document_.exhibit().step_axis; });
    const auto at = static_cast<std::size_t>(along - axes.begin());
    if (at >= cell.index.size() || cell.index[at] < 0 || cell.index[at] == document_.stage.step) return;
    cell.index[at] = document_.stage.step;
    look_on(strongest_of_row(*tensor, cell));
}

void Stage::toggle_play() {
    document_.stage.playing = !document_.stage.playing && step_count() > 0;
    document_.stage.play_clock = 0;
    if (document_.stage.playing && current_step() + 1 >= step_count()) set_step(0);
}

void Stage::let_go() {
    document_.stage.playing = false;
    document_.stage.hovered = {};
}

void Stage::advance(double seconds) {
    if (!document_.stage.playing) return;
    document_.stage.play_clock += seconds;
    if (document_.stage.play_clock < seconds_a_step) return;
    document_.stage.play_clock = 0;
    if (current_step() + 1 >= step_count())
        document_.stage.playing = false;
    else
        set_step(current_step() + 1);
}

}  // namespace saccade
