#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/shell_quoted.hpp"
#include "exhibit/exhibit.hpp"
#include "run/command_line.hpp"
#include "ui/desk.hpp"
#include "viz/kept_positions.hpp"

namespace saccade {

namespace {

/// "cross.weights[1,4]": a tensor and where; -1 is all of an axis.
std::string cell_text(const CellRef& cell) {
    std::string text;
    for (const Index i : cell.index) text += (text.empty() ? "[" : ",") + (i < 0 ? std::string(":") : std::to_string(i));
    return cell.tensor + (text.empty() ? "" : text + "]");
}

std::string panel_text(const DeskPanel& panel) {
    const bool said = std::ranges::any_of(panel.index, [](Index i) { return i >= 0; });
    const std::string cell = cell_text({panel.tensor, said ? panel.index : std::vector<Index>{}});
    return panel.view + (cell.empty() ? "" : ":" + cell);
}

/// Words of a command; flags that the exhibit has a parameter of the same name for are called --view-NAME.
class Words {
 public:
    explicit Words(const Exhibit& e) : exhibit_(e) {}
    void flag(const std::string& name) {
        const bool taken = std::ranges::any_of(exhibit_.params, [&](const ParamSpec& spec) { return spec.name == name; });
        text_ += (taken ? " --view-" : " --") + name;
    }
    void option(const std::string& name, const std::string& value) {
        flag(name);
        text_ += " " + shell_quoted(value);
    }
    const std::string& text() const { return text_; }

 private:
    const Exhibit& exhibit_;
    std::string text_;
};

/// What B has otherwise than A, as --compare says it.
void compare_words(Words& words, const Exhibit& e, const RunRequest& a, const RunRequest& b) {
    if (a.interventions != b.interventions || a.weights_path != b.weights_path || a.model != b.model)
        throw Error(ErrorCode::unsupported, "A and B differ in what a hand changed, or in their weights",
                    "a command compares settings alone; save the session, or export a picture, which opens again");
    const Params in_a = resolve(e.params, a.params), in_b = resolve(e.params, b.params);
    for (const auto& [name, value] : in_b.values()) {
        const std::string text = format_param(value);
        if (format_param(in_a.values().at(name)) != text) words.option("compare", name + "=" + text);
    }
    if (a.seed != b.seed) words.option("compare", fmt::format("seed={}", b.seed));
}

/// The options of views that any panel uses; and those of the figure.
void option_words(Words& words, const std::vector<ViewState>& states) {
    for (const ViewOption& option : view_options()) {
        const auto used = std::ranges::find_if(states, [&](const ViewState& state) { return option.used(state.options); });
        if (used == states.end()) continue;
        std::string value = format_param(option.get(used->options));
        std::erase(value, ' ');
        if (option.spec.type == ParamType::toggle)
            words.flag(option.flag_name());
        else
            words.option(option.flag_name(), value);
    }
}

/// Which rows and columns: one answer for all views that draw some of them.
void position_words(Words& words, const Trace& trace, const std::vector<ViewState>& states) {
    std::optional<std::array<std::string, 2>> all;
    for (const ViewState& state : states) {
        if (state.options.positions.empty() || !chooses_positions(state, trace)) continue;
        const std::array<std::string, 2> one = chosen_positions(state, trace);
        if (all && *all != one)
            throw Error(ErrorCode::unsupported, "the views show different rows or columns",
                        "a command chooses the same for all; export a picture, which opens again");
        all = one;
    }
    if (!all) return;
    if (!(*all)[0].empty()) words.option("show-rows", (*all)[0]);
    if (!(*all)[1].empty()) words.option("show-columns", (*all)[1]);
}

}  // namespace

std::string Desk::command() {
    const FigureDesk& desk = state_.desk;
    DeskFigure made = figure();
    const Exhibit& e = state_.document.exhibit();
    RunRequest request = made.request;
    if (desk.all && reads_part()) request.params.set(e.part_param, std::string());
    Words words(e);
    for (const DeskPanel& panel : panels()) words.option("panel", panel_text(panel));
    if (made.against) compare_words(words, e, request, *made.against);
    const std::vector<ViewState> one{made.origin.view};
    const std::vector<ViewState>& states = made.origin.panels.states.empty() ? one : made.origin.panels.states;
    if (states.size() > 1 && desk.columns > 1) words.option("columns", std::to_string(desk.columns));
    if (states.size() > 1 && desk.shared_range) words.option("range", "shared");
    words.option("width", desk.width);
    if (!desk.height.empty()) words.option("height", desk.height);
    if (!desk.font.empty()) words.option("font", desk.font);
    if (!desk.font_family.empty()) words.option("font-family", desk.font_family);
    if (desk.theme != ViewState().theme) words.option("theme", desk.theme);
    if (!desk.colormap.empty()) words.option("colormap", desk.colormap);
    if (states.front().scale != ViewState().scale) words.option("scale", to_string(states.front().scale));
    option_words(words, states);
    position_words(words, *made.trace, states);
    if (desk.marks && !state_.document.stage.selected.empty())
        words.option("select", cell_text(state_.document.stage.selected.cell));
    if (states.front().step >= 0 && !e.step_axis.empty()) words.option("step", std::to_string(states.front().step));
    const std::string ending = ending_of(desk.path);
    if (ending == "png") words.option("dpi", fmt::format("{:g}", desk.dpi));
    if (ending == "csv" && desk.byte_order_mark) words.flag("bom");
    return "saccade render " + request_words(request) + words.text() + " -o " + shell_quoted(desk.path);
}

}  // namespace saccade
