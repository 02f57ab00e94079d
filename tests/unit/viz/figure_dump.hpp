#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "viz/figure.hpp"

namespace saccade::test {

/// A figure as text: what is where, without the values. Numbers to a tenth of a px, shifted a little so that the halves that
/// layouts are full of do not round either way by the last bit.
inline std::string dump(const Figure& figure) {
    const auto num = [](double v) { return fmt::format("{:.0f}", std::round(v * 10 + 0.0123) + 0.0); };
    const auto color = [](Color c) { return fmt::format("{:02x}{:02x}{:02x}{:02x}", c.r, c.g, c.b, c.a); };
    const auto box = [&num](const Box& b) { return fmt::format("{} {} {} {}", num(b.x), num(b.y), num(b.w), num(b.h)); };
    const auto point = [&num](Point p) { return fmt::format("{} {}", num(p.x), num(p.y)); };
    struct Printer {
        decltype(num)& n;
        decltype(color)& c;
        decltype(box)& b;
        decltype(point)& p;
        std::string operator()(const RectItem& i) const {
            return fmt::format("rect {} fill {} stroke {} {} radius {} {}", b(i.box), c(i.fill), c(i.stroke), n(i.stroke_width),
                               n(i.radius), i.hatched);
        }
        std::string operator()(const LineItem& i) const {
            std::string text = fmt::format("line {} {}", c(i.color), n(i.width));
            for (const Point at : i.points) text.append(1, ' ').append(p(at));
            return text;
        }
        std::string operator()(const CurveItem& i) const {
            return fmt::format("curve {} {} {} {} {} {}", p(i.from), p(i.control1), p(i.control2), p(i.to), c(i.color),
                               n(i.width));
        }
        std::string operator()(const TextItem& i) const {
            return fmt::format("text {} \"{}\" {} {} {} {} {} {}", p(i.at), i.text, n(i.size), c(i.color),
                               static_cast<int>(i.font), static_cast<int>(i.halign), static_cast<int>(i.valign), n(i.angle));
        }
        std::string operator()(const CircleItem& i) const {
            return fmt::format("circle {} {} {}", p(i.center), n(i.radius), c(i.fill));
        }
        std::string operator()(const ImageItem& i) const {
            return fmt::format("image {} {} opacity {}", b(i.box), i.pixels.shape().str(), n(i.opacity));
        }
        std::string operator()(const HeatmapItem& i) const {
            std::string text =
                fmt::format("heatmap {} {} {} [{} {}] {} gap {}", b(i.box), i.values.shape().str(), i.map->id,
                            n(i.normalization.low), n(i.normalization.high), to_string(i.normalization.scale), n(i.gap));
            if (i.translucent()) text += fmt::format(" opacity {} threshold {}", n(i.opacity), n(i.threshold));
            return i.smooth ? text + " smooth" : text;
        }
        std::string operator()(const HeatmapGridItem& i) const {
            return fmt::format("grid {} {} {}x{} [{}] {} [{} {}] {} gap {} {} {}", b(i.box), i.values.shape().str(), i.map_rows,
                               i.map_cols, fmt::join(i.order, ","), i.map->id, n(i.normalization.low), n(i.normalization.high),
                               to_string(i.normalization.scale), n(i.gap), i.largest, static_cast<int>(i.sink));
        }
        std::string operator()(const ColorBarItem& i) const { return fmt::format("bar {} {}", b(i.box), i.map->id); }
    };
    std::string text = fmt::format("{} {} {} | {}\n", num(figure.width), num(figure.height), figure.title, figure.subtitle);
    for (const FigureItem& item : figure.items) text.append(std::visit(Printer{num, color, box, point}, item)).append(1, '\n');
    for (const HitRegion& r : figure.regions)
        text += fmt::format("region {} {} {} {}x{} {} {} {}\n", box(r.box), r.ref.tensor, fmt::join(r.ref.index, ","), r.rows,
                            r.cols, r.row_axis, r.col_axis, r.editable);
    return text;
}

/// FNV-1a, 64 bits.
inline std::uint64_t hash_of(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
}

}  // namespace saccade::test
