#include "viz/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <iterator>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "io/atomic_file.hpp"
#include "io/json_text.hpp"
#include "io/npz.hpp"
#include "trace/hand.hpp"
#include "trace/untouched.hpp"
#include "viz/canvas_cairo.hpp"
#include "viz/canvas_svg.hpp"
#include "viz/csv.hpp"
#include "viz/figure_fit.hpp"
#include "viz/latex.hpp"
#include "viz/layout.hpp"
#include "viz/length.hpp"
#include "viz/origin.hpp"
#include "viz/page.hpp"
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

std::vector<NpzEntry> npz_of(const std::vector<ShownValues>& shown, const FigureOrigin& origin) {
    std::vector<NpzEntry> entries;
    for (const ShownValues& s : shown) {
        entries.push_back({s.name, s.values, {}});
        if (!s.mask.empty()) entries.push_back({s.name + ".masked", s.mask, {}});
    }
    entries.push_back({"origin.json", {}, origin_text(origin)});
    return entries;
}

std::vector<Intervention> interventions_in(const std::string& request) {
    std::vector<Intervention> found;
    const nlohmann::json json = parse_json(request, "the request", "");
    const JsonObject asked(json, "the request");
    for (const nlohmann::json& one : asked.list("interventions")) {
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

/// `compared`: the trace holds the differences of two runs, by their own symbols ("Δα"); what a hand changed is what they are
/// differences of.
std::string named(const std::vector<Intervention>& interventions, const Trace& trace, bool compared) {
    constexpr std::size_t most = 4;
    constexpr std::string_view delta = "Δ";
    const auto groups = groups_of(interventions, &trace);
    std::string text;
    for (std::size_t i = 0; i < std::min(most, groups.size()); ++i) {
        std::string name = plain_text(name_of(interventions, groups[i], &trace));
        if (compared && name.starts_with(delta)) name.erase(0, delta.size());
        text += (i > 0 ? " · " : "") + name;
    }
    if (groups.size() > most) text += fmt::format(" · and {} more changes", groups.size() - most);
    return text;
}

/// "mask causal, heads 4": the settings of a request that the other has otherwise.
std::string settings_unlike(const nlohmann::json& request, const nlohmann::json& other) {
    constexpr std::size_t longest = 32;
    std::string text;
    const auto say = [&](const std::string& name, const nlohmann::json& value) {
        const std::string shown = value.is_null() ? "default" : value.is_string() ? value.get<std::string>() : value.dump();
        text += (text.empty() ? "" : ", ") + name + " " + shorten(shown, longest);
    };
    const auto compare = [&](const nlohmann::json& in, const nlohmann::json& beside, const std::string& key) {
        const nlohmann::json value = in.value(key, nlohmann::json()), others = beside.value(key, nlohmann::json());
        if (value != others) say(key, value);
    };
    const nlohmann::json none = nlohmann::json::object();
    const nlohmann::json params = request.value("params", none), others = other.value("params", none);
    nlohmann::json names = others;
    names.update(params);
    for (const auto& [name, value] : names.items()) compare(params, others, name);
    for (const char* key : {"seed", "weights"}) compare(request, other, key);
    return text;
}

/// What of the figure's text there is no room for, and what would fit.
std::optional<Note> text_left_out(const Figure& figure, const ViewState& state) {
    if (!state.decorations || figure.title.empty() || state.options.title == ViewOptions::Part::off) return std::nullopt;
    constexpr std::string_view more = "…";
    const auto is_title = [&](std::string_view text) {
        if (text == figure.title) return true;
        return text.size() > more.size() && text.ends_with(more) &&
               figure.title.starts_with(text.substr(0, text.size() - more.size()));
    };
    for (const FigureItem& item : figure.items)
        if (const auto* text = std::get_if<TextItem>(&item); text != nullptr && is_title(text->text)) return std::nullopt;
    constexpr double mm = 25.4 / 96, pt = 0.75;
    const double least = least_titled_height(state);
    ViewState one = state;
    one.text_scale = 1;
    const double unclamped = least_titled_height(one) * state.text_size / body_px;
    return Note{"",
                fmt::format("text {}does not fit a figure of {:.0f} × {:.0f} mm: title and labels are left out",
                            state.text_size > 0 ? fmt::format("of {:.3g} pt ", state.text_size * pt) : "", state.width * mm,
                            state.height * mm),
                state.text_size > 0
                    ? fmt::format("give --font {:.0f}pt or less, or --height {:.0f}mm",
                                  std::floor(state.text_size * pt * state.height / unclamped), std::ceil(least * mm))
                    : fmt::format("give a height of {:.0f} mm, or a smaller --font", std::ceil(least * mm))};
}

/// An axis of which no label is written, though a larger figure of this shape would have some: that one's width.
std::optional<Note> axis_left_out(const Trace& trace, const Figure& figure, const ViewState& state,
                                  const TextMeasure& measure) {
    constexpr double mm = 25.4 / 96, larger = 1.25, largest = 8, small = 60;
    // Positions stand for the tokens of a long text; in a small figure they stand for what a page would have room for.
    const bool counted = state.width * mm < small;
    const std::optional<std::string> axis = unlabelled_axis(trace, figure, state, counted);
    if (!axis) return std::nullopt;
    for (double by = larger; by < largest; by *= larger) {
        ViewState one = state;
        one.width *= by;
        one.height *= by;
        if (unlabelled_axis(trace, view(one.view).layout(trace, one, measure), one, counted) == axis) continue;
        return Note{"",
                    fmt::format("the labels of {} have no room in a figure of {:.0f} × {:.0f} mm", *axis, state.width * mm,
                                state.height * mm),
                    fmt::format("give a width of {:.0f} mm, or a smaller --font", std::ceil(one.width * mm))};
    }
    return std::nullopt;
}

/// Labels that have no room at the size that was asked for: those of which axis, and what would help.
std::optional<Note> labels_left_out(const Trace& trace, const Figure& figure, const ViewState& state,
                                    const TextMeasure& measure) {
    if (state.text_size <= 0) return axis_left_out(trace, figure, state, measure);
    const std::optional<MissingLabels> missing = missing_labels(trace, figure, state);
    if (!missing) return axis_left_out(trace, figure, state, measure);
    const double lacking = missing_height(trace, figure, state);
    const bool higher = lacking > 1 && state.height + lacking <= tallest_fit;
    return Note{"",
                fmt::format("{} of {} labels of {} have no room at {:.3g} pt", missing->count, missing->of, missing->axis,
                            state.text_size * 0.75),
                higher ? fmt::format("give {:.0f} mm more of height, or none: then it is as high as it needs",
                                     std::ceil(lacking * 25.4 / 96))
                       : "give more width, a smaller --font, or fewer views side by side"};
}

/// Texts of the figure that are not whole: left out, or cut where a view says so.
std::size_t lacking_texts(const Figure& figure) {
    const auto lacks = [](const FigureItem& item) {
        const auto* text = std::get_if<TextItem>(&item);
        return text != nullptr && text->text.ends_with("…");
    };
    return figure.left_out.size() + static_cast<std::size_t>(std::ranges::count_if(figure.items, lacks));
}

/// Texts that have no room, and the width that a figure of this shape must have for all of them. One that is cut at any size,
/// as a name of many words is, is not said.
std::optional<Note> texts_left_out(const Trace& trace, const Figure& figure, const ViewState& state,
                                   const TextMeasure& measure) {
    constexpr double larger = 1.25, largest = 8;
    constexpr std::size_t longest = 32;
    const std::size_t lacking = lacking_texts(figure);
    if (!state.decorations || lacking == 0) return std::nullopt;
    const auto lacking_at = [&](double by) {
        ViewState one = state;
        one.width *= by;
        one.height *= by;
        return lacking_texts(view(one.view).layout(trace, one, measure));
    };
    const std::size_t least = lacking_at(largest);
    if (least >= lacking) return std::nullopt;
    double by = larger;
    while (by < largest && lacking_at(by) > least) by *= larger;
    const std::string such =
        figure.left_out.empty() ? "" : fmt::format(", such as “{}”", shorten(figure.left_out.front(), longest));
    return Note{"",
                fmt::format("{} in a figure of {:.0f} × {:.0f} mm{}",
                            lacking - least == 1 ? "1 text has no room" : fmt::format("{} texts have no room", lacking - least),
                            state.width / px_per_mm, state.height / px_per_mm, such),
                fmt::format("give a width of {:.0f} mm, or a smaller --font",
                            std::ceil(std::min(by, largest) * state.width / px_per_mm))};
}

/// The view as the run's changes and comparison have it.
ViewState told(const Trace& trace, const FigureOrigin& origin) {
    ViewState state = origin.view;
    state.by_hand = changed_by_hand(trace, origin);
    state.compared_as = compared_settings(origin);
    return state;
}

/// A picture near its ground, since no value comes near the end of the scale.
std::optional<Note> far_below_scale(const Figure& figure) {
    constexpr double far = 0.3;
    const auto note = [](const Tensor<float>& values, const Normalization& n) -> std::optional<Note> {
        double largest = 0;
        for (const float v : values.values())
            if (std::isfinite(v)) largest = std::max(largest, static_cast<double>(std::abs(v)));
        // Limits that were not made of the values.
        if (n.scale != Normalization::Scale::linear || n.low != 0 || n.high != 1 || largest == 0 || largest > far)
            return std::nullopt;
        return Note{"", fmt::format("the largest value is {:.2g} on a colour scale up to 1", largest),
                    "--scale largest ends at the largest"};
    };
    for (const FigureItem& item : figure.items) {
        std::optional<Note> found;
        if (const auto* map = std::get_if<HeatmapItem>(&item)) found = note(map->values, map->normalization);
        if (const auto* grid = std::get_if<HeatmapGridItem>(&item)) found = note(grid->values, grid->normalization);
        if (found) return found;
    }
    return std::nullopt;
}

std::vector<ShownValues> values_of(const Trace& trace, const FigureOrigin& origin) {
    if (!origin.panels.states.empty()) return shown_in_panels(trace, origin.panels);
    return view(origin.view.view).shown(trace, origin.view);
}

/// A table for each panel, an empty line between them.
std::string tables_of(const Trace& trace, const FigureOrigin& origin, std::string (*table)(const std::vector<ShownValues>&),
                      const char* line_end) {
    if (origin.panels.states.empty()) return table(values_of(trace, origin));
    std::string text;
    for (const ViewState& state : origin.panels.states)
        text += (text.empty() ? "" : line_end) + table(view(state.view).shown(trace, state));
    return text;
}

/// " · output “2019” → “2010”": the texts that came out otherwise than they would have without the hand.
std::string texts_changed(const Trace& trace) {
    constexpr std::size_t longest = 60;  // characters of each
    std::string said;
    for (const auto& [name, text] : trace.texts())
        if (const auto was = trace.texts().find(untouched_name(name)); was != trace.texts().end())
            said += fmt::format(" · {} “{}” → “{}”", name, shorten(was->second, longest), shorten(text, longest));
    return said;
}

/// What a table of values does not show.
std::string comment_on_hand(const Trace& trace, const FigureOrigin& origin) {
    std::string said = changed_by_hand(trace, origin);
    std::ranges::replace_if(
        said, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return said.empty() ? said : "% edited by hand: " + said + "\n";
}

}  // namespace

void check_dpi(double dpi) {
    if (!std::isfinite(dpi) || dpi < 10 || dpi > 9600)
        throw Error(ErrorCode::usage, fmt::format("{:g} dpi cannot be made", dpi), "give 10 to 9600");
}

std::string changed_by_hand(const Trace& trace, const FigureOrigin& origin) {
    const bool compared = !origin.compared.empty();
    const std::string a = named(interventions_in(origin.request), trace, compared);
    if (!compared) return a.empty() ? a : a + texts_changed(trace);
    const std::string b = named(interventions_in(origin.compared), trace, compared);
    if (a.empty() && b.empty()) return {};
    if (a == b) return "in A and B " + a;
    if (a.empty() || b.empty()) return (a.empty() ? "in B " : "in A ") + a + b;
    return "in A " + a + " · in B " + b;
}

std::string compared_settings(const FigureOrigin& origin) {
    const nlohmann::json a = nlohmann::json::parse(origin.request, nullptr, false),
                         b = nlohmann::json::parse(origin.compared, nullptr, false);
    if (!a.is_object() || !b.is_object()) return {};
    const std::string of_a = settings_unlike(a, b), of_b = settings_unlike(b, a);
    return of_a.empty() && of_b.empty() ? "" : "A: " + of_a + " · B: " + of_b;
}

LaidOut laid_out(const Trace& trace, const FigureOrigin& origin, const TextMeasure& measure) {
    const ViewState state = told(trace, origin);
    const bool several = !origin.panels.states.empty();
    LaidOut laid;
    laid.figure =
        several ? figure_of_panels(trace, state, origin.panels, measure) : view(state.view).layout(trace, state, measure);
    const auto say = [&](const std::optional<Note>& note) {
        if (note) laid.notes.push_back(*note);
    };
    const auto say_room = [&](const Figure& figure, const ViewState& of) {
        const std::optional<Note> labels = labels_left_out(trace, figure, of, measure);
        say(labels ? labels : texts_left_out(trace, figure, of, measure));
    };
    const std::optional<Note> all_left_out =
        text_left_out(laid.figure, several ? panel_state(trace, state, origin.panels, 0) : state);
    say(all_left_out);
    say(far_below_scale(laid.figure));
    if (!several) all_left_out ? say(labels_left_out(trace, laid.figure, state, measure)) : say_room(laid.figure, state);
    for (std::size_t n = 0; n < origin.panels.states.size(); ++n) {
        const ViewState panel = panel_state(trace, state, origin.panels, n);
        say_room(view(panel.view).layout(trace, panel, measure), panel);
    }
    return laid;
}

void fit_height(const Trace& trace, FigureOrigin& origin, const TextMeasure& measure) {
    ViewState whole = told(trace, origin);
    fit_height(trace, whole, origin.panels, measure);
    origin.view.height = whole.height;
}

std::string figure_bytes(const std::string& ending, const Trace& trace, const FigureOrigin& origin,
                         const ExportOptions& options, std::vector<Note>& notes) {
    const PangoTextMeasure measure(origin.view.font_family);
    const double scale = ending == ".png" ? scale_of(options, origin.view) : 1;
    LaidOut laid = laid_out(trace, origin, measure);
    const Figure& figure = laid.figure;
    std::ranges::move(laid.notes, std::back_inserter(notes));
    if (ending == ".html") {
        const ViewState whole = told(trace, origin);
        std::vector<ViewState> states;
        for (std::size_t n = 0; n < origin.panels.states.size(); ++n)
            states.push_back(panel_state(trace, whole, origin.panels, n));
        return page_of(trace, origin, states.empty() ? std::vector{whole} : states, measure, notes);
    }
    const Color ground = theme(origin.view.theme).panel;
    if (ending == ".svg") return to_svg(figure, ground, measure, origin_text(origin));
    if (ending == ".pdf") return pdf_of(figure, ground, figure.title, pdf_keywords(origin), measure);
    return png_with_text(png_of(figure, ground, scale, measure), "saccade", origin_text(origin), scale * 96);
}

namespace {

/// What is to stand in a file: bytes, or arrays.
struct FileContent {
    std::string path, bytes;
    std::optional<std::vector<NpzEntry>> arrays;
};

FileContent content_of(const std::string& path, const Trace& trace, const FigureOrigin& origin, const ExportOptions& options,
                       std::vector<Note>& notes) {
    const std::string ending = ending_of(path);
    if (const std::string by_hand = changed_by_hand(trace, origin); ending == ".csv" && !by_hand.empty())
        notes.push_back({"", "the values are those of a run edited by hand, which the file cannot say: " + by_hand,
                         "say it where they are used; .tex and figures carry it"});
    if (ending == ".csv")
        return {path, (options.byte_order_mark ? "\xEF\xBB\xBF" : "") + tables_of(trace, origin, csv_of, "\r\n"), {}};
    if (ending == ".tex") return {path, comment_on_hand(trace, origin) + tables_of(trace, origin, latex_of, "\n"), {}};
    if (ending == ".npz") return {path, {}, npz_of(values_of(trace, origin), origin)};
    return {path, figure_bytes(ending, trace, origin, options, notes), {}};
}

}  // namespace

void check_figure_path(const std::string& path) {
    const std::string ending = ending_of(path);
    const bool picture = ending == ".png" || ending == ".svg" || ending == ".pdf" || ending == ".html";
    if (!picture && ending != ".csv" && ending != ".tex" && ending != ".npz")
        throw Error(ErrorCode::usage, path + ": no figure can be written with this ending",
                    "choose .png, .svg, .pdf, .html, .csv, .tex or .npz");
    const AtomicFile place(path);
}

std::vector<Note> export_figures(const std::vector<std::string>& paths, const Trace& trace, const FigureOrigin& origin,
                                 const ExportOptions& options) {
    for (const std::string& path : paths) check_figure_path(path);
    std::vector<Note> notes;
    std::vector<FileContent> files;
    for (const std::string& path : paths) files.push_back(content_of(path, trace, origin, options, notes));
    for (const FileContent& file : files) file.arrays ? write_npz(file.path, *file.arrays) : write_file(file.path, file.bytes);
    return notes;
}

std::vector<Note> export_figure(const std::string& path, const Trace& trace, const FigureOrigin& origin,
                                const ExportOptions& options) {
    return export_figures({path}, trace, origin, options);
}

}  // namespace saccade
