#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/error_line.hpp"
#include "base/log.hpp"
#include "base/path_text.hpp"
#include "base/printable.hpp"
#include "cli/render_options.hpp"
#include "cli/told_run.hpp"
#include "io/input_file.hpp"
#include "run/language.hpp"
#include "run/named_files.hpp"
#include "viz/colormap.hpp"
#include "viz/difference.hpp"
#include "viz/fonts.hpp"
#include "viz/kept_positions.hpp"
#include "viz/text_measure_pango.hpp"
#include "viz/theme.hpp"
#include "viz/view_options_applicable.hpp"

namespace saccade {

namespace {

/// --step, if it was given, is one of the run's.
void check_step(const RenderOptions& options, const std::string& exhibit_id, const Trace& trace) {
    if (!options.step.given()) return;
    const AxisPtr steps = options.view.step_axis.empty() ? nullptr : trace.axis(options.view.step_axis);
    if (steps == nullptr)
        throw Error(ErrorCode::usage, "--step: " + exhibit_id + " has no steps", "leave it out, or give --select");
    if (options.view.step < 0 || options.view.step >= steps->extent)
        throw Error(ErrorCode::usage, fmt::format("--step: there is no step {}", options.view.step),
                    fmt::format("the output has {}: give 0 to {}", steps->extent, steps->extent - 1));
}

/// The tensor that the exhibit's stage shows in this view; empty if it shows none, or this run does not have it.
std::string placed_tensor(const RunRequest& request, const std::string& view_id, const Trace& trace) {
    for (const ViewPlacement& placed : placements(exhibit(request.exhibit), request.params)) {
        const TraceTensor* tensor = placed.view == view_id ? trace.find(placed.tensor) : nullptr;
        if (tensor != nullptr && view(view_id).accepts(trace, *tensor)) return placed.tensor;
    }
    return {};
}

/// As the run has it: what the exhibit shows in a view, and what is selected there.
ViewState state_in(const Trace& trace, const RunRequest& request, const RenderOptions& options, const PanelAsked& asked) {
    ViewState state = options.view;
    state.view = asked.view;
    state.tensor = asked.shown.array;
    if (state.tensor.empty()) state.tensor = placed_tensor(request, state.view, trace);
    options.flags.select_in(trace, state);
    if (!asked.shown.index.empty())
        named_in_errors("--panel", [&] {
            state.selected = focus_after(trace, state.selected, {asked.shown.array, asked.shown.index});
        });
    // What one of several panels has no use for is for the others.
    if (options.panels.size() < 2 || chooses_positions(state, trace)) options.flags.choose_in(trace, state);
    if (options.panels.size() > 1) state.options = applicable(state.options, option_facts(trace, state.tensor));
    if (state.tensor.empty() || trace.find(state.tensor) != nullptr)  // else made by an analysis, of several
        ViewFlags::check_heads(tensor_for(view(state.view), trace, state), state);
    return state;
}

/// Of one panel the view alone; of several what they have in common, by the first.
void put_views(FigureOrigin& origin, const RenderOptions& options, std::vector<ViewState> states) {
    origin.view = states.front();
    if (states.size() < 2) return;
    origin.panels = {std::move(states), options.columns};
    origin.panels.shared_range = options.range == "shared";
}

/// What cannot be is refused before anything is computed.
void check_appearance(RenderOptions& options, const RunRequest& request) {
    named_in_errors("--theme", [&] { theme(options.view.theme); });
    if (!options.view.colormap.empty())
        named_in_errors("--colormap", [&] { colormap(options.view.colormap, theme(options.view.theme)); });
    named_in_errors("--dpi", [&] { check_dpi(options.file.dpi); });
    named_in_errors("--font-family", [&] { find_fonts(options.view.font_family); });
    options.flags.apply(options.view);
    options.view.step_axis = exhibit(request.exhibit).step_axis;
    apply_sizes(options);
}

/// What is drawn of a request: its run, or the difference of two.
struct Drawn {
    TracePtr run, against, difference;  // the last two only if there are two
    FigureOrigin origin;                // its view is still to come

    const Trace& shown() const { return difference ? *difference : *run; }
};

Drawn drawn(const RenderOptions& options, RunRequest request) {
    const RunRequest other = compared_request(request, options.compare);  // the same, if nothing is compared
    Drawn result;
    if (options.compare.empty()) {
        result.run = run_told_beside_untouched(request);
        result.origin.request = request_text(request);
        return result;
    }
    result.run = run_intervened(request);
    // What B has otherwise is said of A, too, be it the default.
    const Params defaults = resolve(exhibit(request.exhibit).params, request.params);
    for (const ParamSpec& spec : exhibit(request.exhibit).params)
        if (other.params.has(spec.name) && !request.params.has(spec.name))
            request.params.set(spec.name, defaults.values().at(spec.name));
    result.against = run_intervened(other);
    result.difference = std::make_shared<const Trace>(difference_of(*result.run, *result.against));
    result.origin.request = request_text(request);
    result.origin.compared = request_text(other);
    return result;
}

/// One figure, to each of the files; what there is to say of it once.
void draw(const Drawn& what, const RunRequest& request, const RenderOptions& options, const std::vector<PanelAsked>& panels,
          const std::vector<std::string>& outputs) {
    std::vector<ViewState> states;
    for (const PanelAsked& panel : panels) states.push_back(state_in(*what.run, request, options, panel));
    if (what.difference)
        for (ViewState& state : states) {
            // The view's own choice is made by role, which a difference does not have.
            if (state.tensor.empty()) state.tensor = tensor_for(view(state.view), *what.run, state).info.name;
            state = difference_state(state, {what.run.get(), what.against.get()});
        }
    FigureOrigin origin = what.origin;
    put_views(origin, options, std::move(states));
    if (options.fits_height) fit_height(what.shown(), origin, PangoTextMeasure(origin.view.font_family));
    std::vector<Note> said;
    for (const Note& note : export_figures(outputs, what.shown(), origin, options.file))
        if (std::ranges::none_of(said, [&](const Note& before) { return before.text == note.text; })) said.push_back(note);
    print_notes(said);
}

/// "out.pdf" and "-003": "out-003.pdf".
std::string marked(const std::string& path, const std::string& mark) {
    const std::filesystem::path whole(path);
    return (whole.parent_path() / (whole.stem().string() + mark + whole.extension().string())).string();
}

/// --all: every view that the exhibit shows of this run, a file each.
void draw_all(const Drawn& what, const RunRequest& request, const RenderOptions& options, const std::string& mark) {
    std::filesystem::create_directories(options.all);
    for (const ViewPlacement& placed : placements(exhibit(request.exhibit), request.params)) {
        if (!placed.tensor.empty() && what.run->find(placed.tensor) == nullptr) continue;
        const std::string name = placed.view + (placed.tensor.empty() ? "" : "-" + placed.tensor) + mark + "." + options.format;
        const std::string path = (std::filesystem::path(options.all) / name).string();
        draw(what, request, options, {{placed.view, {placed.tensor, {}}}}, {path});
        fmt::print("{}\n", printable(path));
    }
}

/// `mark`: comes before the ending of each file's name.
void render_one(const RenderOptions& options, const RunRequest& request, const std::vector<PanelAsked>& panels,
                const std::string& mark) {
    const RunRequest other = compared_request(request, options.compare);
    tell_unread(request, other);
    std::vector<std::string> outputs;
    for (const std::string& output : options.outputs) {
        outputs.push_back(marked(output, mark));
        options.request.refuse_overwriting("--output", outputs.back(), request);
        options.request.refuse_overwriting("--output", outputs.back(), other);
        named_in_errors("--output", [&] { refuse_overwriting(outputs.back(), compared_files(options.compare)); });
        check_figure_path(outputs.back());
    }
    const Drawn what = drawn(options, request);
    check_step(options, request.exhibit, *what.run);
    if (options.all.empty())
        draw(what, request, options, panels, outputs);
    else
        draw_all(what, request, options, mark);
    print_notes(what.shown().notes());
}

/// What --batch sets, and the lines that it is set to.
struct BatchList {
    const ParamSpec* param = nullptr;
    std::string file;
    std::vector<std::pair<std::size_t, std::string>> lines;  // their numbers, from 1; no empty ones
};

/// --batch "FILE" or "PARAM=FILE": of the pictures that an exhibit reads, or else of its texts, the first.
BatchList batch_of(const std::string& asked, const Exhibit& e) {
    BatchList list;
    list.file = asked;
    const std::size_t equals = asked.find('=');
    for (const ParamSpec& spec : e.params)
        if (equals != std::string::npos && spec.name == asked.substr(0, equals)) {
            list.param = &spec;
            list.file = asked.substr(equals + 1);
        }
    for (const ParamType type : {ParamType::image, ParamType::text})
        for (const ParamSpec& spec : e.params)
            if (list.param == nullptr && spec.type == type && !spec.is_path && !spec.aside && !spec.optional_text)
                list.param = &spec;
    if (list.param == nullptr)
        throw Error(ErrorCode::usage, "--batch: " + e.id + " reads no text and no picture of its own",
                    "write --batch PARAM=FILE");
    constexpr std::size_t longest_list = std::size_t{64} << 20;
    const std::string text = read_file(path_from_text(list.file), longest_list);
    std::size_t number = 0;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        std::string line = text.substr(from, end - from);
        if (line.ends_with('\r')) line.pop_back();
        if (++number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
        if (!line.empty()) list.lines.emplace_back(number, std::move(line));
        from = end + 1;
    }
    if (list.lines.empty())
        throw Error(ErrorCode::usage, "--batch: " + list.file + " has no lines", "write a line for each figure");
    return list;
}

/// A line that fails is said, and the others go on.
void render_batch(const RenderOptions& options, const RunRequest& request, const std::vector<PanelAsked>& panels) {
    const BatchList list = batch_of(options.batch, exhibit(request.exhibit));
    const std::size_t digits = std::to_string(list.lines.back().first).size();
    std::size_t failed = 0;
    for (const auto& [number, line] : list.lines) {
        try {
            RunRequest one = request;
            one.params.set(list.param->name, typed_value(*list.param, line));
            render_one(options, one, panels, fmt::format("-{:0{}}", number, digits));
            fmt::print("{} of {}: {}\n", number, list.lines.back().first, printable(line));
        } catch (...) {
            const Error error = current_error();
            print_stderr(fmt::format("saccade: {}:{}: {}\n", printable(list.file), number, shown_line(error)));
            ++failed;
        }
    }
    if (failed > 0)
        throw Error(ErrorCode::invalid_input, fmt::format("--batch: {} of {} lines failed", failed, list.lines.size()),
                    "what was wrong with each stands above");
}

/// Of two figures at one place the first would be gone.
void refuse_same_output_twice(const std::vector<std::string>& outputs) {
    std::vector<std::filesystem::path> seen;
    for (const std::string& output : outputs) {
        std::error_code ignored;
        const std::filesystem::path place = std::filesystem::weakly_canonical(std::filesystem::path(output), ignored);
        if (std::ranges::find(seen, place) != seen.end())
            throw Error(ErrorCode::usage, "--output " + output + " is given twice", "name each file once");
        seen.push_back(place);
    }
}

/// What cannot be is refused before anything is computed.
void render(RenderOptions options) {
    const RunRequest request = options.request.request();
    if (options.all.empty() && options.outputs.empty())
        throw Error(ErrorCode::usage, "--output is required", "or --all; see 'saccade render --help'");
    refuse_same_output_twice(options.outputs);
    const LanguageFor figures(options.language);
    std::vector<PanelAsked> panels;
    if (options.all.empty()) panels = panels_asked(options);
    check_appearance(options, request);
    if (options.batch.empty()) return render_one(options, request, panels, "");
    render_batch(options, request, panels);
}

}  // namespace

void add_render(CliCommand& app, const Words& words) {
    CliCommand command = app.add("render", "Run an exhibit and draw a view of it to a file");
    const auto options = std::make_shared<RenderOptions>();
    if (!words.empty() && words[0] == "render") options->request.declare(command, words);
    // An exhibit may have a parameter of that name, as with the views' flags.
    const auto flag = [&command](const std::string& name) { return (command.has(name) ? "--view-" : "--") + name; };
    std::string views_known, themes_known;
    for (const View* v : views()) views_known += " " + v->id();
    for (const std::string& t : theme_ids()) themes_known += " " + t;
    const CliOption one = command.option(flag("view"), options->view.view, "One of:" + views_known);
    command
        .option(flag("panel"), options->panels,
                "VIEW, VIEW:TENSOR or VIEW:TENSOR[LAYER,HEAD]: one of several views in one figure, lettered a, b, c; "
                "instead of --view; may be given several times")
        .repeated()
        .not_with(one);
    command.option(flag("columns"), options->columns, "Of panels, side by side").between(1, 26).shows_default();
    command
        .option(flag("range"), options->range,
                "Of the colours of panels: own, or shared by all that show the same kind of numbers")
        .one_of({"own", "shared"})
        .shows_default();
    command.option(flag("tensor"), options->view.tensor,
                   "Which tensor; default: what the exhibit shows in this view, or else the view's own choice, weights first");
    options->step = command.option(flag("step"), options->view.step, "Which step of the output, from 0; default: the last");
    command.option(flag("theme"), options->view.theme, "One of:" + themes_known).shows_default();
    command.option(flag("language"), options->language, "Of titles and axes: en, zh").shows_default();
    command.option(flag("colormap"), options->view.colormap, "Default: by role and theme");
    options->flags.declare(command);
    const CliOption dpi = command.option(flag("dpi"), options->file.dpi, "Resolution of a PNG").shows_default();
    const CliOption size = command.option(flag("size"), options->size, "WIDTHxHEIGHT in px, instead of --dpi").not_with(dpi);
    command.option(flag("width"), options->width, "Width on paper: 85mm, 3.3in, 240pt").not_with(size);
    command
        .option(flag("height"), options->height,
                "Height on paper; default with --width and --panel: what the views need, so that no label is left out")
        .not_with(size);
    command.option(flag("font"), options->font, "Size of every text: 8pt; default: each view's own sizes");
    command.option(
        flag("font-family"), options->view.font_family,
        "Of every text: the name of an installed family, or serif, sans-serif, monospace; default: the program's own");
    command
        .option(flag("compare"), options->compare,
                "PARAM=VALUE: draw the difference, the run with this setting minus the run without; may be given several "
                "times")
        .repeated();
    const CliOption output =
        command
            .option("-o,--output", options->outputs,
                    "File: .png, .svg or .pdf; .html, a page with numbers to point at; .csv, .tex (a table for LaTeX) or .npz "
                    "for the values shown; may be given several times")
            .repeated()
            .path();
    command
        .option(flag("all"), options->all, "A folder: every view of the exhibit, a file each, instead of --view and --output")
        .not_with(one)
        .not_with(output)
        .path();
    command.option(flag("format"), options->format, "Of the files of --all")
        .one_of({"pdf", "svg", "png", "html", "csv"})
        .shows_default();
    command.option(
        flag("batch"), options->batch,
        "A file with a text, or the path of a picture, in each line: a figure each, numbered by line; PARAM=FILE says which "
        "parameter they are for");
    command.flag(flag("bom"), options->file.byte_order_mark,
                 "A CSV begins with a byte order mark, which some spreadsheets need to see UTF-8");
    command.runs([options] { render(*options); });
}

}  // namespace saccade
