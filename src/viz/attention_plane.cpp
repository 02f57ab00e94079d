#include "viz/attention_plane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "analysis/without_key.hpp"
#include "viz/derived.hpp"
#include "viz/difference.hpp"
#include "viz/kept_positions.hpp"
#include "viz/layout.hpp"
#include "viz/masked.hpp"
#include "viz/merged_words.hpp"
#include "viz/touched.hpp"

namespace saccade {

namespace {

using Heads = ViewOptions::Heads;
using Layers = ViewOptions::Layers;

/// Leaves special tokens out of both axes.
bool hide_special(AttentionPlane& plane) {
    Slice& slice = plane.slice;
    const Axis& row = *slice.row();
    const Axis& col = *slice.col();
    const std::vector<Index> rows = ordinary_positions(row), cols = ordinary_positions(col);
    const bool less_rows = static_cast<Index>(rows.size()) < row.extent,
               less_cols = static_cast<Index>(cols.size()) < col.extent;
    if (!less_rows && !less_cols) return false;
    const std::vector<Index> all;
    keep_positions(slice, plane.state, less_rows ? rows : all, less_cols ? cols : all);
    return true;
}

std::vector<bool> special_positions(const Axis& axis) {
    std::vector<bool> special;
    for (const std::string& label : axis.labels) special.push_back(is_special(label));
    if (std::none_of(special.begin(), special.end(), [](bool b) { return b; })) special.clear();
    return special;
}

/// What the options ask to be joined, as far as this tensor has more than one of it.
void decide(AttentionPlane& plane, const AttentionAxes& axes, const ViewOptions& options, Index head) {
    const Index n = axes.head < 0 ? 1 : plane.source->values.shape()[axes.head];
    const bool through = options.layers == Layers::rollout || options.layers == Layers::flow;
    // What passes through all layers has no head of its own: number 3 of one layer is another than number 3 of the next.
    const Heads how = options.heads == Heads::each && through ? Heads::mean : options.heads;
    plane.heads = n == 1 && how != Heads::gradient ? Heads::each : how;
    plane.layers = options.layers;
    plane.of_heads = how == Heads::each ? std::vector<Index>{head} : heads_asked_for(options, n);
    plane.some_heads = static_cast<Index>(plane.of_heads.size()) < n;
}

/// The tensor that holds what was asked for, made of the source step by step.
std::shared_ptr<const TraceTensor> derive_in(const Trace& trace, const TraceTensor& source, const AttentionPlane& plane,
                                             Reuse* memo) {
    const bool gradient = plane.heads == Heads::gradient;
    const std::vector<Index> heads = plane.some_heads ? plane.of_heads : std::vector<Index>();
    const auto of = [&](const TraceTensor& tensor, const char* analysis, const std::vector<Index>& numbers) {
        return derived_tensor(trace, tensor, analysis, numbers, memo);
    };
    if (plane.layers == Layers::rollout || plane.layers == Layers::flow) {
        if (const auto refusal = refuses_layers(to_string(plane.layers), source)) throw Error(*refusal);
        const char* through = plane.layers == Layers::flow ? "flow" : gradient ? "relevance" : "rollout";
        // Rollout and flow start from the heads' mean, relevance from gradient x attention.
        const bool as_they_are = plane.heads == Heads::max || (gradient && plane.layers == Layers::flow);
        if (!as_they_are) return of(source, through, heads);
        return of(*of(source, gradient ? "gradient_attention" : "max", heads), through, {});
    }
    const char* over_heads = gradient ? "gradient_attention" : plane.heads == Heads::max ? "max" : "mean";
    const auto joined = plane.heads == Heads::each ? nullptr : of(source, over_heads, heads);
    if (plane.layers == Layers::one) return joined;
    return of(joined ? *joined : source, plane.layers == Layers::mean ? "layers_mean" : "layers_max", {});
}

/// Of a difference, the difference of what is made of each run.
std::shared_ptr<const TraceTensor> derive(const Trace& trace, const AttentionPlane& plane, Reuse* memo) {
    const auto [a, b] = plane.state.compared;
    const TraceTensor* in_a = a != nullptr ? a->find(plane.source->info.name) : nullptr;
    const TraceTensor* in_b = b != nullptr ? b->find(plane.source->info.name) : nullptr;
    if (in_a == nullptr || in_b == nullptr) return derive_in(trace, *plane.source, plane, memo);
    const auto of_a = derive_in(*a, *in_a, plane, memo), of_b = derive_in(*b, *in_b, plane, memo);
    return of_a && of_b ? difference_of(*of_a, *of_b, trace) : nullptr;
}

/// The plane of `tensor` where the state stands, of a head and of the last layer where all layers lead to it.
Slice slice_at(const AttentionPlane& plane, const TraceTensor& tensor, const ViewState& state, const AxisPtr& layer,
               const AxisPtr& head, Index head_at) {
    ViewState at = state;
    if (head) at.selected.marks[head->name] = head_at;
    if (layer && plane.layers != Layers::one) at.selected.marks[layer->name] = layer->extent - 1;
    at.step = head && at.step_axis == head->name ? -1 : at.step;
    return plane_of(tensor, at);
}

/// Leaves out the key that the options ask to be left out, if any.
void leave_sink_out(const Trace& trace, AttentionPlane& plane) {
    Slice& slice = plane.slice;
    if (plane.state.options.sink == ViewOptions::Sink::first) plane.sink = 0;
    if (plane.state.options.sink == ViewOptions::Sink::most) plane.sink = most_attended(slice.values);
    if (!plane.sink) return;
    std::vector<Index> numbers{*plane.sink};
    for (const Index at : slice.fixed)
        if (at >= 0) numbers.push_back(at);
    const auto derived = derived_tensor(trace, *slice.tensor, "without", numbers, plane.state.memo);
    const std::string where = slice.where;
    slice = plane_of(*derived, plane.state);
    slice.derived = derived;
    slice.where = where;
}

std::string heads_said(const AttentionPlane& plane) {
    const std::string set = plane.some_heads ? "heads " + heads_text(plane.of_heads) : std::string("heads");
    if (plane.heads == Heads::max) return "max over " + set;
    if (plane.heads == Heads::gradient) return "gradient × attention, positive part, mean over " + set;
    return "mean over " + set;
}

/// "no head 7: there are 6", of the first that was asked for and is not there.
std::string missing_heads(const ViewOptions& options, Index heads) {
    for (const Index head : options.chosen)
        if (head >= heads) return fmt::format("no head {}: there are {}", head + 1, heads);
    return {};
}

std::string layers_said(const AttentionPlane& plane) {
    switch (plane.layers) {
        case Layers::mean:
            return "mean over layers";
        case Layers::max:
            return "max over layers";
        case Layers::flow:
            return "attention flow through layers";
        case Layers::rollout:
            return plane.heads == Heads::gradient ? "relevance R ← R + Ā R through layers" : "rollout through layers";
        case Layers::one:
            break;
    }
    return {};
}

}  // namespace

std::vector<Index> heads_asked_for(const ViewOptions& options, Index n) {
    std::vector<Index> which;
    for (const Index head : options.chosen)
        if (head < n) which.push_back(head);
    if (which.empty()) {
        which.resize(static_cast<std::size_t>(n));
        std::iota(which.begin(), which.end(), Index{0});
    }
    return which;
}

Index head_shown(const ViewState& state, const AxisPtr& head) {
    if (!head) return 0;
    const std::vector<Index> which = heads_asked_for(state.options, head->extent);
    const Index at = position_on(state, head).value_or(which.front());
    return std::find(which.begin(), which.end(), at) == which.end() ? which.front() : at;
}

std::vector<Index> ordinary_positions(const Axis& axis) {
    std::vector<Index> kept;
    for (Index i = 0; i < axis.extent; ++i)
        if (axis.labels.empty() || !is_special(axis.labels[static_cast<std::size_t>(i)])) kept.push_back(i);
    if (kept.empty()) {
        kept.resize(static_cast<std::size_t>(axis.extent));
        std::iota(kept.begin(), kept.end(), Index{0});
    }
    return kept;
}

std::string row_sums_text(const RowSums& sums) {
    if (sums.rows > 0 && sums.empty == sums.rows) return "every row is 0";
    const std::string but = sums.empty == 0 ? "" : fmt::format(", {} of {} are 0", sums.empty, sums.rows);
    if (sums.error() == 0) return "rows sum to 1 exactly" + but;
    if (sums.error() < 1e-4) return fmt::format("rows sum to 1: max error {:.0e}", sums.error()) + but;
    const std::string low = fmt::format("{:.2g}", sums.low), high = fmt::format("{:.2g}", sums.high);
    return "rows sum to " + (low == high ? low : low + " to " + high) + but;
}

std::string AttentionPlane::caption() const {
    std::string text;
    const auto say = [&text](const std::string& part) {
        if (!part.empty()) text += (text.empty() ? "" : " · ") + part;
    };
    say(by_hand);
    const auto axes = attention_axes(*source);
    const auto extent = [&](int axis) { return axis < 0 ? Index{1} : source->values.shape()[axis]; };
    if (heads != Heads::each)
        say(heads_said(*this) + (layer && extent(axes->layer) > 1 ? " of layer " + std::to_string(*layer + 1) : ""));
    else if (layers != Layers::one && head && extent(axes->head) > 1)
        say("head " + std::to_string(*head + 1));
    say(layers_said(*this));
    if (sink) {
        const Axis& keys = *source->info.axes.back();
        // Of a part of the keys the most attended one is that of the part, and no more can be made to sum to 1.
        say("without “" + drawn_label(keys, *sink) + "” at " + std::to_string(keys.at(*sink) + 1) +
            (keys.is_cut() ? ", rows renormalised over the keys that are shown" : ", rows renormalised"));
    } else if (state.options.sink != ViewOptions::Sink::keep) {
        say("nothing left out: no rows of weights");
    }
    if (sums) say(row_sums_text(*sums));
    if (axes && axes->head >= 0) say(missing_heads(state.options, extent(axes->head)));
    if (words_merged) say("tokens of a word joined: keys summed, queries in the mean");
    if (special_hidden) say("special tokens hidden");
    if (!dimmed_rows.empty() || !dimmed_cols.empty()) say("special tokens dimmed");
    return text;
}

AttentionPlane attention_plane(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    AttentionPlane plane;
    plane.source = &tensor;
    plane.state = state;
    plane.slice = plane_of(tensor, state);
    const std::optional<AttentionAxes> axes = attention_axes(tensor);
    Slice& slice = plane.slice;
    if (!axes) {
        plane.by_hand = block_said(slice);
        hide_masked(trace, tensor, slice, state.memo);
        show_part(slice, plane.state);
        return plane;
    }
    const ViewOptions& options = state.options;
    const auto axis_at = [&](int axis) { return axis < 0 ? nullptr : tensor.info.axes[static_cast<std::size_t>(axis)]; };
    const AxisPtr layer = axis_at(axes->layer), head = axis_at(axes->head);
    const Index head_at = head_shown(state, head);
    if (layer) plane.layer = slice.fixed[static_cast<std::size_t>(axes->layer)];
    if (head) plane.head = head_at;
    decide(plane, *axes, options, head_at);
    const auto derived = derive(trace, plane, state.memo);
    // What is joined over an axis stands at none of its positions.
    if (plane.heads != Heads::each) plane.head.reset();
    if (plane.layers != Layers::one) plane.layer.reset();
    if (derived || (head && head_at != slice.fixed[static_cast<std::size_t>(axes->head)]))
        slice = slice_at(plane, derived ? *derived : tensor, state, layer, head, head_at);
    if (derived) slice.where.clear();
    slice.derived = derived;
    plane.by_hand = block_said(slice);
    const bool weights = tensor.info.role == Role::weights;
    if (weights) leave_sink_out(trace, plane);
    if (weights && slice.derived)
        plane.sums = *remembered<RowSums>(state.memo, slice.values, "row sums", [&] { return row_sums(slice.values); });
    hide_masked(trace, tensor, slice, state.memo);
    if (weights && options.merge_subwords) plane.words_merged = merge_words(plane);
    if (options.special == ViewOptions::Special::hide) plane.special_hidden = hide_special(plane);
    show_part(slice, plane.state);
    if (options.special == ViewOptions::Special::dim) {
        plane.dimmed_rows = special_positions(*slice.row());
        plane.dimmed_cols = special_positions(*slice.col());
    }
    return plane;
}

}  // namespace saccade
