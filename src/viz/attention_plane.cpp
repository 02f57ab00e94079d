#include <fmt/format.h>

#include <algorithm>

#include "viz/attention_combine.hpp"
#include "viz/attention_flow.hpp"
#include "viz/layout.hpp"

namespace saccade {

namespace {

/// Maps number `which` of [n, q, k], one behind the other.
Tensor<float> chosen_maps(const Tensor<float>& maps, const std::vector<Index>& which) {
    if (static_cast<Index>(which.size()) == maps.shape()[0]) return maps;
    const Index size = maps.shape()[1] * maps.shape()[2];
    Tensor<float> out = Tensor<float>::uninitialized(maps.shape().with_extent(0, static_cast<Index>(which.size())));
    for (std::size_t i = 0; i < which.size(); ++i)
        std::copy_n(maps.data() + which[i] * size, size, out.data() + static_cast<Index>(i) * size);
    return out;
}

const TraceTensor& gradient_of(const Trace& trace, const TraceTensor& tensor) {
    const TraceTensor* gradient = trace.find(tensor.info.name + ".gradient");
    if (gradient == nullptr || gradient->info.axes != tensor.info.axes)
        throw Error(ErrorCode::invalid_input, "this run recorded no gradient of " + tensor.info.name,
                    "combine heads by mean or max");
    return *gradient;
}

/// The heads of one layer made one matrix.
Tensor<float> combine_heads(const Trace& trace, const TraceTensor& tensor, const AttentionAxes& axes, ViewOptions::Heads how,
                            const std::vector<Index>& which, Index layer) {
    const Tensor<float> maps = chosen_maps(by_layer_and_head(tensor, axes).row(layer), which);
    if (how == ViewOptions::Heads::max) return max_of(maps);
    if (how != ViewOptions::Heads::gradient) return maps.shape()[0] == 1 ? maps.row(0) : mean_of(maps);
    const TraceTensor& gradient = gradient_of(trace, tensor);
    return gradient_attention(maps, chosen_maps(by_layer_and_head(gradient, axes).row(layer), which));
}

std::string heads_said(ViewOptions::Heads how, const std::vector<Index>& which, Index all) {
    const std::string set = static_cast<Index>(which.size()) == all ? std::string("heads") : "heads " + heads_text(which);
    if (how == ViewOptions::Heads::max) return "max over " + set;
    if (how == ViewOptions::Heads::gradient) return "gradient × attention, positive part, mean over " + set;
    return "mean over " + set;
}

struct Combined {
    Tensor<float> matrix;
    std::string said;
};

/// Everything over heads and layers; `said` is empty if a single map was asked for.
Combined combine(const Trace& trace, const TraceTensor& tensor, const AttentionAxes& axes, const ViewState& state) {
    const ViewOptions& options = state.options;
    const Tensor<float> all = by_layer_and_head(tensor, axes);
    const Index n_layers = all.shape()[0], n_heads = all.shape()[1];
    const AxisPtr layer_axis = axes.layer < 0 ? nullptr : tensor.info.axes[static_cast<std::size_t>(axes.layer)];
    const AxisPtr head_axis = axes.head < 0 ? nullptr : tensor.info.axes[static_cast<std::size_t>(axes.head)];
    const Index layer = layer_axis ? position_on(state, layer_axis).value_or(0) : 0;
    const bool through = options.layers == ViewOptions::Layers::rollout || options.layers == ViewOptions::Layers::flow;
    // What passes through all layers has no head of its own: number 3 of one layer is another than number 3 of the next.
    const ViewOptions::Heads how =
        options.heads == ViewOptions::Heads::each && through ? ViewOptions::Heads::mean : options.heads;
    const bool one_head = how == ViewOptions::Heads::each || (n_heads == 1 && how != ViewOptions::Heads::gradient);
    const std::vector<Index> which =
        how == ViewOptions::Heads::each ? std::vector<Index>{head_shown(state, head_axis)} : heads_asked_for(options, n_heads);
    Combined result;
    if (!one_head) result.said = heads_said(how, which, n_heads);
    const auto of_layer = [&](Index l) { return combine_heads(trace, tensor, axes, how, which, l); };
    if (options.layers == ViewOptions::Layers::one) {
        result.matrix = of_layer(layer);
        if (!one_head && n_layers > 1) result.said += " of layer " + std::to_string(layer + 1);
        return result;
    }
    const auto say = [&result](const std::string& part) { result.said += (result.said.empty() ? "" : " · ") + part; };
    if (one_head && head_axis && n_heads > 1) say("head " + std::to_string(which[0] + 1));
    if (through && !axes.square)
        throw Error(
            ErrorCode::invalid_input,
            to_string(options.layers) + " goes through layers of self-attention: " + tensor.info.name + " reads other tokens",
            "choose one layer, mean or max");
    if (through && tensor.info.role != Role::weights)
        throw Error(ErrorCode::invalid_input,
                    to_string(options.layers) + " is of attention weights, not of " + tensor.info.name,
                    "choose one layer, mean or max");
    Tensor<float> stacked = Tensor<float>::uninitialized(Shape{n_layers, all.shape()[2], all.shape()[3]});
    for (Index l = 0; l < n_layers; ++l) {
        const Tensor<float> one = of_layer(l);
        std::copy_n(one.data(), one.size(), stacked.data() + l * one.size());
    }
    switch (options.layers) {
        case ViewOptions::Layers::mean:
            result.matrix = mean_of(stacked);
            say("mean over layers");
            break;
        case ViewOptions::Layers::max:
            result.matrix = max_of(stacked);
            say("max over layers");
            break;
        case ViewOptions::Layers::flow:
            result.matrix = attention_flow(stacked);
            say("attention flow through layers");
            break;
        default:
            result.matrix = how == ViewOptions::Heads::gradient ? relevance_rollout(stacked) : attention_rollout(stacked);
            say(how == ViewOptions::Heads::gradient ? "relevance R ← R + Ā R through layers" : "rollout through layers");
    }
    return result;
}

std::string key_of(const ViewOptions& o, Index layer, Index head) {
    return fmt::format("plane {} {} {} {} [{}]", to_string(o.heads), to_string(o.layers), layer, head, heads_text(o.chosen));
}

AxisPtr shortened(const Axis& axis, const std::vector<Index>& kept) {
    Axis shown = axis;
    shown.extent = static_cast<Index>(kept.size());
    shown.labels.clear();
    for (const Index i : kept) shown.labels.push_back(axis.labels[static_cast<std::size_t>(i)]);
    return std::make_shared<const Axis>(std::move(shown));
}

/// The focus where its position stands among those that are kept; gone if it is left out.
void move_focus(Focus& focus, const std::string& axis, const std::vector<Index>& kept) {
    const auto mark = focus.marks.find(axis);
    if (mark == focus.marks.end()) return;
    const auto at = std::lower_bound(kept.begin(), kept.end(), mark->second);
    if (at == kept.end() || *at != mark->second)
        focus.marks.erase(mark);
    else
        mark->second = at - kept.begin();
}

/// Leaves special tokens out of both axes.
bool hide_special(AttentionPlane& plane) {
    Slice& slice = plane.slice;
    const Axis& row = *slice.row();
    const Axis& col = *slice.col();
    const std::vector<Index> rows = ordinary_positions(row), cols = ordinary_positions(col);
    const bool less_rows = static_cast<Index>(rows.size()) < row.extent,
               less_cols = static_cast<Index>(cols.size()) < col.extent;
    if (!less_rows && !less_cols) return false;
    Tensor<float> kept = Tensor<float>::uninitialized(Shape{static_cast<Index>(rows.size()), static_cast<Index>(cols.size())});
    float* to = kept.data();
    for (const Index r : rows)
        for (const Index c : cols) *to++ = slice.values.data()[r * col.extent + c];
    slice.values = kept;
    const std::string row_name = row.name, col_name = col.name;
    const AxisPtr shown_row = less_rows ? shortened(row, rows) : nullptr,
                  shown_col = less_cols ? shortened(col, cols) : nullptr;
    for (Focus* focus : {&plane.state.selected, &plane.state.hovered}) {
        if (less_rows) move_focus(*focus, row_name, rows);
        if (less_cols && col_name != row_name) move_focus(*focus, col_name, cols);
    }
    if (less_rows) slice.row_map = rows;
    if (less_cols) slice.col_map = cols;
    slice.shown_row = shown_row;
    slice.shown_col = shown_col;
    return true;
}

std::vector<bool> special_positions(const Axis& axis) {
    std::vector<bool> special;
    for (const std::string& label : axis.labels) special.push_back(is_special(label));
    if (std::none_of(special.begin(), special.end(), [](bool b) { return b; })) special.clear();
    return special;
}

/// The position of the key that the options leave out.
std::optional<Index> sink_of(const ViewOptions& options, const Tensor<float>& matrix) {
    if (options.sink == ViewOptions::Sink::first) return 0;
    if (options.sink == ViewOptions::Sink::most) return most_attended(matrix);
    return std::nullopt;
}

}  // namespace

AttentionPlane attention_plane(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    AttentionPlane plane{plane_of(tensor, state), state, {}, {}, {}, false};
    const std::optional<AttentionAxes> axes = attention_axes(tensor);
    if (!axes) return plane;
    Slice& slice = plane.slice;
    const auto say = [&plane](const std::string& part) { plane.caption += (plane.caption.empty() ? "" : " · ") + part; };
    const auto at = [&](int axis) { return axis < 0 ? Index{0} : slice.fixed[static_cast<std::size_t>(axis)]; };
    const ViewOptions& options = state.options;
    const AxisPtr head = axes->head < 0 ? nullptr : tensor.info.axes[static_cast<std::size_t>(axes->head)];
    const Index head_at = head_shown(state, head);
    if (options.heads != ViewOptions::Heads::each || options.layers != ViewOptions::Layers::one || head_at != at(axes->head)) {
        // Runs may share weights whose gradients differ.
        const TraceTensor* gradient =
            options.heads == ViewOptions::Heads::gradient ? trace.find(tensor.info.name + ".gradient") : nullptr;
        const auto combined = remembered<Combined>(state.memo, gradient != nullptr ? gradient->values : tensor.values,
                                                   key_of(options, at(axes->layer), head_at),
                                                   [&] { return combine(trace, tensor, *axes, state); });
        slice.values = combined->matrix;
        plane.derived = !combined->said.empty();
        plane.caption = combined->said;
        if (axes->head >= 0) slice.fixed[static_cast<std::size_t>(axes->head)] = head_at;
        slice.where.clear();
        for (const int axis : {axes->layer, axes->head})
            if (axis >= 0 && !plane.derived)
                slice.where += (slice.where.empty() ? "" : ", ") +
                               position_text(*tensor.info.axes[static_cast<std::size_t>(axis)], at(axis));
        // What is joined over an axis stands at none of its positions.
        const bool heads_joined = plane.derived && plane.caption.find("head ") != 0;
        if (heads_joined && axes->head >= 0) slice.fixed[static_cast<std::size_t>(axes->head)] = -1;
        if (options.layers != ViewOptions::Layers::one && axes->layer >= 0)
            slice.fixed[static_cast<std::size_t>(axes->layer)] = -1;
    }
    const bool weights = tensor.info.role == Role::weights;
    if (weights && options.sink != ViewOptions::Sink::keep) {
        if (const auto sink = sink_of(options, slice.values)) {
            slice.values = *remembered<Tensor<float>>(state.memo, slice.values, "without " + std::to_string(*sink),
                                                      [&] { return without_key(slice.values, *sink); });
            say("without “" + drawn_label(*slice.col(), *sink) + "” at " + std::to_string(*sink + 1) + ", rows renormalised");
            plane.derived = true;
        }
    }
    if (weights && plane.derived) {
        const auto sums = remembered<RowSums>(state.memo, slice.values, "row sums", [&] { return row_sums(slice.values); });
        say(row_sums_text(*sums));
    }
    if (options.special == ViewOptions::Special::hide && hide_special(plane)) say("special tokens hidden");
    if (options.special == ViewOptions::Special::dim) {
        plane.dimmed_rows = special_positions(*slice.row());
        plane.dimmed_cols = special_positions(*slice.col());
        if (!plane.dimmed_rows.empty() || !plane.dimmed_cols.empty()) say("special tokens dimmed");
    }
    return plane;
}

}  // namespace saccade
