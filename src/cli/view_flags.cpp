#include "cli/view_flags.hpp"

#include <fmt/core.h>

#include "analysis/attention.hpp"
#include "base/utf8.hpp"
#include "trace/intervention.hpp"
#include "viz/kept_positions.hpp"

namespace saccade {

namespace {

/// "log,without-sink": a scale, and which key is left out.
void apply_scale(const std::string& text, ViewState& state) {
    int scales = 0, left_out = 0;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(',', from), text.size());
        const std::string word = text.substr(from, to - from);
        ++(word.starts_with("without-") ? left_out : scales);
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
    if (scales > 1 || left_out > 1)
        throw Error(ErrorCode::usage, fmt::format("'{}' asks for two at once", shorten(text, 40)),
                    "give one scale, and one of without-sink and without-first");
}

}  // namespace

/// Read as an array in a file: the colon after the file's name is then the first, and those in brackets are no names.
ArraySource cell_named(const std::string& text) {
    try {
        ArraySource cell = split_array_source("run:" + text);
        cell.array.erase(0, 4);
        return cell;
    } catch (const Error&) {
        throw Error(ErrorCode::usage, fmt::format("'{}' names no cell", text),
                    "give a tensor and indices that count from 0, ':' for all of an axis: weights[5,9]");
    }
}
void ViewFlags::declare(CliCommand& command) {
    const auto flag = [&command](const std::string& name) { return (command.has(name) ? "--view-" : "--") + name; };
    command
        .option(flag("scale"), scale,
                "linear, sqrt, log, per_row, largest (up to the largest value, not to 1) or percentile (see --percentile); "
                "without-sink (the most attended "
                "key left out, rows renormalised) or "
                "without-first, alone or after a comma")
        .group("View")
        .shows_default();
    for (const ViewOption& option : view_options()) {
        const ParamSpec& spec = option.spec;
        const std::string name = flag(option.flag_name());
        if (spec.type == ParamType::toggle) {
            command.flag(name, toggles[spec.name], spec.help).group("View");
            continue;
        }
        values[spec.name] = format_param(spec.fallback);
        command.option(name, values[spec.name], spec.help).group("View").shows_default();
    }
    command
        .option(flag("show-rows"), rows,
                "Which rows (queries) of a matrix, head grid or flow: 3-10,12, counted from 1; default: all")
        .group("View");
    command.option(flag("show-columns"), columns, "Which columns (keys), in the same way").group("View");
    command
        .option(flag("select"), select,
                "What is selected, counted from 0 as in --intervene: 'encoder.weights[2,4,3,1]'; ':' for all of an axis")
        .group("View");
}

void ViewFlags::apply(ViewState& state) const {
    for (const ViewOption& option : view_options()) {
        const std::string& name = option.spec.name;
        ParamSpec called = option.spec;
        called.name = option.flag_name();
        Params one;
        if (const auto text = values.find(name); text != values.end()) one.set(called.name, parse_param(called, text->second));
        if (const auto on = toggles.find(name); on != toggles.end()) one.set(called.name, on->second);
        try {
            option.set(state.options, resolve({called}, one).values().at(called.name));
        } catch (const Error& error) {
            throw Error(ErrorCode::usage, "--" + called.name + ": " + error.message(), error.hint());
        }
    }
    named_in_errors("--scale", [&] { apply_scale(scale, state); });
    state.marks = !select.empty();  // a figure has no selection unless one is asked for
    if (!select.empty()) named_in_errors("--select", [&] { cell_named(select); });
}

void ViewFlags::check_heads(const TraceTensor& tensor, const ViewState& state) {
    const auto axes = attention_axes(tensor);
    if ((!axes || axes->head < 0) && !state.options.chosen.empty())
        throw Error(ErrorCode::usage, fmt::format("--heads: {} has no heads", tensor.info.name), "leave it out");
    if (!axes || axes->head < 0) return;
    const Index heads = tensor.values.shape()[axes->head];
    for (const Index head : state.options.chosen)
        if (head >= heads)
            throw Error(ErrorCode::usage,
                        fmt::format("--heads: there is no head {}: {} has {}", head + 1, tensor.info.name, heads),
                        fmt::format("choose from 1 to {}", heads));
}

void ViewFlags::choose_in(const Trace& trace, ViewState& state) const {
    named_in_errors("--show-rows", [&] { choose_positions(state, trace, rows, {}); });
    named_in_errors("--show-columns", [&] { choose_positions(state, trace, {}, columns); });
}

void ViewFlags::select_in(const Trace& trace, ViewState& state) const {
    if (select.empty()) return;
    const ArraySource cell = cell_named(select);
    named_in_errors("--select", [&] { state.selected = focus_of(trace, {cell.array, cell.index}); });
}

}  // namespace saccade
