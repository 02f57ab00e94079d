#include "cli/view_flags.hpp"

#include <fmt/format.h>

#include "trace/intervention.hpp"

namespace saccade {

namespace {

/// "log,without-sink": a scale, and which key is left out.
void apply_scale(const std::string& text, ViewState& state) {
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(',', from), text.size());
        const std::string word = text.substr(from, to - from);
        if (word == "without-sink")
            state.options.sink = ViewOptions::Sink::most;
        else if (word == "without-first")
            state.options.sink = ViewOptions::Sink::first;
        else
            try {
                state.scale = scale_from(word == "per-row" ? "per_row" : word);
            } catch (const Error& error) {
                throw Error(ErrorCode::usage, error.message(), error.hint() + ", without-sink, without-first");
            }
        from = to + 1;
    }
}

/// Read as an array in a file: the colon after the file's name is then the first, and those in brackets are no names.
ArraySource cell_named(const std::string& text) {
    ArraySource cell = split_array_source("run:" + text);
    cell.array.erase(0, 4);
    return cell;
}

}  // namespace

void ViewFlags::declare(CLI::App& command) {
    const auto add = [&command](const std::string& name, auto& value, const std::string& help) {
        const bool taken = command.get_option_no_throw("--" + name) != nullptr;
        command.add_option((taken ? "--view-" : "--") + name, value, help)->group("View")->capture_default_str();
    };
    add("scale", scale,
        "linear, sqrt, log or per_row; without-sink (the most attended key left out, rows renormalised) or without-first, "
        "alone "
        "or after a comma");
    add("combine", combine, "Heads: each, mean, max, gradient (gradient x attention, where the run records it)");
    add("layers", layers, "Layers: one, mean, max, rollout, flow (Abnar and Zuidema 2020)");
    add("heads", heads, "Which heads, numbered from 1 as the views do: 1,3-5, or all");
    add("threshold", threshold, "Lines of a flow below this weight are not drawn");
    add("special", special, "Special tokens such as <s> or [CLS]: show, dim or hide");
    add("sort", sort, "Heads of a layer in the grid: as-is, entropy, distance, similarity");
    add("overlay", overlay, "A map and its picture: map, contours, side-by-side, off");
    add("opacity", opacity, "Of a map over its picture, 0 to 1");
    add("map-threshold", map_threshold, "Cells of a map below this share of the colour scale let the picture through, 0 to 1");
    add("channels", channels, "Channels in galleries and bars: gate (the largest first) or number");
    const bool taken = command.get_option_no_throw("--smooth") != nullptr;
    command.add_flag(taken ? "--view-smooth" : "--smooth", smooth, "Maps bilinear between their cells")->group("View");
    add("select", select, "What is selected, from 0: 'encoder.weights[2,4,3,1]'; ':' for all of an axis");
}

void ViewFlags::apply(ViewState& state) const {
    apply_scale(scale, state);
    ViewOptions& options = state.options;
    options.heads = heads_option_from(combine);
    options.layers = layers_option_from(layers);
    options.chosen = heads_from(heads);
    options.special = special_option_from(special);
    options.order = order_option_from(sort);
    if (!(threshold >= 0 && threshold <= 1))
        throw Error(ErrorCode::usage, "a threshold of " + std::to_string(threshold) + " is no weight", "give 0 to 1");
    options.threshold = threshold;
    for (const auto& [name, value] : {std::pair{"opacity", opacity}, {"map threshold", map_threshold}})
        if (!(value >= 0 && value <= 1))
            throw Error(ErrorCode::usage, fmt::format("the {} cannot be {:g}", name, value), "give 0 to 1");
    options.overlay = overlay_option_from(overlay);
    options.opacity = opacity;
    options.map_threshold = map_threshold;
    options.smooth = smooth;
    options.sort = sort_option_from(channels);
    if (!select.empty()) cell_named(select);
}

void ViewFlags::select_in(const Trace& trace, ViewState& state) const {
    if (select.empty()) return;
    const ArraySource cell = cell_named(select);
    state.selected = focus_of(trace, {cell.array, cell.index});
}

}  // namespace saccade
