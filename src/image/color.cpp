#include "image/color.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

struct NamedColor {
    const char* name;
    std::array<std::uint8_t, 3> rgb;
};

// Clear, easily told apart, and easy on the eye beside each other.
constexpr std::array<NamedColor, 14> named_colors{{{"red", {214, 48, 49}},
                                                   {"orange", {240, 138, 36}},
                                                   {"yellow", {245, 205, 60}},
                                                   {"green", {60, 160, 75}},
                                                   {"cyan", {60, 190, 200}},
                                                   {"blue", {50, 105, 205}},
                                                   {"purple", {140, 75, 175}},
                                                   {"pink", {240, 140, 175}},
                                                   {"brown", {135, 85, 50}},
                                                   {"white", {248, 248, 246}},
                                                   {"grey", {140, 144, 150}},
                                                   {"black", {28, 30, 34}},
                                                   {"navy", {28, 48, 96}},
                                                   {"beige", {226, 208, 172}}}};

}  // namespace

const std::vector<std::string>& color_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> result;
        for (const NamedColor& color : named_colors) result.emplace_back(color.name);
        return result;
    }();
    return names;
}

std::array<std::uint8_t, 3> color_rgb(std::string_view name) {
    for (const NamedColor& color : named_colors)
        if (name == color.name) return color.rgb;
    unsigned value = 0;
    const bool hex = name.size() == 7 && name[0] == '#';
    if (hex) {
        const auto [end, error] = std::from_chars(name.data() + 1, name.data() + 7, value, 16);
        if (error == std::errc() && end == name.data() + 7)
            return {static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
                    static_cast<std::uint8_t>(value)};
    }
    throw Error(ErrorCode::invalid_input, fmt::format("there is no colour '{}'", shorten(sanitize_utf8(name), 20)),
                fmt::format("write #rrggbb or one of: {}", fmt::join(color_names(), ", ")));
}

}  // namespace saccade
