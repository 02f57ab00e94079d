#include "cli/render_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "params/matrix_file.hpp"
#include "viz/length.hpp"

namespace saccade {

namespace {

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

/// A figure of a stated width, and all its text of a stated size.
void apply_lengths(RenderOptions& options) {
    ViewState& view = options.view;
    if (!options.width.empty()) view.width = length_px("--width", options.width, least_side, most_side);
    options.fits_height =
        options.size.empty() && options.height.empty() && (!options.width.empty() || options.panels.size() > 1);
    if (!options.height.empty()) view.height = length_px("--height", options.height, least_side, most_side);
    if (!options.font.empty()) set_text_px(view, length_px("--font", options.font, least_text, most_text));
}

PanelAsked panel_of(const std::string& text) {
    PanelAsked panel;
    const std::size_t colon = std::min(text.find(':'), text.size());
    panel.view = text.substr(0, colon);
    view(panel.view);
    if (colon < text.size()) panel.shown = cell_named(text.substr(colon + 1));
    return panel;
}

}  // namespace

void apply_sizes(RenderOptions& options) {
    if (!options.size.empty()) apply_size(options.size, options);
    apply_lengths(options);
}

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

std::vector<std::string> compared_files(const std::vector<std::string>& settings) {
    std::vector<std::string> files;
    for (const std::string& setting : settings)
        if (const std::string file = matrix_file_in(setting.substr(setting.find('=') + 1)); !file.empty())
            files.push_back(file);
    return files;
}

std::vector<PanelAsked> panels_asked(const RenderOptions& options) {
    if (options.panels.empty() && options.view.view.empty())
        throw Error(ErrorCode::usage, "--view is required", "or --panel, or --all; see 'saccade render --help'");
    if (options.panels.empty()) {
        named_in_errors("--view", [&] { view(options.view.view); });
        return {{options.view.view, {options.view.tensor, {}}}};
    }
    std::vector<PanelAsked> all;
    named_in_errors("--panel", [&] {
        for (const std::string& text : options.panels) all.push_back(panel_of(text));
    });
    return all;
}

}  // namespace saccade
