#include "viz/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/json_text.hpp"
#include "io/npz.hpp"
#include "trace/hand.hpp"
#include "viz/canvas_cairo.hpp"
#include "viz/canvas_svg.hpp"
#include "viz/csv.hpp"
#include "viz/origin.hpp"
#include "viz/png_text.hpp"

namespace saccade {

namespace {

std::string ending_of(const std::string& path) {
    std::string ending = std::filesystem::path(path).extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending;
}

double scale_of(const ExportOptions& options, const ViewState& state) {
    if (options.pixel_width < 0)
        throw Error(ErrorCode::usage, fmt::format("a width of {} px cannot be made", options.pixel_width), "give at least 16");
    if (options.pixel_width > 0) return options.pixel_width / state.width;
    check_dpi(options.dpi);
    return options.dpi / 96;
}

void write_npz_of(const std::string& path, const std::vector<ShownValues>& shown, const FigureOrigin& origin) {
    std::vector<NpzEntry> entries;
    for (const ShownValues& s : shown) {
        entries.push_back({s.name, s.values, {}});
        if (!s.mask.empty()) entries.push_back({s.name + ".masked", s.mask, {}});
    }
    entries.push_back({"origin.json", {}, origin_text(origin)});
    write_npz(path, entries);
}

std::vector<Intervention> interventions_in(const std::string& request) {
    std::vector<Intervention> found;
    const nlohmann::json json = parse_json(request, "the request", "");
    for (const nlohmann::json& one : JsonObject(json, "the request").list("interventions")) {
        if (one.is_string()) {
            found.push_back(parse_intervention(one.get<std::string>()));
            continue;
        }
        const JsonObject object(one, "an intervention");
        std::string spec, origin;
        bool enabled = true;
        object.needs({"spec"}).text("spec", spec);
        object.toggle("enabled", enabled);
        object.text("origin", origin);
        if (!enabled) continue;
        found.push_back(parse_intervention(spec));
        found.back().origin = origin;
    }
    return found;
}

std::string named(const std::vector<Intervention>& interventions, const Trace& trace) {
    constexpr std::size_t most = 4;
    const auto groups = groups_of(interventions, &trace);
    std::string text;
    for (std::size_t i = 0; i < std::min(most, groups.size()); ++i)
        text += (i > 0 ? " · " : "") + plain_text(name_of(interventions, groups[i], &trace));
    if (groups.size() > most) text += fmt::format(" · and {} more changes", groups.size() - most);
    return text;
}

std::string picture(const std::string& ending, const Trace& trace, const FigureOrigin& origin, const ExportOptions& options) {
    ViewState state = origin.view;
    state.by_hand = changed_by_hand(trace, origin);
    const PangoTextMeasure measure;
    const double scale = ending == ".png" ? scale_of(options, state) : 1;
    const Figure figure = view(state.view).layout(trace, state, measure);
    const Color ground = theme(state.theme).panel;
    if (ending == ".svg") return to_svg(figure, ground, measure, origin_text(origin));
    if (ending == ".pdf") return pdf_of(figure, ground, figure.title, pdf_keywords(origin), measure);
    return png_with_text(png_of(figure, ground, scale, measure), "saccade", origin_text(origin), scale * 96);
}

}  // namespace

void check_dpi(double dpi) {
    if (!std::isfinite(dpi) || dpi < 10 || dpi > 9600)
        throw Error(ErrorCode::usage, fmt::format("{:g} dpi cannot be made", dpi), "give 10 to 9600");
}

std::string changed_by_hand(const Trace& trace, const FigureOrigin& origin) {
    const std::string a = named(interventions_in(origin.request), trace);
    const std::string b = origin.compared.empty() ? std::string() : named(interventions_in(origin.compared), trace);
    if (origin.compared.empty() || a == b) return a;
    if (a.empty() || b.empty()) return (a.empty() ? "in B " : "in A ") + a + b;
    return "in A " + a + " · in B " + b;
}

void export_figure(const std::string& path, const Trace& trace, const FigureOrigin& origin, const ExportOptions& options) {
    const std::string ending = ending_of(path);
    if (ending == ".csv")
        write_file(path, csv_of(view(origin.view.view).shown(trace, origin.view)));
    else if (ending == ".npz")
        write_npz_of(path, view(origin.view.view).shown(trace, origin.view), origin);
    else if (ending == ".png" || ending == ".svg" || ending == ".pdf")
        write_file(path, picture(ending, trace, origin, options));
    else
        throw Error(ErrorCode::usage, path + ": no figure can be written with this ending",
                    "choose .png, .svg, .pdf, .csv or .npz");
}

}  // namespace saccade
