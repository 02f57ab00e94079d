#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "ui/param_widgets.hpp"

namespace saccade {

namespace {

constexpr double infinity_from = 0.97;  // the end of the slider that stands for infinity
constexpr double log_floor = 1e-4;      // share of the top where a log scale that begins at 0 leaves it

}  // namespace

SliderScale::SliderScale(const ParamSpec& spec)
    : low_(spec.min), top_(spec.max), log_(spec.log_scale), whole_(spec.type == ParamType::integer) {
    limited_ = !(spec.min == 0 && spec.max == 0) && std::isfinite(spec.min);
    infinite_ = std::isinf(spec.max);
    if (infinite_) {
        log_ = true;  // on the way to infinity steps grow
        const auto* number = std::get_if<double>(&spec.fallback);
        const double usual = number != nullptr && std::isfinite(*number) ? std::abs(*number) : 1;
        top_ = std::max({100 * usual, 10 * std::abs(low_), 1.0});
    }
    if (log_ && low_ <= 0) {
        zero_ = true;
        low_ = top_ * log_floor;
    }
}

double SliderScale::position(double value) const {
    if (infinite_ && value > top_) return std::isinf(value) ? 1 : infinity_from;
    const double end = infinite_ ? infinity_from : 1;
    if (log_) return value <= low_ ? 0 : end * std::clamp(std::log(value / low_) / std::log(top_ / low_), 0.0, 1.0);
    return top_ > low_ ? end * std::clamp((value - low_) / (top_ - low_), 0.0, 1.0) : 0;
}

double SliderScale::value(double position) const {
    if (infinite_ && position > infinity_from) return std::numeric_limits<double>::infinity();
    const double t = std::clamp(infinite_ ? position / infinity_from : position, 0.0, 1.0);
    if (log_ && zero_ && t <= 0) return 0;
    double value = log_ ? low_ * std::pow(top_ / low_, t) : low_ + t * (top_ - low_);
    if (whole_) return std::round(value);
    // Three digits: what the field shows is what the run gets.
    const double unit = log_ ? std::pow(10, std::floor(std::log10(std::max(value, 1e-300))) - 2)
                             : std::pow(10, std::floor(std::log10(std::max(top_ - low_, 1e-300))) - 3);
    value = std::round(value / unit) * unit;
    return std::clamp(std::stod(fmt::format("{:.12g}", value)), zero_ ? 0.0 : low_, top_);
}

std::string number_field_text(const ParamSpec& spec, const ParamValue& value) {
    static_cast<void>(spec);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
    const double number = std::get<double>(value);
    if (std::isinf(number)) return number > 0 ? "∞" : "-∞";
    return fmt::format("{:.6g}", number);
}

namespace {

std::optional<double> number_in(const std::string& text) {
    std::string plain;
    for (const char c : text)
        if (c != ' ') plain += c == ',' ? '.' : c;
    if (plain == "∞" || plain == "inf" || plain == "infinity") return std::numeric_limits<double>::infinity();
    double number = 0;
    const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), number);
    if (error != std::errc() || end != plain.data() + plain.size() || std::isnan(number)) return std::nullopt;
    return number;
}

bool has_range(const ParamSpec& spec) {
    return !(spec.min == 0 && spec.max == 0);
}

std::optional<ParamValue> number_of(const ParamSpec& spec, double number) {
    if (has_range(spec) && (number < spec.min || number > spec.max)) return std::nullopt;
    if (spec.type == ParamType::number) {
        if (std::isinf(number) && !std::isinf(spec.max)) return std::nullopt;
        return ParamValue(number);
    }
    if (number != std::round(number) || std::abs(number) > 9e15) return std::nullopt;
    return ParamValue(static_cast<std::int64_t>(number));
}

}  // namespace

std::optional<ParamValue> number_from_field(const ParamSpec& spec, const std::string& text) {
    const std::optional<double> number = number_in(text);
    return number ? number_of(spec, *number) : std::nullopt;
}

std::optional<ParamValue> nearest_number(const ParamSpec& spec, const std::string& text) {
    std::optional<double> number = number_in(text);
    if (!number) return std::nullopt;
    if (has_range(spec)) number = std::clamp(*number, spec.min, spec.max);
    return number_of(spec, spec.type == ParamType::integer ? std::round(*number) : *number);
}

}  // namespace saccade
