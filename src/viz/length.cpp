#include "viz/length.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.hpp"

namespace saccade {

double text_px(const ViewState& state) {
    return state.text_size > 0 ? state.text_size : body_px * state.text_scale;
}

void set_text_px(ViewState& state, double px) {
    state.text_size = px;
    state.text_scale = std::clamp(px / body_px, 0.25, 8.0);
}

double length_px(const std::string& of, const std::string& text, double least, double most) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    std::string unit(end, text.data() + text.size());
    unit.erase(0, std::min(unit.find_first_not_of(' '), unit.size()));
    const std::pair<const char*, double> units[] = {
        {"mm", px_per_mm}, {"cm", 10 * px_per_mm}, {"in", 96}, {"pt", px_per_pt}, {"px", 1}};
    for (const auto& [name, px] : units)
        if (error == std::errc() && unit == name && value * px >= least && value * px <= most) return value * px;
    if (error == std::errc() && unit.empty())
        throw Error(ErrorCode::usage, fmt::format("{} {} has no unit", of, text),
                    fmt::format("write {0}mm, {0}pt, {0}px, or another of cm and in", text));
    throw Error(ErrorCode::usage, fmt::format("{} {} is not a length from {:g} to {:g} px", of, text, least, most),
                "give a number and its unit, mm, cm, in, pt or px: 85mm");
}

}  // namespace saccade
