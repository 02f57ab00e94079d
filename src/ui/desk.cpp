#include "ui/desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include <nlohmann/json.hpp>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "base/translate.hpp"
#include "exhibit/exhibit.hpp"
#include "ui/pasted_pictures.hpp"
#include "ui/path_to_save.hpp"
#include "ui/ready.hpp"
#include "viz/difference.hpp"
#include "viz/kept_positions.hpp"
#include "viz/layout.hpp"
#include "viz/length.hpp"
#include "viz/text_measure_pango.hpp"
#include "viz/view_options_applicable.hpp"

namespace saccade {

std::string ending_of(const std::string& written) {
    std::string ending = std::filesystem::path(path_from_text(written)).extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending.empty() ? ending : ending.substr(1);
}

const Side& Desk::side() const {
    const Document& document = state_.document;
    return document.comparing ? document.sides[state_.desk.what % 2] : document.side();
}

const Trace& Desk::finished() const {
    const Document& document = state_.document;
    const bool unfinished = difference() ? document.sides[0].stale() || document.sides[1].stale() || !document.difference
                                         : side().stale() || side().trace() == nullptr;
    if (unfinished)
        throw Error(ErrorCode::invalid_input, "there is no finished picture to export",
                    "wait for the run, or correct the input");
    return difference() ? *document.difference : *side().trace();
}

std::vector<DeskPanel>& Desk::panels() {
    const Document& document = state_.document;
    std::vector<DeskPanel>& all = state_.desk.panels[document.exhibit().id];
    if (!all.empty()) return all;
    const std::vector<ViewPlacement> placed_views = placements(document.exhibit(), document.side().request.params);
    const auto named = [](const ViewPlacement& v) { return v.view + "/" + v.tensor; };
    auto chosen = std::ranges::find(placed_views, document.stage.enlarged, named);
    if (chosen == placed_views.end())
        chosen = std::ranges::find(placed_views, document.stage.selected.cell.tensor, &ViewPlacement::tensor);
    if (chosen == placed_views.end()) chosen = placed_views.begin();
    if (chosen != placed_views.end()) all.push_back(placed(chosen->view, chosen->tensor));
    return all;
}

void Desk::offer() {
    const Document& document = state_.document;
    offered_.clear();
    const Trace* trace = side().trace();
    if (trace == nullptr) return;
    const auto add = [&](const std::string& id, const std::string& tensor) {
        const bool known =
            std::ranges::any_of(offered_, [&](const DeskPanel& p) { return p.view == id && p.tensor == tensor; });
        if (!known) offered_.push_back(placed(id, tensor));
    };
    for (const ViewPlacement& one : placements(document.exhibit(), document.side().request.params))
        if (one.tensor.empty() || trace->find(one.tensor) != nullptr) add(one.view, one.tensor);
    for (const TraceTensor* tensor : trace->with_role(Role::weights))
        for (const char* id : {"heatmap", "head-grid", "flow"})
            if (view(id).accepts(*trace, *tensor)) add(id, tensor->info.name);
}

std::vector<int> Desk::fixed_axes(const DeskPanel& panel) const {
    const Trace* trace = side().trace();
    const TraceTensor* tensor = trace == nullptr ? nullptr : trace->find(panel.tensor);
    if (tensor == nullptr) return {};
    std::set<std::string> whole;
    DeskPanel all = panel;  // whatever is typed there
    all.rows.clear();
    all.columns.clear();
    try {
        for (const ShownValues& shown : view(panel.view).shown(*trace, state_of(*trace, all)))
            for (const AxisPtr& axis : shown.axes) whole.insert(axis->name);
    } catch (const Error&) {
        return {};
    }
    std::vector<int> fixed;
    for (std::size_t i = 0; i < tensor->info.axes.size(); ++i)
        if (!whole.contains(tensor->info.axes[i]->name)) fixed.push_back(static_cast<int>(i));
    return fixed;
}

DeskPanel Desk::placed(const std::string& id, const std::string& tensor_name) const {
    DeskPanel panel{id, tensor_name};
    for (const int axis : fixed_axes(panel)) {
        const AxisPtr& at = side().trace()->tensor(tensor_name).info.axes[static_cast<std::size_t>(axis)];
        const std::optional<Index> position = state_.document.stage.selected.on(at);
        if (!position || *position < 0 || *position >= at->extent) continue;
        panel.index.resize(static_cast<std::size_t>(axis) + 1, -1);
        panel.index.back() = *position;
    }
    return panel;
}

std::string Desk::title(const DeskPanel& panel) const {
    std::string text = tr(view(panel.view).title());
    const Trace* trace = side().trace();
    const TraceTensor* tensor = trace == nullptr ? nullptr : trace->find(panel.tensor);
    if (tensor == nullptr) return panel.tensor.empty() ? text : text + " · " + panel.tensor;
    for (std::size_t i = 0; i < std::min(panel.index.size(), tensor->info.axes.size()); ++i)
        if (panel.index[i] >= 0) text += ", " + position_text(*tensor->info.axes[i], panel.index[i]);
    return text + " · " + (tensor->info.title.empty() ? panel.tensor : tr_composed(tensor->info.title));
}

ViewState Desk::state_of(const Trace& trace, const DeskPanel& panel) const {
    const FigureDesk& desk = state_.desk;
    const Document& document = state_.document;
    ViewState view;
    view.view = panel.view;
    view.tensor = panel.tensor;
    view.theme = desk.theme;
    view.font_family = desk.font_family;
    view.colormap = desk.colormap;
    view.scale = desk.scale.value_or(state_.view.scale);
    view.marks = desk.marks;
    view.step = document.stage.step;
    view.step_axis = document.exhibit().step_axis;
    if (desk.marks) view.selected = document.stage.selected;
    const bool said = std::ranges::any_of(panel.index, [](Index i) { return i >= 0; });
    if (said) view.selected = focus_after(trace, view.selected, {panel.tensor, panel.index});
    view.options = applicable(document.options, option_facts(trace, panel.tensor));
    for (const ViewOption* option : options_named(figure_options)) option->set(view.options, option->get(desk.options));
    if (desk.all) view.options.positions.clear();
    choose_positions(view, trace, panel.rows, panel.columns);
    return view;
}

DeskFigure Desk::figure_of(TracePtr trace, const RunRequest& request) {
    const FigureDesk& desk = state_.desk;
    ViewState whole;
    whole.width = length_px("width", desk.width, least_side, most_side);
    if (!desk.height.empty()) whole.height = length_px("height", desk.height, least_side, most_side);
    if (!desk.font.empty()) set_text_px(whole, length_px("text", desk.font, least_text, most_text));
    DeskFigure figure;
    figure.trace = std::move(trace);
    figure.request = request;
    figure.fits_height = desk.height.empty();
    if (difference()) {
        figure.compared = state_.document.difference_of;
        figure.against = state_.document.sides[1].shown.request;
    }
    std::vector<ViewState> states;
    for (const DeskPanel& panel : panels()) {
        ViewState state = state_of(*figure.trace, panel);
        state.width = whole.width;
        state.height = whole.height;
        state.text_size = whole.text_size;
        state.text_scale = whole.text_scale;
        if (difference()) state = difference_state(state, {figure.compared[0].get(), figure.compared[1].get()});
        states.push_back(std::move(state));
    }
    if (states.empty()) throw Error(ErrorCode::invalid_input, "the figure has no view", "add one");
    figure.origin.view = states.front();
    if (states.size() < 2) return figure;
    figure.origin.panels.states = std::move(states);
    figure.origin.panels.columns = desk.columns;
    figure.origin.panels.shared_range = desk.shared_range;
    return figure;
}

DeskFigure Desk::figure() {
    finished();
    const Document& document = state_.document;
    if (difference()) return figure_of(document.difference, document.sides[0].shown.request);
    return figure_of(side().shown.trace, side().shown.request);
}

/// What the figure depends on, as text: the runs by their addresses, and all that is chosen.
std::string Desk::key() {
    const FigureDesk& desk = state_.desk;
    const Trace& trace = finished();
    std::string text = fmt::format("{} {} {} {} {} {} {}", static_cast<const void*>(&trace), desk.columns, desk.shared_range,
                                   desk.width, desk.height, desk.font, difference());
    for (const DeskPanel& panel : panels()) text += to_json(state_of(trace, panel)).dump();
    return text;
}

void Desk::show(double scale) {
    const FigureDesk& desk = state_.desk;
    std::string now;
    try {
        now = key();
        preview_.ask(now, scale, [this] { return figure(); });
    } catch (...) {
        preview_.fail(now, current_error());
        return;
    }
    now += fmt::format("{} {} {} {}", desk.path, desk.dpi, desk.byte_order_mark, desk.all);
    if (now == command_of_) return;
    command_of_ = now;
    command_.clear();
    no_command_.clear();
    try {
        command_ = command();
    } catch (...) {
        no_command_ = shown_line(current_error());
    }
}

bool Desk::chooses_positions(const DeskPanel& panel) const {
    const Trace* trace = side().trace();
    DeskPanel all = panel;  // whatever is typed there
    all.rows.clear();
    all.columns.clear();
    try {
        return trace != nullptr && saccade::chooses_positions(state_of(*trace, all), *trace);
    } catch (const Error&) {
        return false;
    }
}

bool Desk::exports_part() const {
    return reads_part() || !state_.document.options.positions.empty();
}

bool Desk::reads_part() const {
    const std::string& param = state_.document.exhibit().part_param;
    if (param.empty() || difference() || side().trace() == nullptr) return false;
    return side().shown.request.params.has(param) && !side().shown.request.params.text(param).empty();
}

void Desk::write(DeskFigure figure) {
    FigureDesk& desk = state_.desk;
    const std::string path = path_to_save(desk.path, desk.may_replace);
    figure.complete(PangoTextMeasure(figure.origin.view.font_family));
    ExportOptions options;
    options.dpi = desk.dpi;
    options.byte_order_mark = desk.byte_order_mark;
    export_figure(path, *figure.trace, figure.origin, options);
    note_saved(figure.request);
    desk.may_replace = {path, stamp_of(path)};  // what it wrote itself it may write again
    desk.failed = false;
    desk.result = tr("Written: {}", std::filesystem::absolute(path).string());
}

void Desk::export_now() {
    FigureDesk& desk = state_.desk;
    try {
        if (!desk.all || !reads_part()) return write(figure());
        RunRequest request = side().shown.request;
        request.params.set(state_.document.exhibit().part_param, std::string());
        desk.failed = false;
        desk.result = tr("Reading all of it …");
        whole_ = std::async(std::launch::async, [request] {
            Whole whole{request, nullptr, std::nullopt};
            try {
                whole.trace = run(request);
            } catch (...) {
                whole.problem = current_error();
            }
            return whole;
        });
    } catch (...) {
        desk.failed = true;
        desk.result = shown_line(current_error());
    }
}

void Desk::poll() {
    preview_.poll();
    if (copying_.valid() && is_ready(copying_)) {
        const std::optional<Error> problem = copying_.get();
        state_.desk.failed = problem.has_value();
        state_.desk.result = problem ? shown_line(*problem) : tr("The figure is in the clipboard, as PNG");
    }
    if (!whole_.valid() || !is_ready(whole_)) return;
    try {
        const Whole whole = whole_.get();
        if (whole.problem) throw *whole.problem;
        write(figure_of(whole.trace, whole.request));
    } catch (...) {
        state_.desk.failed = true;
        state_.desk.result = shown_line(current_error());
    }
}

}  // namespace saccade
