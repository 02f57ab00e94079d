#include "viz/color_space.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace saccade {

namespace {

constexpr double white_x = 0.95047, white_z = 1.08883;  // D65, Y = 1
constexpr double epsilon = 216.0 / 24389.0, kappa = 24389.0 / 27.0;

double to_linear(std::uint8_t channel) {
    const double v = channel / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

std::uint8_t to_channel(double linear) {
    const double v = std::clamp(linear, 0.0, 1.0);
    const double encoded = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(std::lround(encoded * 255));
}

std::array<double, 3> linear_rgb(const Lab& lab) {
    const auto inverse = [](double f) { return f * f * f > epsilon ? f * f * f : (116 * f - 16) / kappa; };
    const double fy = (lab.l + 16) / 116;
    const double x = white_x * inverse(fy + lab.a / 500), y = inverse(fy), z = white_z * inverse(fy - lab.b / 200);
    return {3.2404542 * x - 1.5371385 * y - 0.4985314 * z, -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
            0.0556434 * x - 0.2040259 * y + 1.0572252 * z};
}

bool shown(const Lab& lab) {
    const auto rgb = linear_rgb(lab);
    return std::all_of(rgb.begin(), rgb.end(), [](double v) { return v >= -1e-4 && v <= 1 + 1e-4; });
}

}  // namespace

Lab lab_from(Color c) {
    const double r = to_linear(c.r), g = to_linear(c.g), b = to_linear(c.b);
    const double x = 0.4124564 * r + 0.3575761 * g + 0.1804375 * b;
    const double y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b;
    const double z = 0.0193339 * r + 0.1191920 * g + 0.9503041 * b;
    const auto f = [](double t) { return t > epsilon ? std::cbrt(t) : (kappa * t + 16) / 116; };
    return {116 * f(y) - 16, 500 * (f(x / white_x) - f(y)), 200 * (f(y) - f(z / white_z))};
}

Color color_from(const Lab& lab) {
    double keep = 1;
    if (!shown(lab)) {
        double low = 0, high = 1;
        for (int i = 0; i < 24; ++i) {
            keep = (low + high) / 2;
            (shown({lab.l, lab.a * keep, lab.b * keep}) ? low : high) = keep;
        }
        keep = low;
    }
    const auto rgb = linear_rgb({lab.l, lab.a * keep, lab.b * keep});
    return {to_channel(rgb[0]), to_channel(rgb[1]), to_channel(rgb[2]), 255};
}

double difference(const Lab& x, const Lab& y) {
    return std::hypot(x.l - y.l, x.a - y.a, x.b - y.b);
}

}  // namespace saccade
