#include "viz/colormap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "viz/color_space.hpp"

namespace saccade {

namespace {

struct Hue {
    double a = 0, b = 0;
};

/// A smooth path through points of the a*b* plane, walked at constant speed: with lightness linear as well, every step of a map
/// is the same distance in CIELAB.
class HuePath {
 public:
    explicit HuePath(const std::vector<Hue>& points) {
        constexpr int pieces = 64;
        for (std::size_t i = 0; i + 1 < points.size(); ++i) {
            const Hue p0 = i > 0 ? points[i - 1] : points[i], p1 = points[i], p2 = points[i + 1];
            const Hue p3 = i + 2 < points.size() ? points[i + 2] : p2;
            for (int k = i == 0 ? 0 : 1; k <= pieces; ++k) {
                const double t = static_cast<double>(k) / pieces;
                samples_.push_back({spline(p0.a, p1.a, p2.a, p3.a, t), spline(p0.b, p1.b, p2.b, p3.b, t)});
            }
        }
        if (samples_.empty()) samples_.assign(2, points.front());
        length_.assign(samples_.size(), 0);
        for (std::size_t i = 1; i < samples_.size(); ++i)
            length_[i] = length_[i - 1] + std::hypot(samples_[i].a - samples_[i - 1].a, samples_[i].b - samples_[i - 1].b);
    }

    Hue at(double t) const {
        const double wanted = std::clamp(t, 0.0, 1.0) * length_.back();
        const auto above = std::lower_bound(length_.begin() + 1, length_.end() - 1, wanted);
        const auto i = static_cast<std::size_t>(above - length_.begin());
        const double span = length_[i] - length_[i - 1];
        const double u = span > 0 ? (wanted - length_[i - 1]) / span : 0;
        const Hue from = samples_[i - 1], to = samples_[i];
        return {from.a + (to.a - from.a) * u, from.b + (to.b - from.b) * u};
    }

 private:
    // Catmull-Rom: passes through p1 and p2.
    static double spline(double p0, double p1, double p2, double p3, double t) {
        return 0.5 * (2 * p1 + t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))));
    }

    std::vector<Hue> samples_;
    std::vector<double> length_;
};

Lab on_path(const HuePath& path, double l_from, double l_to, double t) {
    const Hue hue = path.at(t);
    return {l_from + (l_to - l_from) * t, hue.a, hue.b};
}

Colormap sequential(std::string id, double l_from, double l_to, const std::vector<Hue>& points) {
    Colormap map;
    map.id = std::move(id);
    const HuePath path(points);
    for (std::size_t i = 0; i < 256; ++i) map.colors[i] = color_from(on_path(path, l_from, l_to, static_cast<double>(i) / 255));
    return map;
}

/// Both arms leave the ground colour at the same pace, so that -x and x weigh the same.
Colormap diverging(std::string id, Color ground, double l_end, Hue negative, Hue positive) {
    Colormap map;
    map.id = std::move(id);
    map.diverging = true;
    const Lab center = lab_from(ground);
    const HuePath below({{center.a, center.b}, negative}), above({{center.a, center.b}, positive});
    for (std::size_t i = 0; i < 256; ++i) {
        const double s = (static_cast<double>(i) - 127.5) / 127.5;
        map.colors[i] = color_from(on_path(s < 0 ? below : above, center.l, l_end, std::abs(s)));
    }
    return map;
}

// The diverging map's negatives are olive: as far from blue as orange is, for every eye, and not the selection's colour.
// Control points in a*b*. "ember" runs blue-violet, magenta, orange, pale yellow; "blue" stays in one hue.
std::vector<Colormap> make_maps(const Theme& theme) {
    const Lab panel = lab_from(theme.panel);
    std::vector<Colormap> maps;
    if (theme.dark) {
        maps.push_back(sequential("ember", 15.5, 94,
                                  {{7, -18}, {20, -25}, {34, -25}, {44, -2}, {43, 24}, {34, 42}, {19, 51}, {5, 40}, {-3, 26}}));
        maps.push_back(sequential("blue", 14.5, 93, {{2, -13}, {6, -34}, {5, -46}, {-2, -32}, {-1, -8}}));
        maps.push_back(diverging("diverging", theme.panel, 71, {-20.5, 56.4}, {1, -47}));
    } else {
        maps.push_back(
            sequential("ember", 98.5, 18, {{-1, 5}, {-1, 22}, {12, 42}, {30, 44}, {43, 24}, {44, -2}, {32, -24}, {14, -26}}));
        maps.push_back(sequential("blue", 98.5, 31, {{-0.5, -1.5}, {-1.5, -14}, {-0.5, -32}, {5, -44}, {11, -46}}));
        maps.push_back(diverging("diverging", theme.panel, 48, {-11.5, 43.5}, {8, -54}));
    }
    const double l_from = theme.dark ? panel.l + 3 : 98.5;
    maps.push_back(sequential("grey", l_from, theme.dark ? 93 : 12, {{panel.a, panel.b}, {0, 0}}));
    return maps;
}

const std::vector<Colormap>& maps_of(const Theme& theme) {
    static const std::map<std::string, std::vector<Colormap>> all = [] {
        std::map<std::string, std::vector<Colormap>> made;
        for (const std::string& id : theme_ids()) made[id] = make_maps(saccade::theme(id));
        return made;
    }();
    return all.at(saccade::theme(theme.id).id);
}

}  // namespace

const Colormap& colormap(const std::string& id, const Theme& theme) {
    std::string known;
    for (const Colormap& map : maps_of(theme)) {
        if (map.id == id) return map;
        known += (known.empty() ? "" : ", ") + map.id;
    }
    throw Error(ErrorCode::usage, "there is no colormap \"" + id + "\"", "choose one of " + known);
}

std::vector<std::string> colormap_ids() {
    std::vector<std::string> ids;
    for (const Colormap& map : maps_of(theme("light"))) ids.push_back(map.id);
    return ids;
}

std::string default_colormap(bool is_signed, const Theme& theme) {
    return is_signed ? "diverging" : theme.dark ? "ember" : "blue";
}

}  // namespace saccade
