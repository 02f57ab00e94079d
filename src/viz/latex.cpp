#include "viz/latex.hpp"

#include <fmt/format.h>

#include <cmath>

namespace saccade {

namespace {

std::string number(float v) {
    if (std::isnan(v)) return "nan";
    if (std::isinf(v)) return v < 0 ? "$-\\infty$" : "$\\infty$";
    std::string text = std::abs(v) < 1e4f ? fmt::format("{:.3f}", v) : fmt::format("{:.3e}", v);
    const std::size_t power = text.find('e');
    if (power == std::string::npos) return text.front() == '-' ? "$" + text + "$" : text;  // a minus, not a hyphen
    return fmt::format("${} \\cdot 10^{{{}}}$", text.substr(0, power), std::stoi(text.substr(power + 1)));
}

std::string number_at(const ShownValues& shown, Index i) {
    return shown.mask.empty() || shown.mask.data()[i] == 0 ? number(shown.values.data()[i]) : "--";
}

/// A table of which everything but the lines is given.
std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& lines) {
    std::string text = "\\begin{tabular}{l" + std::string(head.size() - 1, 'r') + "}\n\\toprule\n";
    const auto line = [&](const std::vector<std::string>& fields) {
        for (std::size_t i = 0; i < fields.size(); ++i) text += (i > 0 ? " & " : "") + fields[i];
        text += " \\\\\n";
    };
    line(head);
    text += "\\midrule\n";
    for (const auto& fields : lines) line(fields);
    return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace

std::string latex_text(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '\\':
                safe += "\\textbackslash{}";
                break;
            case '~':
                safe += "\\textasciitilde{}";
                break;
            case '^':
                safe += "\\textasciicircum{}";
                break;
            case '<':
                safe += "\\textless{}";
                break;
            case '>':
                safe += "\\textgreater{}";
                break;
            case '|':
                safe += "\\textbar{}";
                break;
            case '\n':
            case '\r':
                safe += ' ';
                break;
            default:
                if (std::string_view("{}$&#_%").find(c) != std::string_view::npos) safe += '\\';
                safe += c;
        }
    }
    return safe;
}

std::string latex_of(const std::vector<ShownValues>& shown) {
    const ShownValues& first = shown.at(0);
    const std::size_t axes = first.axes.size();
    if (axes == 0 || axes > 2)
        throw Error(ErrorCode::unsupported, fmt::format("{} has {} axes: a table has two", first.name, axes),
                    "choose a view of one matrix, or .csv, which has a line a cell");
    const Axis& rows = *first.axes[0];
    std::vector<std::string> head{latex_text(rows.name)};
    std::vector<std::vector<std::string>> lines;
    for (Index r = 0; r < rows.extent; ++r) lines.push_back({latex_text(rows.label(r))});
    if (axes == 2) {
        const Axis& cols = *first.axes[1];
        for (Index c = 0; c < cols.extent; ++c) head.push_back(latex_text(cols.label(c)));
        for (Index i = 0; i < rows.extent * cols.extent; ++i)
            lines[static_cast<std::size_t>(i / cols.extent)].push_back(number_at(first, i));
        return table(head, lines);
    }
    for (const ShownValues& s : shown) {
        if (s.axes != first.axes) continue;
        head.push_back(latex_text(s.name));
        for (Index r = 0; r < rows.extent; ++r) lines[static_cast<std::size_t>(r)].push_back(number_at(s, r));
    }
    return table(head, lines);
}

}  // namespace saccade
