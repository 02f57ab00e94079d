#include "viz/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "io/json_text.hpp"
#include "viz/origin.hpp"
#include "viz/page_figure.hpp"
#include "viz/theme.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

using Json = nlohmann::json;
constexpr std::size_t longest_fact = 400;  // code points

// Nothing is fetched, whatever stands in the page.
constexpr std::string_view policy =
    "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

std::string css_color(Color c) {
    return fmt::format("#{:02x}{:02x}{:02x}", c.r, c.g, c.b);
}

std::string variables(const Theme& t) {
    std::string css;
    const std::pair<const char*, Color> colors[] = {{"background", t.background},
                                                    {"panel", t.panel},
                                                    {"raised", t.raised},
                                                    {"line", t.line},
                                                    {"text", t.text},
                                                    {"secondary", t.secondary},
                                                    {"accent", t.accent},
                                                    {"accent-ground", t.accent_ground},
                                                    {"selection", t.selection}};
    for (const auto& [name, color] : colors) css += fmt::format("--{}:{};", name, css_color(color));
    return css + (t.dark ? "color-scheme:dark;" : "color-scheme:light;");
}

std::string themes_css(const Theme& asked, const Theme& light, const Theme& dark) {
    return fmt::format(":root{{{}}}\n[data-theme=light]{{{}}}\n[data-theme=dark]{{{}}}\n", variables(asked), variables(light),
                       variables(dark));
}

/// JSON that ends no <script>, whatever tokens hold.
std::string script_json(const Json& json) {
    std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace), safe;
    for (const char c : text) c == '<' ? safe += "\\u003c" : safe += c;
    return safe;
}

std::string value_text(const Json& value) {
    return shorten(value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace),
                   longest_fact);
}

/// What was computed: the request, as far as it says something to people.
std::string facts_of(const Trace& trace, const FigureOrigin& origin) {
    std::string rows;
    const auto say = [&](const std::string& name, const std::string& value) {
        if (!value.empty()) rows += fmt::format("<dt>{}</dt><dd dir=\"auto\">{}</dd>\n", xml_escaped(name), xml_escaped(value));
    };
    const Json request = Json::parse(origin.request, nullptr, false);
    if (request.is_object()) {
        for (const char* key : {"exhibit", "weights"})
            if (request.contains(key) && !request[key].is_null() && request[key] != "") say(tr(key), value_text(request[key]));
        if (request.contains("params") && request["params"].is_object())
            for (const auto& [name, value] : request["params"].items()) say(name, value_text(value));
        if (request.contains("seed")) say(tr("seed"), value_text(request["seed"]));
    }
    for (const auto& [name, text] : trace.texts()) say(name, shorten(text, longest_fact));
    say(tr("changed by hand"), shorten(changed_by_hand(trace, origin), longest_fact));
    say(tr("compared"), compared_settings(origin));
    const std::string scale = asked_scale(origin.view).label();
    say(tr("colours"), scale.empty() ? tr("linear scale") : tr_composed(scale));
    return rows;
}

/// What the script says, in the language in which the page is written.
Json script_texts() {
    return {{"dark", tr("Dark")},
            {"light", tr("Light")},
            {"masked", tr("masked")},
            {"valueMasked", tr("{}, masked")},
            {"absent", tr("This page does not have {}")},
            {"point", tr("Point at a cell or a token")},
            {"stays", tr("{} stays at {}")},
            {"opacity", tr("opacity")}};
}

std::string figure_html(const PageFigure& figure, std::size_t n, const std::string& letter) {
    return fmt::format(
        "<figure data-figure=\"{0}\" style=\"--width:{2:g}px;--ratio:{3:.3f}\">{1}<div class=\"canvas\">"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {2:g} {4:g}\" tabindex=\"0\" role=\"img\" "
        "aria-label=\"{5}\"><g class=\"drawn\">\n{6}</g><g class=\"lights\"></g></svg></div></figure>\n",
        n, letter.empty() ? "" : "<figcaption>" + letter + "</figcaption>", figure.width, figure.width / figure.height,
        figure.height, xml_escaped(tr_composed(figure.title)), figure.drawn);
}

/// One of the small heatmaps of a figure, large.
ViewState head_of_grid(const ViewState& grid, const std::string& tensor) {
    ViewState one = grid;
    one.view = heatmap_view().id();
    one.tensor = tensor;
    one.options.order = ViewOptions().order;
    one.by_hand.clear();
    one.compared_as.clear();
    return one;
}

/// All figures of the page, and what their views are.
struct PageBody {
    std::string figures, explained;
    Json json = Json::array();
};

PageBody body_of(const Trace& trace, const std::vector<ViewState>& states, const TextMeasure& measure, PageParts& parts) {
    PageBody made;
    std::set<std::string> explained;
    const auto add = [&](const ViewState& state, const std::string& letter) {
        PageFigure figure = page_figure(trace, state, measure, parts);
        made.figures += figure_html(figure, made.json.size(), letter);
        made.json.push_back(std::move(figure.json));
        const View& drawn = view(state.view);
        if (explained.insert(drawn.id()).second)
            made.explained +=
                fmt::format("<dt>{}</dt><dd>{}</dd>\n", xml_escaped(tr(drawn.title())), xml_escaped(tr(drawn.explains())));
        return figure;
    };
    std::vector<ViewState> large;
    for (std::size_t n = 0; n < states.size(); ++n) {
        const PageFigure figure = add(states[n], states.size() > 1 ? panel_letter(n) : "");
        const TraceTensor* tensor = figure.grid ? trace.find(figure.tensor) : nullptr;
        if (tensor != nullptr && heatmap_view().accepts(trace, *tensor))
            large.push_back(head_of_grid(states[n], figure.tensor));
    }
    // A panel that shows one head of the tensor follows the grid as it is.
    for (const ViewState& one : large)
        if (std::ranges::none_of(states, [&](const ViewState& s) { return s.view == one.view && s.tensor == one.tensor; }))
            add(one, "");
    return made;
}

}  // namespace

std::string page_of(const Trace& trace, const FigureOrigin& origin, const std::vector<ViewState>& states,
                    const TextMeasure& measure, std::vector<Note>& left_out) {
    Reuse memo;
    std::vector<ViewState> remembering = states;
    for (ViewState& state : remembering) state.memo = &memo;
    const Theme& asked = theme(states.front().theme);
    PageParts parts{{trace, &memo}, SvgPieces(measure), asked.dark ? "light" : asked.id, asked.dark ? asked.id : "dark"};
    const PageBody made = body_of(trace, remembering, measure, parts);
    if (parts.values.full()) parts.left_out.emplace_back("some maps have no numbers: with them the page would be too large");
    std::string notes;
    for (const std::string& text : parts.left_out) {
        left_out.push_back({"", text, "fewer tokens, or one panel, leave room for it"});
        notes += "<p class=\"note\">" + xml_escaped(tr_composed(text)) + ".</p>\n";
    }
    const Json data{{"figures", made.json},         {"axes", parts.values.axes()}, {"planes", parts.values.planes()},
                    {"colormaps", parts.colormaps}, {"dark", asked.dark},          {"texts", script_texts()}};
    const Json request = Json::parse(origin.request, nullptr, false);
    const std::string exhibit = request.is_object() && request.contains("exhibit") ? value_text(request["exhibit"]) : "";
    const std::string title = tr_composed(view(states.front().view).layout(trace, states.front(), measure).title);
    std::string page = fmt::format("<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n",
                                   tr_in("the language of a page, as HTML names it", "en"));
    page += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n", policy);
    page += "<meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"icon\" href=\"data:,\">\n";
    page += fmt::format("<title>{}{}{}</title>\n", xml_escaped(title), exhibit.empty() ? "" : " · ", xml_escaped(exhibit));
    page += "<style>\n" + themes_css(asked, theme(parts.light), theme(parts.dark)) + std::string(page_style) + "</style>\n";
    page += "</head>\n<body>\n";
    page += fmt::format(
        "<header><h1>{}</h1><span dir=\"auto\">{}</span><div id=\"choices\"></div>"
        "<button id=\"theme\" type=\"button\" hidden>{}</button></header>\n",
        xml_escaped(title), xml_escaped(exhibit), xml_escaped(tr("Dark")));
    page += "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"shared\" width=\"0\" height=\"0\" aria-hidden=\"true\">" +
            svg_metadata_of(origin_text(origin)) + parts.pieces.shared() + "</svg>\n";
    const Index columns = origin.panels.states.empty() ? 1 : std::min<Index>(origin.panels.columns, std::ssize(states));
    const bool pair = columns == 1 && made.json.size() > states.size();  // a grid, and one of its heads
    page += fmt::format("<main{} style=\"--columns:{}\">\n{}</main>\n", pair ? " class=\"pair\"" : "", columns, made.figures);
    page += "<output id=\"readout\" aria-live=\"polite\"></output>\n<section>\n" + notes;
    page += fmt::format("<h2>{}</h2>\n<dl>\n{}</dl>\n<h2>{}</h2>\n<dl>\n{}</dl>\n", xml_escaped(tr("What was computed")),
                        facts_of(trace, origin), xml_escaped(tr("How to read it")), made.explained);
    page +=
        fmt::format("<p class=\"hint\">{}</p>\n<noscript><p class=\"note\">{}</p></noscript>\n</section>\n",
                    xml_escaped(tr("Point at a cell or a token for its numbers. A click keeps it, and another or Esc lets it "
                                   "go; arrow keys move it.")),
                    xml_escaped(tr("Without scripts this page shows the figure alone.")));
    page += "<script id=\"saccade-data\" type=\"application/json\">" + script_json(data) + "</script>\n";
    page += "<script>\n" + std::string(page_script) + "</script>\n</body>\n</html>\n";
    return page;
}

}  // namespace saccade
