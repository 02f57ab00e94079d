#include "viz/origin.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "io/json_text.hpp"
#include "viz/canvas_svg.hpp"
#include "viz/png_text.hpp"

namespace saccade {

namespace {

constexpr std::string_view keyword = "saccade:";
constexpr unsigned newest_version = 1;
constexpr std::size_t largest_picture = std::size_t{512} << 20;

std::optional<std::string> origin_in(const std::string& file) {
    if (is_png(file)) return png_text(file, "saccade");
    if (file.rfind("%PDF-", 0) == 0) return origin_in_pdf(file);
    if (file.find("<svg") != std::string::npos) return svg_metadata(file);
    return std::nullopt;
}

}  // namespace

std::string origin_text(const FigureOrigin& origin) {
    nlohmann::json json = {{"format", "saccade-figure"},
                           {"version", newest_version},
                           {"request", parse_json(origin.request, "the request", "")},
                           {"view", to_json(origin.view)}};
    for (const ViewState& panel : origin.panels.states) json["panels"].push_back(to_json(panel));
    if (!origin.panels.states.empty()) json["columns"] = origin.panels.columns;
    if (origin.panels.shared_range) json["shared_range"] = true;
    if (!origin.panels.heights.empty()) json["heights"] = origin.panels.heights;
    if (!origin.compared.empty()) json["compare"] = parse_json(origin.compared, "the request", "");
    return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);  // file names need not be UTF-8
}

FigureOrigin origin_from_text(const std::string& text) {
    const std::string record = "its record of how it was made", hint = "export the figure again";
    const nlohmann::json json = parse_json(text, record, hint);
    const JsonObject object(json, record, hint);
    object.needs({"format", "request", "view"});
    if (*object.find("format") != "saccade-figure")
        throw Error(ErrorCode::bad_format, record + " is of another program", "open a picture that Saccade exported");
    std::uint64_t version = newest_version + 1;
    if (const nlohmann::json* found = object.find("version")) version = whole_in<std::uint64_t>(*found, 1).value_or(version);
    if (version > newest_version) throw Error(ErrorCode::bad_format, "it comes from a newer Saccade", "update Saccade");
    FigureOrigin origin{json["request"].dump(), view_state_from_json(json["view"]),
                        json.contains("compare") ? json["compare"].dump() : ""};
    for (const nlohmann::json& panel : object.list("panels")) origin.panels.states.push_back(view_state_from_json(panel));
    if (json.contains("columns")) object.whole("columns", origin.panels.columns, Index{1}, Index{1000});
    object.toggle("shared_range", origin.panels.shared_range);
    if (const nlohmann::json* heights = object.find("heights"); heights != nullptr && heights->is_array())
        for (const nlohmann::json& one : *heights) origin.panels.heights.push_back(number_in(one).value_or(0));
    // Those that no figure can have are as if they were not there.
    if (std::ranges::any_of(origin.panels.heights, [](double h) { return !(h >= 16 && h <= 30000); }))
        origin.panels.heights.clear();
    return origin;
}

std::string pdf_keywords(const FigureOrigin& origin) {
    return std::string(keyword) + base64_encode(origin_text(origin));
}

std::optional<std::string> origin_in_pdf(std::string_view file) {
    const std::string start = std::string(1, '(').append(keyword);
    const std::size_t at = file.find(start);
    if (at == std::string_view::npos) return std::nullopt;
    const std::size_t from = at + start.size(), to = file.find(')', from);
    if (to == std::string_view::npos) return std::nullopt;
    return base64_decode(file.substr(from, to - from));
}

FigureOrigin read_origin(const std::string& path) {
    const std::string file = read_file(path, largest_picture);
    try {
        const std::optional<std::string> text = origin_in(file);
        if (!text)
            throw Error(ErrorCode::bad_format, "it is not a picture that Saccade exported",
                        "open a PNG, SVG, PDF or HTML that Saccade wrote");
        return origin_from_text(*text);
    } catch (const Error& e) {
        throw Error(e.code(), path + ": " + e.message(), e.hint());
    }
}

}  // namespace saccade
