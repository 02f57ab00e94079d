#include "viz/csv.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace saccade {

namespace {

std::string number(float v) {
    if (std::isnan(v)) return "nan";
    if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), v).ptr;
    return {text.data(), end};
}

/// Nothing is written for a masked cell: no number of the model's stands there, and sums over a row stay what they are.
std::string number_at(const ShownValues& shown, Index i) {
    return shown.mask.empty() || shown.mask.data()[i] == 0 ? number(shown.values.data()[i]) : std::string();
}

std::string matrix(const ShownValues& shown) {
    const Axis &rows = *shown.axes[0], &cols = *shown.axes[1];
    std::string csv = csv_field(rows.name + " \\ " + cols.name);
    for (Index c = 0; c < cols.extent; ++c) csv.append(1, ',').append(csv_field(cols.label(c)));
    csv += "\r\n";
    for (Index r = 0; r < rows.extent; ++r) {
        csv += csv_field(rows.label(r));
        for (Index c = 0; c < cols.extent; ++c) csv.append(1, ',').append(number_at(shown, r * cols.extent + c));
        csv += "\r\n";
    }
    return csv;
}

using Shown = std::vector<const ShownValues*>;

std::string columns(const Shown& along) {
    const Axis& axis = *along[0]->axes[0];
    std::string csv = csv_field(axis.name);
    for (const ShownValues* s : along) csv.append(1, ',').append(csv_field(s->name));
    csv += "\r\n";
    for (Index i = 0; i < axis.extent; ++i) {
        csv += csv_field(axis.label(i));
        for (const ShownValues* s : along) csv.append(1, ',').append(number_at(*s, i));
        csv += "\r\n";
    }
    return csv;
}

/// Tokens may stand twice on an axis, so that their positions are written beside them.
bool has_tokens(const Axis& axis) {
    return !axis.labels.empty() && !is_stacked(axis.kind);
}

/// A line a cell.
std::string cells(const Shown& alike) {
    const std::vector<AxisPtr>& axes = alike[0]->axes;
    std::string csv;
    std::vector<std::vector<std::string>> at(axes.size());
    for (std::size_t a = 0; a < axes.size(); ++a) {
        const Axis& axis = *axes[a];
        if (has_tokens(axis)) csv += csv_field(axis.name + ".position") + ",";
        csv += csv_field(axis.name) + ",";
        for (Index i = 0; i < axis.extent; ++i)
            at[a].push_back((has_tokens(axis) ? std::to_string(i + 1) + "," : "") + csv_field(axis.label(i)) + ",");
    }
    for (const ShownValues* s : alike) csv += csv_field(s->name) + (s == alike.back() ? "\r\n" : ",");
    const Shape& shape = alike[0]->values.shape();
    for (Index cell = 0; cell < shape.size(); ++cell) {
        Index inner = shape.size(), rest = cell;
        for (std::size_t a = 0; a < axes.size(); ++a) {
            inner /= shape[static_cast<int>(a)];
            csv += at[a][static_cast<std::size_t>(rest / inner)];
            rest %= inner;
        }
        for (const ShownValues* s : alike) csv += number_at(*s, cell) + (s == alike.back() ? "\r\n" : ",");
    }
    return csv;
}

}  // namespace

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos && (text.empty() || (text.front() != ' ' && text.back() != ' ')))
        return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

std::string csv_of(const std::vector<ShownValues>& shown) {
    Shown alike;
    for (const ShownValues& s : shown)
        if (s.axes == shown[0].axes) alike.push_back(&s);
    if (shown[0].axes.size() == 1) return columns(alike);
    return shown[0].axes.size() == 2 && alike.size() == 1 ? matrix(shown[0]) : cells(alike);
}

}  // namespace saccade
