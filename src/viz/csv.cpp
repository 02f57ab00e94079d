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

std::string columns(const std::vector<ShownValues>& shown) {
    const AxisPtr axis = shown[0].axes[0];
    std::vector<const ShownValues*> along;
    for (const ShownValues& s : shown)
        if (s.axes.size() == 1 && s.axes[0] == axis) along.push_back(&s);
    std::string csv = csv_field(axis->name);
    for (const ShownValues* s : along) csv.append(1, ',').append(csv_field(s->name));
    csv += "\r\n";
    for (Index i = 0; i < axis->extent; ++i) {
        csv += csv_field(axis->label(i));
        for (const ShownValues* s : along) csv.append(1, ',').append(number_at(*s, i));
        csv += "\r\n";
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
    return shown[0].axes.size() == 2 ? matrix(shown[0]) : columns(shown);
}

}  // namespace saccade
