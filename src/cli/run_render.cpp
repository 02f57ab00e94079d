#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>

#include "base/error_line.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "cli/view_flags.hpp"
#include "cli/waiting_line.hpp"
#include "params/matrix_file.hpp"
#include "run/finding.hpp"
#include "run/named_files.hpp"
#include "run/runner.hpp"
#include "run/trace_file.hpp"
#include "viz/colormap.hpp"
#include "viz/difference.hpp"
#include "viz/export.hpp"
#include "viz/theme.hpp"

namespace saccade {

namespace {

constexpr int least_side = 16, most_side = 16384;  // px of a figure

/// What the run has to say goes to stderr, one line per note: it is not an error.
void print_notes(const std::vector<Note>& notes) {
    for (const Note& note : notes) print_stderr(fmt::format("saccade: note: {}\n", shown_line(note.text, note.hint)));
}

/// How far a run is, on stderr, if it takes longer than a second: a line that is written over on a terminal, else a line now
/// and then.
class ProgressLine {
 public:
    ~ProgressLine() {
        if (shown_ && terminal_) print_stderr(fmt::format("\r{:60}\r", ""));
    }
    void operator()(double fraction) {
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
        if (seconds < 1 || seconds - last_ < (terminal_ ? 0.2 : 5.0)) return;
        last_ = seconds;
        shown_ = true;
        const std::string left = fraction > 0.02 ? fmt::format(", {:.0f} s left", seconds * (1 - fraction) / fraction) : "";
        print_stderr(
            fmt::format("{}saccade: {:3.0f}%{}{}", terminal_ ? "\r" : "", fraction * 100, left, terminal_ ? "    " : "\n"));
    }
    Progress listener() {
        return [this](double fraction, const TracePtr&) { (*this)(fraction); };
    }

 private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    double last_ = -10;
    bool shown_ = false;
    bool terminal_ = stderr_is_terminal();
};

TracePtr run_told(const RunRequest& request) {
    ProgressLine line;
    return run(request, {}, line.listener());
}

struct RunOptions {
    RequestOptions request;
    std::string save;
    bool claims = false;
};

struct RenderOptions {
    RequestOptions request;
    ViewState view;
    ViewFlags flags;
    std::string size;
    std::string width, height, font;
    std::string output;
    ExportOptions file;
    std::vector<std::string> compare;
    CliOption step;
};

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

/// The request with the settings of --compare: PARAM=VALUE, or seed=N.
RunRequest compared_request(RunRequest request, const std::vector<std::string>& settings) {
    const Exhibit& e = exhibit(request.exhibit);
    std::vector<std::string> names{"seed"};
    for (const ParamSpec& spec : e.params) names.push_back(spec.name);
    for (const std::string& setting : settings) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos)
            throw Error(ErrorCode::usage, "--compare " + setting + " sets nothing", "write PARAM=VALUE");
        const std::string name = setting.substr(0, equals), value = setting.substr(equals + 1);
        const auto spec = std::find_if(e.params.begin(), e.params.end(), [&](const ParamSpec& s) { return s.name == name; });
        if (spec != e.params.end()) {
            request.params.set(name, typed_value(*spec, value));
        } else if (name == "seed") {
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), request.seed);
            if (error != std::errc() || end != value.data() + value.size())
                throw Error(ErrorCode::usage, "--compare seed '" + value + "' is not a seed", "give a whole number");
        } else {
            throw Error(ErrorCode::usage, "--compare: there is no parameter '" + name + "'" + did_you_mean(name, names),
                        fmt::format("choose one of: {}", fmt::join(names, ", ")));
        }
    }
    return request;
}

/// The files of the matrices that --compare sets.
std::vector<std::string> compared_files(const std::vector<std::string>& settings) {
    std::vector<std::string> files;
    for (const std::string& setting : settings)
        if (const std::string file = matrix_file_in(setting.substr(setting.find('=') + 1)); !file.empty())
            files.push_back(file);
    return files;
}

void print_claim(const std::string& said, const std::string& text, const std::string& found) {
    fmt::print("{:<15} {}{}\n", said, printable(text), found.empty() ? "" : "  (" + printable(found) + ")");
}

/// Every formula claim and every point of the lesson that claims something, on this run.
void print_claims(const Exhibit& e, const Trace& trace) {
    for (const Claim& claim : check_claims(trace)) print_claim(verdict(claim), claim.text, found_against_claimed(claim));
    for (const Step* step : unchecked_formulas(trace))
        print_claim("no rule", step->result + ": " + step->formula, "nothing checks it");
    const std::vector<Finding> findings = check_lesson(e.lesson, trace);
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const std::string said = verdict(e.lesson.points[i], findings[i]);
        if (said.empty()) continue;
        print_claim(said, e.lesson.points[i].english,
                    findings[i].claim ? found_against_claimed(*findings[i].claim) : std::string());
    }
}

/// "1600x1000": the figure's size in px.
void apply_size(const std::string& size, RenderOptions& options) {
    const std::size_t cross = size.find('x');
    int width = 0, height = 0;
    const auto read = [](std::string_view text, int& value) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size();
    };
    if (cross == std::string::npos || !read(std::string_view(size).substr(0, cross), width) ||
        !read(std::string_view(size).substr(cross + 1), height) || width < least_side || height < least_side ||
        width > most_side || height > most_side)
        throw Error(ErrorCode::usage, "--size " + size + " is not a size",
                    fmt::format("give WIDTHxHEIGHT in px, each from {} to {}, for example 1200x800", least_side, most_side));
    options.view.width = width;
    options.view.height = height;
    options.file.dpi = 96;
}

/// "85mm", "3.3in", "240pt" or "320px", as px from `least` to `most`. Error{usage} names the option.
double length(const std::string& option, const std::string& text, double least, double most) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string unit(end, text.data() + text.size());
    const std::pair<const char*, double> units[] = {
        {"mm", 96 / 25.4}, {"cm", 96 / 2.54}, {"in", 96}, {"pt", 96.0 / 72}, {"px", 1}};
    for (const auto& [name, px] : units)
        if (error == std::errc() && unit == name && value * px >= least && value * px <= most) return value * px;
    throw Error(ErrorCode::usage, fmt::format("{} {} is not a length from {} to {} px", option, text, least, most),
                "give a number and its unit, mm, cm, in, pt or px: 85mm");
}

/// A figure of a stated width, and all its text of a stated size.
void apply_lengths(RenderOptions& options) {
    constexpr double shape = 1.5, body = 13;  // width over height; px of the text that layouts are made for
    ViewState& view = options.view;
    if (!options.width.empty()) {
        view.width = length("--width", options.width, least_side, most_side);
        view.height = view.width / shape;
    }
    if (!options.height.empty()) view.height = length("--height", options.height, least_side, most_side);
    if (options.font.empty()) return;
    view.text_size = length("--font", options.font, 1, 1000);
    view.text_scale = std::clamp(view.text_size / body, 0.25, 8.0);
}

/// A run is an archive, whatever its name says; what has another name is likely to be something else.
void check_ending(const std::string& path) {
    std::string ending = path.substr(path.size() - std::min<std::size_t>(path.size(), 4));
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (ending != ".npz")
        throw Error(ErrorCode::usage, "--save: " + path + ": no run can be written with this ending", "choose .npz");
}

void run_and_save(const RunOptions& options) {
    if (!options.save.empty()) check_ending(options.save);
    const RunRequest request = options.request.request();
    tell_unread(request, request);
    if (!options.save.empty()) options.request.refuse_overwriting("--save", options.save, request);
    const TracePtr trace = run_told(request);
    if (!options.save.empty()) save_trace(options.save, *trace, request);
    print_notes(trace->notes());
    if (options.claims) print_claims(exhibit(request.exhibit), *trace);
    if (!options.claims || !options.save.empty())
        for (const auto& [name, text] : trace->texts()) fmt::print("{}: {}\n", printable(name), printable(text));
    const auto recorded = std::count_if(trace->tensors().begin(), trace->tensors().end(),
                                        [](const TraceTensor& t) { return t.info.role != Role::parameter; });
    const std::string counted = fmt::format("{} {}", recorded, recorded == 1 ? "tensor" : "tensors");
    if (!options.save.empty())
        fmt::print("{}: {}\n", printable(options.save), counted);
    else if (!options.claims)
        fmt::print("{} recorded: --save FILE.npz keeps them, --claims checks what they say\n", counted);
}

/// The tensor that the exhibit's stage shows in this view; empty if it shows none, or this run does not have it.
std::string placed_tensor(const RunRequest& request, const std::string& view_id, const Trace& trace) {
    for (const ViewPlacement& placed : placements(exhibit(request.exhibit), request.params)) {
        const TraceTensor* tensor = placed.view == view_id ? trace.find(placed.tensor) : nullptr;
        if (tensor != nullptr && view(view_id).accepts(trace, *tensor)) return placed.tensor;
    }
    return {};
}

void render(RenderOptions options) {
    RunRequest request = options.request.request();
    const RunRequest other = compared_request(request, options.compare);  // the same, if nothing is compared
    tell_unread(request, other);
    options.request.refuse_overwriting("--output", options.output, request);
    options.request.refuse_overwriting("--output", options.output, other);
    named_in_errors("--output", [&] { refuse_overwriting(options.output, compared_files(options.compare)); });
    // What cannot be is refused before anything is computed.
    named_in_errors("--view", [&] { view(options.view.view); });
    named_in_errors("--theme", [&] { theme(options.view.theme); });
    if (!options.view.colormap.empty())
        named_in_errors("--colormap", [&] { colormap(options.view.colormap, theme(options.view.theme)); });
    named_in_errors("--dpi", [&] { check_dpi(options.file.dpi); });
    options.flags.apply(options.view);
    options.view.step_axis = exhibit(request.exhibit).step_axis;
    if (!options.size.empty()) apply_size(options.size, options);
    apply_lengths(options);
    const TracePtr trace = run_told(request);
    if (options.view.tensor.empty()) options.view.tensor = placed_tensor(request, options.view.view, *trace);
    check_step(options, request.exhibit, *trace);
    options.flags.select_in(*trace, options.view);
    if (options.view.tensor.empty() || trace->find(options.view.tensor) != nullptr)  // else made by an analysis, of several
        ViewFlags::check_heads(tensor_for(view(options.view.view), *trace, options.view), options.view);
    if (options.compare.empty()) {
        const auto notes = export_figure(options.output, *trace, {request_text(request), options.view}, options.file);
        print_notes(trace->notes());
        return print_notes(notes);
    }
    // What B has otherwise is said of A, too, be it the default.
    const Params defaults = resolve(exhibit(request.exhibit).params, request.params);
    for (const ParamSpec& spec : exhibit(request.exhibit).params)
        if (other.params.has(spec.name) && !request.params.has(spec.name))
            request.params.set(spec.name, defaults.values().at(spec.name));
    const TracePtr against = run_told(other);
    const TracePtr difference = std::make_shared<const Trace>(difference_of(*trace, *against));
    // The view's own choice is made by role, which a difference does not have.
    if (options.view.tensor.empty()) options.view.tensor = tensor_for(view(options.view.view), *trace, options.view).info.name;
    const ViewState state = difference_state(options.view, {trace.get(), against.get()});
    const FigureOrigin origin{request_text(request), state, request_text(other)};
    const auto notes = export_figure(options.output, *difference, origin, options.file);
    print_notes(difference->notes());
    print_notes(notes);
}

}  // namespace

void add_run(CliCommand& app, const Words& words) {
    CliCommand command = app.add("run", "Run an exhibit and save every tensor that it records");
    const auto options = std::make_shared<RunOptions>();
    if (!words.empty() && words[0] == "run") options->request.declare(command, words);
    command.option("--save", options->save, "File to write: .npz with one array per tensor, and trace.json").path();
    command.flag("--claims", options->claims,
                 "Print every claim, of the formulas and of the lesson, as held or broken on this run");
    command.option("--capture", options->request.capture, "Keep only these tensors (names, or prefixes ending in *)");
    command.runs([options] { run_and_save(*options); });
}

void add_render(CliCommand& app, const Words& words) {
    CliCommand command = app.add("render", "Run an exhibit and draw a view of it to a file");
    const auto options = std::make_shared<RenderOptions>();
    if (!words.empty() && words[0] == "render") options->request.declare(command, words);
    std::string views_known, themes_known;
    for (const View* v : views()) views_known += " " + v->id();
    for (const std::string& t : theme_ids()) themes_known += " " + t;
    command.option("--view", options->view.view, "One of:" + views_known).required();
    command.option("--tensor", options->view.tensor,
                   "Which tensor; default: what the exhibit shows in this view, or else the view's own choice, weights first");
    options->step = command.option("--step", options->view.step, "Which step of the output, from 0; default: the last");
    command.option("--theme", options->view.theme, "One of:" + themes_known).shows_default();
    command.option("--colormap", options->view.colormap, "Default: by role and theme");
    options->flags.declare(command);
    const CliOption dpi = command.option("--dpi", options->file.dpi, "Resolution of a PNG").shows_default();
    const CliOption size = command.option("--size", options->size, "WIDTHxHEIGHT in px, instead of --dpi").not_with(dpi);
    command.option("--width", options->width, "Width on paper: 85mm, 3.3in, 240pt; the height is two thirds of it")
        .not_with(size);
    command.option("--height", options->height, "Height on paper").not_with(size);
    command.option("--font", options->font, "Size of every text: 8pt; default: each view's own sizes");
    command
        .option("--compare", options->compare,
                "PARAM=VALUE: draw the difference, the run with this setting minus the run without; may be given several "
                "times")
        .repeated();
    command.option("-o,--output", options->output, "File: .png, .svg or .pdf; .csv or .npz for the values shown")
        .required()
        .path();
    command.runs([options] { render(*options); });
}

}  // namespace saccade
