#include "viz/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>

#include "io/atomic_file.hpp"
#include "io/npz.hpp"
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
    for (const ShownValues& s : shown) entries.push_back({s.name, s.values, {}});
    entries.push_back({"origin.json", {}, origin_text(origin)});
    write_npz(path, entries);
}

std::string picture(const std::string& ending, const Trace& trace, const FigureOrigin& origin, const ExportOptions& options) {
    const ViewState& state = origin.view;
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
