#include "viz/theme.hpp"

#include <array>
#include <cmath>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr Color rgb(std::uint32_t hex) {
    return {static_cast<std::uint8_t>(hex >> 16), static_cast<std::uint8_t>(hex >> 8 & 0xff),
            static_cast<std::uint8_t>(hex & 0xff), 255};
}

std::uint8_t rounded(double channel) {
    return static_cast<std::uint8_t>(std::lround(std::fmin(std::fmax(channel, 0.0), 255.0)));
}

double relative_luminance(Color c) {
    const auto linear = [](std::uint8_t channel) {
        const double v = channel / 255.0;
        return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

Theme make_dark() {
    Theme t;
    t.id = "dark";
    t.dark = true;
    t.background = rgb(0x121418);
    t.panel = rgb(0x1a1d23);
    t.raised = rgb(0x22262e);
    t.line = rgb(0x2c313a);
    t.text = rgb(0xe7e9ec);
    t.secondary = rgb(0x98a1ad);
    t.faint = rgb(0x626b77);
    t.accent = rgb(0x6aa5ff);
    t.accent_ground = rgb(0x2b4672);
    t.selection = rgb(0xffb454);
    t.negative = rgb(0x5b6472);
    t.holds = rgb(0x63c08a);
    t.broken = rgb(0xf0716a);
    t.further = {rgb(0x4fd1c5), rgb(0xc58af0), rgb(0xe58fb4)};
    t.over = rgb(0x4fd1c5);
    t.under = rgb(0x98a1ad);
    return t;
}

Theme make_light() {
    Theme t;
    t.id = "light";
    t.background = rgb(0xf4f5f7);
    t.panel = rgb(0xffffff);
    t.raised = rgb(0xeceef2);
    t.line = rgb(0xdde1e7);
    t.text = rgb(0x171a20);
    t.secondary = rgb(0x57606c);
    t.faint = rgb(0x8a94a1);
    t.accent = rgb(0x1f6feb);
    t.accent_ground = rgb(0xdbe7fd);
    t.selection = rgb(0xc2570c);
    t.negative = rgb(0xb9c2cd);
    t.holds = rgb(0x1a7f4b);
    t.broken = rgb(0xc4302b);
    t.further = {rgb(0x0f8a83), rgb(0x7b45c9), rgb(0xb0447c)};
    t.over = rgb(0x0f8a83);
    t.under = rgb(0x57606c);
    return t;
}

// Paper: white everywhere, and hints dark enough to survive a printer.
Theme make_print() {
    Theme t = make_light();
    t.id = "print";
    t.background = t.panel = rgb(0xffffff);
    t.text = rgb(0x000000);
    t.secondary = rgb(0x3d434c);
    t.faint = rgb(0x6a727d);
    t.line = rgb(0xc4c9d1);
    return t;
}

const std::array<Theme, 3>& all_themes() {
    static const std::array<Theme, 3> themes{make_dark(), make_light(), make_print()};
    return themes;
}

}  // namespace

Color mix(Color a, Color b, double t) {
    const auto channel = [t](std::uint8_t from, std::uint8_t to) { return rounded(from + (to - from) * t); };
    return {channel(a.r, b.r), channel(a.g, b.g), channel(a.b, b.b), channel(a.a, b.a)};
}

Color with_alpha(Color c, double alpha) {
    c.a = rounded(alpha * 255);
    return c;
}

double contrast(Color a, Color b) {
    const double la = relative_luminance(a), lb = relative_luminance(b);
    return (std::fmax(la, lb) + 0.05) / (std::fmin(la, lb) + 0.05);
}

Color series_color(const Theme& theme, std::size_t i) {
    const std::size_t n = theme.further.size() + 1, at = i % n;
    const Color own = at == 0 ? theme.accent : theme.further[at - 1];
    const std::size_t round = i / n % 3;
    return round == 0 ? own : mix(own, round == 1 ? theme.text : theme.panel, 0.4);
}

const Theme& theme(const std::string& id) {
    std::string known;
    for (const Theme& t : all_themes()) {
        if (t.id == id) return t;
        known += (known.empty() ? "" : ", ") + t.id;
    }
    throw Error(ErrorCode::usage, "there is no theme \"" + id + "\"", "choose one of " + known);
}

std::vector<std::string> theme_ids() {
    std::vector<std::string> ids;
    for (const Theme& t : all_themes()) ids.push_back(t.id);
    return ids;
}

}  // namespace saccade
