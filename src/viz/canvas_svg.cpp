#include "viz/canvas_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "viz/canvas_cairo.hpp"
#include "viz/font_subset.hpp"
#include "viz/fonts.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/image_pixels.hpp"

namespace saccade {

namespace {

constexpr Index most_grid_cells = 10000;
constexpr const char* metadata_open = "<metadata id=\"saccade\">";
constexpr const char* metadata_close = "</metadata>";

/// XML holds no control characters and no non-characters, not even escaped.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : drawable_text(text)) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

std::string unescaped(std::string text) {
    const std::pair<const char*, const char*> entities[] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}};
    for (const auto& [entity, plain] : entities)
        for (std::size_t at = 0; (at = text.find(entity, at)) != std::string::npos; ++at)
            text.replace(at, std::string(entity).size(), plain);
    return text;
}

std::string num(double v) {
    std::string text = fmt::format("{:.2f}", v);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text == "-0" ? "0" : text;
}

std::string hex(Color c) {
    return fmt::format("#{:02x}{:02x}{:02x}", c.r, c.g, c.b);
}

/// fill="#rrggbb" and its opacity; "none" if fully transparent.
std::string paint(const char* name, Color c) {
    if (c.a == 0) return fmt::format(" {}=\"none\"", name);
    if (c.a == 255) return fmt::format(" {}=\"{}\"", name, hex(c));
    return fmt::format(" {0}=\"{1}\" {0}-opacity=\"{2}\"", name, hex(c), num(c.a / 255.0));
}

std::string box_attributes(const Box& b) {
    return fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", num(b.x), num(b.y), num(b.w), num(b.h));
}

class SvgWriter {
 public:
    explicit SvgWriter(const TextMeasure& measure) : measure_(measure) {}

    void operator()(const RectItem& r) {
        const std::string radius = r.radius > 0 ? fmt::format(" rx=\"{}\"", num(r.radius)) : "";
        if (r.fill.a > 0) body_ += fmt::format("<rect {}{}{}/>\n", box_attributes(r.box), radius, paint("fill", r.fill));
        if (r.hatched) {
            body_ += fmt::format("<rect {}{} fill=\"url(#{})\"/>\n", box_attributes(r.box), radius, hatch(r.stroke));
        } else if (r.stroke.a > 0 && r.stroke_width > 0) {
            const double half = r.stroke_width / 2;
            const Box inner{r.box.x + half, r.box.y + half, std::max(0.0, r.box.w - 2 * half),
                            std::max(0.0, r.box.h - 2 * half)};
            body_ += fmt::format("<rect {}{} fill=\"none\"{} stroke-width=\"{}\"/>\n", box_attributes(inner), radius,
                                 paint("stroke", r.stroke), num(r.stroke_width));
        }
    }

    void operator()(const LineItem& l) {
        std::string points;
        for (const Point& p : l.points) points += num(p.x) + "," + num(p.y) + " ";
        body_ += fmt::format("<polyline points=\"{}\" fill=\"none\"{} stroke-width=\"{}\" stroke-linejoin=\"round\"/>\n",
                             points, paint("stroke", l.color), num(l.width));
    }

    void operator()(const CurveItem& c) {
        body_ += fmt::format("<path d=\"M{} {} C{} {} {} {} {} {}\" fill=\"none\"{} stroke-width=\"{}\"/>\n", num(c.from.x),
                             num(c.from.y), num(c.control1.x), num(c.control1.y), num(c.control2.x), num(c.control2.y),
                             num(c.to.x), num(c.to.y), paint("stroke", c.color), num(c.width));
    }

    void operator()(const CircleItem& c) {
        body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>\n", num(c.center.x), num(c.center.y), num(c.radius),
                             paint("fill", c.fill));
    }

    void operator()(const TextItem& t) {
        if (t.text.empty()) return;
        const std::string text = drawable_text(t.text);
        for (const char32_t c : decode_utf8(text)) used_[t.font].insert(c);
        const char* anchor = t.halign == HAlign::center ? "middle" : t.halign == HAlign::right ? "end" : "start";
        const std::string turn =
            t.angle == 0 ? "" : fmt::format(" transform=\"rotate({} {} {})\"", num(t.angle), num(t.at.x), num(t.at.y));
        body_ += fmt::format(
            "<text x=\"{}\" y=\"{}\" class=\"{}\" font-size=\"{}\" text-anchor=\"{}\"{}{} xml:space=\"preserve\">{}</text>\n",
            num(t.at.x), num(t.at.y + text_start(t, measure_).y), t.font == Font::mono ? "mono" : "ui", num(t.size), anchor,
            paint("fill", t.color), turn, escaped(text));
    }

    /// The same picture in several places is written once.
    void operator()(const ImageItem& i) {
        if (i.pixels.empty()) return;
        constexpr double scale = 4;  // pixels per logical px that are kept: files are looked at closely
        const Index block = image_block(i, i.box.w * scale, i.box.h * scale);
        const std::string id = fmt::format("picture{}", pictures_.size() + 1);
        const auto [known, added] = pictures_.try_emplace({i.pixels.data(), block}, id);
        if (added) define_picture(id, i, block);
        const std::string opacity = i.opacity < 1 ? fmt::format(" opacity=\"{}\"", num(i.opacity)) : "";
        body_ += fmt::format("<use href=\"#{}\" {}{}/>\n", known->second, box_attributes(i.box), opacity);
    }

    void operator()(const HeatmapItem& h) {
        if (h.values.empty()) return;
        heatmap(h, is_small(h));
    }

    void operator()(const HeatmapGridItem& g) {
        if (g.values.empty()) return;
        constexpr double scale = 2;  // px of a small picture: files are looked at closely
        const Box first = grid_place(g, 0, 0);
        const GridAtlas atlas = grid_atlas(g, grid_block(g, first.w * scale, first.h * scale, most_image_side));
        for (Index i = 0; i < grid_places(g); ++i)
            heatmap(grid_picture(g, atlas, i / g.map_cols, i % g.map_cols), atlas.values.size() <= most_grid_cells);
    }

    void operator()(const ColorBarItem& bar) {
        const std::string id = fmt::format("bar{}", ++ids_);
        defs_ += fmt::format("<linearGradient id=\"{}\">", id);
        for (int i = 0; i <= 32; ++i)
            defs_ += fmt::format("<stop offset=\"{}\" stop-color=\"{}\"/>", num(i / 32.0), hex(bar.map->at(i / 32.0)));
        defs_ += "</linearGradient>\n";
        body_ += fmt::format("<rect {} fill=\"url(#{})\"/>\n", box_attributes(bar.box), id);
    }

    std::string finish(const Figure& figure, Color ground, const std::string& metadata) const {
        std::string svg = fmt::format(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n",
            num(figure.width), num(figure.height));
        if (!figure.title.empty()) svg += "<title>" + escaped(figure.title) + "</title>\n";
        if (!metadata.empty()) svg += metadata_open + escaped(metadata) + metadata_close + "\n";
        if (ground.a > 0) svg += fmt::format("<rect width=\"100%\" height=\"100%\"{}/>\n", paint("fill", ground));
        return svg + "<defs>\n<style>\n" + styles() + "</style>\n" + defs_ + "</defs>\n" + body_ + "</svg>\n";
    }

 private:
    /// The last block may stand for fewer pixels than the others: what is too much lies outside the symbol.
    void define_picture(const std::string& id, const ImageItem& item, Index block) {
        const ImagePixels image = image_pixels(item, block);
        const auto size = [&](Index blocks, int axis) {
            return fmt::format("{:.6f}", static_cast<double>(blocks * block) / static_cast<double>(item.pixels.shape()[axis]));
        };
        defs_ += fmt::format(
            "<symbol id=\"{}\" viewBox=\"0 0 1 1\" preserveAspectRatio=\"none\"><image width=\"{}\" height=\"{}\" "
            "preserveAspectRatio=\"none\" href=\"data:image/png;base64,{}\"/></symbol>\n",
            id, size(image.cols, 1), size(image.rows, 0), base64_encode(png_of_pixels(image.pixels, image.rows, image.cols)));
    }

    void heatmap(const HeatmapItem& h, bool cell_by_cell) {
        const HeatmapImage image = heatmap_image(h, most_image_side);
        cell_by_cell ? cells(h, image) : picture(h, image);
        if (h.hatch.a == 0) return;
        for (const Box& b : image.masked)
            body_ += fmt::format("<rect {} fill=\"url(#{})\"/>\n", box_attributes(b), hatch(h.hatch));
    }

    void cells(const HeatmapItem& h, const HeatmapImage& image) {
        const double w = h.box.w / static_cast<double>(image.cols), height = h.box.h / static_cast<double>(image.rows);
        body_ += "<g shape-rendering=\"crispEdges\">\n";
        for (Index r = 0; r < image.rows; ++r)
            for (Index c = 0; c < image.cols; ++c) {
                const Box box{h.box.x + static_cast<double>(c) * w, h.box.y + static_cast<double>(r) * height, w - h.gap,
                              height - h.gap};
                const Color color = image.pixels[static_cast<std::size_t>(r * image.cols + c)];
                if (color.a == 0) continue;
                body_ += fmt::format("<rect {}{}/>\n", box_attributes(box), paint("fill", color));
            }
        body_ += "</g>\n";
    }

    /// One image, however many cells; the gaps are lines over it.
    void picture(const HeatmapItem& h, const HeatmapImage& image) {
        body_ += fmt::format("<image {} preserveAspectRatio=\"none\"{} href=\"data:image/png;base64,{}\"/>\n",
                             box_attributes(h.box), h.smooth ? "" : " style=\"image-rendering:pixelated\"",
                             base64_encode(png_of_pixels(image.pixels, image.rows, image.cols)));
        if (h.gap <= 0 || h.smooth) return;
        std::string lines;
        for (Index c = 1; c <= image.cols; ++c)
            lines += fmt::format("M{} {}v{}",
                                 num(h.box.x + static_cast<double>(c) * h.box.w / static_cast<double>(image.cols) - h.gap / 2),
                                 num(h.box.y), num(h.box.h));
        for (Index r = 1; r <= image.rows; ++r)
            lines += fmt::format("M{} {}h{}", num(h.box.x),
                                 num(h.box.y + static_cast<double>(r) * h.box.h / static_cast<double>(image.rows) - h.gap / 2),
                                 num(h.box.w));
        body_ += fmt::format("<path d=\"{}\" fill=\"none\"{} stroke-width=\"{}\"/>\n", lines,
                             paint("stroke", with_alpha(h.gap_color, h.gap_color.a / 255.0 * h.opacity)), num(h.gap));
    }

    std::string hatch(Color color) {
        const std::string id = fmt::format("hatch-{:02x}{:02x}{:02x}{:02x}", color.r, color.g, color.b, color.a);
        if (hatches_.insert(id).second)
            defs_ += fmt::format(
                "<pattern id=\"{}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"{} stroke-width=\"1.5\"/></pattern>\n",
                id, paint("stroke", color));
        return id;
    }

    /// Each class names its families; what of them the text uses is embedded under the same names, so that editors that ignore
    /// embedded fonts find the installed ones.
    std::string styles() const {
        std::string css;
        std::vector<std::string> embedded;
        for (const EmbeddedFont& font : embedded_fonts(used_)) {
            embedded.push_back(font.family);
            if (font.data.empty()) continue;
            css += fmt::format("@font-face{{font-family:'{}';src:url(data:font/{};base64,{})}}\n", font.family,
                               font.opentype ? "otf" : "ttf", base64_encode(font.data));
        }
        for (const auto& [font, code_points] : used_) {
            std::vector<std::string> families = font_families(font);
            const std::string generic = families.back();
            families.pop_back();
            for (const std::string& family : embedded)
                if (std::find(families.begin(), families.end(), family) == families.end()) families.push_back(family);
            std::string list;
            for (const std::string& family : families) list += fmt::format("'{}',", family);
            css += fmt::format(".{}{{font-family:{}{}}}\n", font == Font::mono ? "mono" : "ui", list, generic);
        }
        return css;
    }

    const TextMeasure& measure_;
    std::string defs_, body_;
    std::set<std::string> hatches_;
    std::map<std::pair<const float*, Index>, std::string> pictures_;
    std::map<Font, std::set<char32_t>> used_;
    int ids_ = 0;
};

}  // namespace

std::string to_svg(const Figure& figure, Color ground, const TextMeasure& measure, const std::string& metadata) {
    SvgWriter writer(measure);
    for (const FigureItem& item : figure.items) std::visit(writer, item);
    return writer.finish(figure, ground, metadata);
}

std::string svg_metadata(const std::string& svg) {
    const std::size_t start = svg.find(metadata_open);
    const std::size_t end = svg.find(metadata_close, start == std::string::npos ? 0 : start);
    if (start == std::string::npos || end == std::string::npos)
        throw Error(ErrorCode::bad_format, "the SVG holds no Saccade session", "open one that Saccade exported");
    const std::size_t from = start + std::string(metadata_open).size();
    return unescaped(svg.substr(from, end - from));
}

}  // namespace saccade
