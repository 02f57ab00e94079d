#include "base/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace saccade {

std::string number_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "−∞" : "∞";
    if (value == 0) return "0";
    const double magnitude = std::abs(value);
    std::string text;
    if (magnitude >= 1e5 || magnitude < 1e-3) {
        text = fmt::format("{:.1e}", magnitude);
        const std::size_t e = text.find('e');
        text = text.substr(0, e) + "e" + std::to_string(std::stoi(text.substr(e + 1)));
        if (text.find(".0e") != std::string::npos) text.erase(text.find(".0e"), 2);
    } else {
        const int decimals = std::clamp(2 - static_cast<int>(std::floor(std::log10(magnitude))), 0, 5);
        text = fmt::format("{:.{}f}", magnitude, decimals);
        if (text.find('.') != std::string::npos) {
            text.erase(text.find_last_not_of('0') + 1);
            if (text.back() == '.') text.pop_back();
        }
    }
    return value < 0 ? "−" + text : text;
}

std::string value_text(double value) {
    const bool plain = value == 0 || (std::abs(value) >= 0.01 && std::abs(value) < 1e5);
    return plain ? fmt::format("{:.4f}", value) : number_text(value);
}

std::string share_text(double value) {
    const double magnitude = std::abs(value);
    if (magnitude < 0.0005 && value != 0) return number_text(value);
    return fmt::format("{:.{}f}", value, magnitude >= 0.005 || value == 0 ? 2 : 3);
}

}  // namespace saccade
