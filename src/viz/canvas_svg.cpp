#include "viz/canvas_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "viz/canvas_cairo.hpp"
#include "viz/font_subset.hpp"
#include "viz/fonts.hpp"
#include "viz/hatching.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/image_pixels.hpp"

namespace saccade {

namespace {

constexpr Index most_grid_cells = 10000;
constexpr const char* metadata_open = "<metadata id=\"saccade\">";
constexpr const char* metadata_close = "</metadata>";

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

}  // namespace

std::string xml_escaped(std::string_view text) {
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

class SvgWriter {
 public:
    /// `apart`: what is written is taken in pieces, of which each may stand without the others.
    explicit SvgWriter(const TextMeasure& measure, bool apart = false) : measure_(measure), apart_(apart) {}

    void operator()(const RectItem& r) {
        const std::string radius = r.radius > 0 ? fmt::format(" rx=\"{}\"", num(r.radius)) : "";
        if (r.fill.a > 0) body_ += fmt::format("<rect {}{}{}/>\n", box_attributes(r.box), radius, paint("fill", r.fill));
        if (r.hatched) {
            hatched({r.box}, r.stroke);
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
        std::string content;
        for (const TextRun& run : runs_(text, t.font))
            content += run.family.empty() ? xml_escaped(run.text)
                                          : fmt::format("<tspan font-family=\"'{}',{}\">{}</tspan>", xml_escaped(run.family),
                                                        families(t.font), xml_escaped(run.text));
        const char* anchor = t.halign == HAlign::center ? "middle" : t.halign == HAlign::right ? "end" : "start";
        const std::string turn =
            t.angle == 0 ? "" : fmt::format(" transform=\"rotate({} {} {})\"", num(t.angle), num(t.at.x), num(t.at.y));
        body_ += fmt::format(
            "<text x=\"{}\" y=\"{}\" font-family=\"{}\" font-size=\"{}\" text-anchor=\"{}\"{}{} "
            "xml:space=\"preserve\">{}</text>\n",
            num(t.at.x), num(t.at.y + text_start(t, measure_).y), families(t.font), num(t.size), anchor, paint("fill", t.color),
            turn, content);
    }

    /// A picture that stands in several places at the same size is written once, where it stands first.
    void operator()(const ImageItem& i) {
        if (i.pixels.empty()) return;
        constexpr double scale = 4;  // pixels per logical px that are kept: files are looked at closely
        const Index block = image_block(i, i.box.w * scale, i.box.h * scale);
        const Placed now{fmt::format("picture{}", pictures_.size() + 1), i.box};
        const auto [known, first] = pictures_.try_emplace({i.pixels.data(), block, i.box.w, i.box.h}, now);
        std::string picture;
        if (first) {
            const ImagePixels image = image_pixels(i, block);
            picture = embedded(now.id, i.box, png_of_pixels(image.pixels, image.rows, image.cols), false);
        }
        if (first && apart_) defs_ += picture;
        if (!first || apart_) {
            const Placed& there = known->second;
            picture = fmt::format("<use href=\"#{0}\" xlink:href=\"#{0}\" x=\"{1}\" y=\"{2}\"/>\n", there.id,
                                  num(i.box.x - there.box.x), num(i.box.y - there.box.y));
        }
        body_ += i.opacity < 1 ? fmt::format("<g opacity=\"{}\">{}</g>\n", num(i.opacity), picture) : picture;
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
            heatmap(grid_picture(g, atlas, i / g.map_cols, i % g.map_cols), !apart_ && atlas.values.size() <= most_grid_cells);
    }

    void operator()(const ColorBarItem& bar) {
        const auto [known, first] = bars_.try_emplace(bar.map, fmt::format("bar{}", bars_.size() + 1));
        const std::string& id = known->second;
        if (first) {
            defs_ += fmt::format("<linearGradient id=\"{}\">", id);
            for (int i = 0; i <= 32; ++i)
                defs_ += fmt::format("<stop offset=\"{}\" stop-color=\"{}\"/>", num(i / 32.0), hex(bar.map->at(i / 32.0)));
            defs_ += "</linearGradient>\n";
        }
        body_ += fmt::format("<rect {} fill=\"url(#{})\"/>\n", box_attributes(bar.box), id);
    }

    /// What was written since the last time.
    std::string take() { return std::exchange(body_, {}); }

    /// What all of it shares.
    std::string shared() const { return "<defs>\n<style>\n" + styles() + "</style>\n" + defs_ + "</defs>\n"; }

    std::string finish(const Figure& figure, Color ground, const std::string& metadata) const {
        std::string svg = fmt::format(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\" "
            "width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n",
            num(figure.width), num(figure.height));
        if (!figure.title.empty()) svg += "<title>" + xml_escaped(figure.title) + "</title>\n";
        svg += svg_metadata_of(metadata);
        if (ground.a > 0) svg += fmt::format("<rect width=\"100%\" height=\"100%\"{}/>\n", paint("fill", ground));
        return svg + shared() + body_ + "</svg>\n";
    }

 private:
    /// A plain <image>: SVG 2 calls its source href, what stays with SVG 1.1 (Qt, office programs) reads xlink:href alone.
    static std::string embedded(const std::string& id, const Box& box, const std::string& png, bool crisp) {
        const std::string data = "data:image/png;base64," + base64_encode(png);
        return fmt::format("<image {}{} preserveAspectRatio=\"none\"{} href=\"{}\" xlink:href=\"{}\"/>\n",
                           id.empty() ? "" : "id=\"" + id + "\" ", box_attributes(box),
                           crisp ? " style=\"image-rendering:pixelated\"" : "", data, data);
    }

    void heatmap(const HeatmapItem& h, bool cell_by_cell) {
        const HeatmapImage image = heatmap_image(h, most_image_side);
        cell_by_cell ? cells(h, image) : picture(h, image);
        hatched(image.masked, h.hatch);
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
        body_ += embedded({}, h.box, h.smooth ? png_of_pixels(image.pixels, image.rows, image.cols) : crisp_png(h, image),
                          !h.smooth);
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

    /// So many pixels a cell that a viewer which smooths pictures all the same smooths the edges of cells alone.
    static std::string crisp_png(const HeatmapItem& h, const HeatmapImage& image) {
        constexpr double scale = 4;  // pixels per logical px
        const auto times = [](double px, Index cells) {
            const double wanted = std::ceil(px * scale / static_cast<double>(cells));
            return std::clamp<Index>(static_cast<Index>(wanted), 1, std::max<Index>(1, most_image_side / cells));
        };
        const Index across = times(h.box.w, image.cols), down = times(h.box.h, image.rows), cols = image.cols * across;
        std::vector<Color> pixels;
        pixels.reserve(static_cast<std::size_t>(image.rows * down * cols));
        for (Index r = 0; r < image.rows * down; ++r)
            for (Index c = 0; c < cols; ++c)
                pixels.push_back(image.pixels[static_cast<std::size_t>(r / down * image.cols + c / across)]);
        return png_of_pixels(pixels, image.rows * down, cols);
    }

    /// Lines, cut to size here: not every viewer knows patterns or clipping.
    void hatched(const std::vector<Box>& boxes, Color color) {
        if (color.a == 0) return;
        std::string path;
        for (const Segment& s : hatch_lines(boxes))
            path += fmt::format("M{} {}L{} {}", num(s.from.x), num(s.from.y), num(s.to.x), num(s.to.y));
        if (!path.empty())
            body_ += fmt::format("<path d=\"{}\" fill=\"none\"{} stroke-width=\"1\"/>\n", path, paint("stroke", color));
    }

    /// "'Noto Sans','WenQuanYi Micro Hei',sans-serif".
    std::string families(Font font) const {
        std::vector<std::string> names = font_families(font, measure_.family());
        const std::string generic = names.back();
        names.pop_back();
        std::string list;
        for (const std::string& name : names) list += fmt::format("'{}',", xml_escaped(name));
        return list + generic;
    }

    /// What the texts use of their families is embedded under the same names, so that editors that ignore embedded fonts find
    /// the installed ones.
    std::string styles() const {
        std::string css;
        for (const EmbeddedFont& font : embedded_fonts(used_, measure_.family())) {
            if (font.data.empty()) continue;
            css += fmt::format("@font-face{{font-family:'{}';src:url(data:font/{};base64,{})}}\n", font.family,
                               font.opentype ? "otf" : "ttf", base64_encode(font.data));
        }
        return css;
    }

    const TextMeasure& measure_;
    bool apart_ = false;
    std::string defs_, body_;
    struct Placed {
        std::string id;
        Box box;
    };
    std::map<std::tuple<const float*, Index, double, double>, Placed> pictures_;  // by pixels, block and size
    std::map<const Colormap*, std::string> bars_;                                 // the ids of their gradients
    TextRuns runs_{measure_.family()};
    std::map<Font, std::set<char32_t>> used_;
};

SvgPieces::SvgPieces(const TextMeasure& measure) : writer_(std::make_unique<SvgWriter>(measure, true)) {}
SvgPieces::~SvgPieces() = default;

std::string SvgPieces::operator()(const FigureItem& item) {
    std::visit(*writer_, item);
    return writer_->take();
}

std::string SvgPieces::shared() const {
    return writer_->shared();
}

std::string svg_metadata_of(const std::string& metadata) {
    return metadata.empty() ? "" : metadata_open + xml_escaped(metadata) + metadata_close + "\n";
}

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
