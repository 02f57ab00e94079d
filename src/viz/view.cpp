#include "viz/view.hpp"

#include <algorithm>

#include "viz/derived.hpp"
#include "viz/views.hpp"

namespace saccade {

std::optional<Index> Focus::on(const AxisPtr& axis) const {
    if (!axis) return std::nullopt;
    const auto found = marks.find(axis->name);
    return found == marks.end() ? std::nullopt : std::optional<Index>(found->second);
}

namespace {

/// Keys that are the cells of a map row by row ("location" over y and x) are the same place: either lights the other.
void link_locations(const Trace& trace, const TraceTensor& tensor, Focus& focus) {
    const auto at = [&](const AxisPtr& axis) { return focus.on(axis); };
    AxisPtr location = trace.axis("location"), y, x;
    if (!location) return;
    for (const TraceTensor& map : trace.tensors()) {
        const auto& axes = map.info.axes;
        if (axes.size() < 2 || axes[axes.size() - 2]->kind != AxisKind::y || axes.back()->kind != AxisKind::x) continue;
        if (axes[axes.size() - 2]->extent * axes.back()->extent != location->extent) continue;
        y = axes[axes.size() - 2];
        x = axes.back();
        break;
    }
    if (!y) return;
    const bool by_cell = std::find(tensor.info.axes.begin(), tensor.info.axes.end(), y) != tensor.info.axes.end();
    if (const auto place = at(location); place && !by_cell) {
        focus.marks[y->name] = *place / x->extent;
        focus.marks[x->name] = *place % x->extent;
    } else if (at(y) && at(x)) {
        focus.marks[location->name] = *at(y) * x->extent + *at(x);
    }
}

}  // namespace

Focus focus_of(const Trace& run, const CellRef& cell, Reuse* memo) {
    Focus focus;
    if (cell.empty()) return focus;
    const auto held = trace_with(run, cell.tensor, memo);
    const Trace& trace = *held;
    const TraceTensor& tensor = trace.tensor(cell.tensor);
    if (cell.index.size() > tensor.info.axes.size())
        throw Error(
            ErrorCode::out_of_range,
            cell.tensor + " has " + std::to_string(tensor.info.axes.size()) + " axes, not " + std::to_string(cell.index.size()),
            "give one index for each axis");
    focus.cell = cell;
    for (std::size_t i = 0; i < cell.index.size(); ++i) {
        if (cell.index[i] < 0) continue;
        const Axis& axis = *tensor.info.axes[i];
        if (cell.index[i] >= axis.extent)
            throw Error(ErrorCode::out_of_range,
                        cell.tensor + ": position " + std::to_string(cell.index[i]) + " is outside axis " + axis.name,
                        "it has " + std::to_string(axis.extent) + " positions, from 0");
        focus.marks[axis.name] = cell.index[i];
    }
    link_locations(trace, tensor, focus);
    return focus;
}

Focus focus_after(const Trace& run, const Focus& before, CellRef cell, Reuse* memo) {
    Focus focus = focus_of(run, cell, memo);
    if (cell.empty()) return focus;
    const auto held = trace_with(run, cell.tensor, memo);
    const Trace& trace = *held;
    const bool derived = held.get() != &run;
    const auto is_head = [](const Axis& axis) { return axis.kind == AxisKind::layer || axis.kind == AxisKind::head; };
    const auto& axes = trace.tensor(cell.tensor).info.axes;
    bool heads_alone = !focus.marks.empty();
    for (const auto& [name, position] : focus.marks) heads_alone = heads_alone && is_head(*trace.axis(name));
    // What was made of all heads or layers is of none of them: the views stay where they are.
    if (derived) std::erase_if(focus.marks, [&](const auto& mark) { return is_head(*trace.axis(mark.first)); });
    for (const auto& [name, position] : before.marks) {
        const AxisPtr axis = trace.axis(name);
        if (!axis || position >= axis->extent || !(heads_alone || is_head(*axis))) continue;
        focus.marks.try_emplace(name, position);
    }
    if (!heads_alone) return focus;
    for (std::size_t i = 0; i < cell.index.size(); ++i)
        if (const auto mark = focus.on(axes[i]); cell.index[i] < 0 && mark) cell.index[i] = *mark;
    focus.cell = cell;
    return focus;
}

const std::vector<const View*>& views() {
    static const std::vector<const View*> all{&heatmap_view(),    &head_grid_view(),  &flow_view(),        &stages_view(),
                                              &neuron_view(),     &bars_view(),       &norms_view(),       &tree_view(),
                                              &curves_view(),     &overlay_view(),    &map_gallery_view(), &channel_bars_view(),
                                              &word_strip_view(), &film_strip_view(), &map_stages_view(),  &words_view(),
                                              &path_view(),       &points_view(),     &patches_view()};
    return all;
}

const View& view(const std::string& id) {
    std::string known;
    for (const View* v : views()) {
        if (v->id() == id) return *v;
        known += (known.empty() ? "" : ", ") + v->id();
    }
    throw Error(ErrorCode::usage, "there is no view \"" + id + "\"", "choose one of " + known);
}

const TraceTensor& tensor_for(const View& view, const Trace& trace, const ViewState& state) {
    if (!state.tensor.empty()) {
        const TraceTensor& tensor = trace.tensor(state.tensor);
        if (!view.accepts(trace, tensor))
            throw Error(ErrorCode::invalid_input,
                        "the view " + view.id() + " cannot draw " + state.tensor + " " + tensor.values.shape().str(),
                        "choose another view or tensor");
        return tensor;
    }
    for (const Role role : {Role::weights, Role::map})
        for (const TraceTensor* first : trace.with_role(role))
            if (view.accepts(trace, *first)) return *first;
    // Parameters last: they are the model, not what it computed.
    for (const bool parameters : {false, true})
        for (const TraceTensor& tensor : trace.tensors())
            if ((tensor.info.role == Role::parameter) == parameters && view.accepts(trace, tensor)) return tensor;
    throw Error(ErrorCode::not_found, "the view " + view.id() + " finds nothing to draw in this run", view.needs());
}

}  // namespace saccade
