#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "cli/commands.hpp"
#include "io/trace_file.hpp"
#include "run/runner.hpp"
#include "viz/export.hpp"
#include "viz/theme.hpp"

namespace saccade {

namespace {

/// What the run has to say goes to stderr, one line a note: it is no error.
void print_notes(const Trace& trace) {
    for (const Note& note : trace.notes())
        fmt::print(stderr, "saccade: note: {}{}{}\n", note.text, note.hint.empty() ? "" : ": ", note.hint);
}

struct RunOptions {
    RequestOptions request;
    std::string save;
};

struct RenderOptions {
    RequestOptions request;
    ViewState view;
    std::string scale = "linear";
    std::string size;
    std::string output;
    ExportOptions file;
};

/// "1600x1000": the figure's size in px.
void apply_size(const std::string& size, RenderOptions& options) {
    const std::size_t cross = size.find('x');
    int width = 0, height = 0;
    const auto read = [](std::string_view text, int& value) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size();
    };
    if (cross == std::string::npos || !read(std::string_view(size).substr(0, cross), width) ||
        !read(std::string_view(size).substr(cross + 1), height) || width < 16 || height < 16 || width > 16384 || height > 16384)
        throw Error(ErrorCode::usage, "--size " + size + " is no size",
                    "give WIDTHxHEIGHT in px, each from 16 to 16384, for example 1200x800");
    options.view.width = width;
    options.view.height = height;
    options.file.dpi = 96;
}

void run_and_save(const RunOptions& options) {
    const RunRequest request = options.request.request();
    const TracePtr trace = run(request);
    save_trace(options.save, *trace, request);
    print_notes(*trace);
    for (const auto& [name, text] : trace->texts()) fmt::print("{}: {}\n", name, text);
    const auto recorded = std::count_if(trace->tensors().begin(), trace->tensors().end(),
                                        [](const TraceTensor& t) { return t.info.role != Role::parameter; });
    fmt::print("{}: {} tensors\n", options.save, recorded);
}

void render(RenderOptions options) {
    const RunRequest request = options.request.request();
    view(options.view.view);  // an unknown view is refused before anything is computed
    theme(options.view.theme);
    options.view.scale = scale_from(options.scale);
    options.view.step_axis = exhibit(request.exhibit).step_axis;
    if (!options.size.empty()) apply_size(options.size, options);
    const TracePtr trace = run(request);
    export_figure(options.output, *trace, {request, options.view}, options.file);
    print_notes(*trace);
}

}  // namespace

void add_run(CLI::App& app, const Words& words) {
    CLI::App* command = app.add_subcommand("run", "Run an exhibit and save every tensor that it records");
    const auto options = std::make_shared<RunOptions>();
    if (!words.empty() && words[0] == "run") options->request.declare(*command, words);
    command->add_option("--save", options->save, "Where to: .npz with one array a tensor and trace.json")->required();
    command->add_option("--capture", options->request.capture, "Keep only these tensors (names, or prefixes ending in *)");
    command->callback([options] { run_and_save(*options); });
}

void add_render(CLI::App& app, const Words& words) {
    CLI::App* command = app.add_subcommand("render", "Run an exhibit and draw a view of it to a file");
    const auto options = std::make_shared<RenderOptions>();
    if (!words.empty() && words[0] == "render") options->request.declare(*command, words);
    std::string views_known, themes_known;
    for (const View* v : views()) views_known += " " + v->id();
    for (const std::string& t : theme_ids()) themes_known += " " + t;
    command->add_option("--view", options->view.view, "One of:" + views_known)->required();
    command->add_option("--tensor", options->view.tensor, "Which tensor; default: the view's own choice, weights first");
    command->add_option("--step", options->view.step, "Which step of the output, from 0; default: the last");
    command->add_option("--theme", options->view.theme, "One of:" + themes_known)->capture_default_str();
    command->add_option("--colormap", options->view.colormap, "Default: by role and theme");
    command->add_option("--scale", options->scale, "linear, sqrt, log or per_row")->capture_default_str();
    CLI::Option* dpi = command->add_option("--dpi", options->file.dpi, "Resolution of a PNG")->capture_default_str();
    command->add_option("--size", options->size, "WIDTHxHEIGHT in px, instead of --dpi")->excludes(dpi);
    command->add_option("-o,--output", options->output, "File: .png, .svg or .pdf; .csv or .npz for the values shown")
        ->required();
    command->callback([options] { render(*options); });
}

}  // namespace saccade
