#include "viz/canvas_cairo.hpp"

#include <cairo-pdf.h>
#include <cairo.h>
#include <fmt/format.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numbers>

#include "base/typed_text.hpp"
#include "viz/hatching.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/image_pixels.hpp"

namespace saccade {

namespace {

struct DestroySurface {
    void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
};
struct DestroyContext {
    void operator()(cairo_t* c) const { cairo_destroy(c); }
};
struct DestroyPattern {
    void operator()(cairo_pattern_t* p) const { cairo_pattern_destroy(p); }
};
using Surface = std::unique_ptr<cairo_surface_t, DestroySurface>;
using Context = std::unique_ptr<cairo_t, DestroyContext>;
using Gradient = std::unique_ptr<cairo_pattern_t, DestroyPattern>;

constexpr double most_side = 30000, most_pixels = 64e6;
constexpr double least_grid_scale = 2;   // px of a small picture: files are looked at closely
constexpr double least_image_scale = 4;  // px of a picture in a file that can be enlarged

void require(cairo_status_t status) {
    if (status != CAIRO_STATUS_SUCCESS)
        throw Error(status == CAIRO_STATUS_NO_MEMORY ? ErrorCode::out_of_range : ErrorCode::io,
                    std::string("the picture could not be drawn: ") + cairo_status_to_string(status),
                    status == CAIRO_STATUS_NO_MEMORY || status == CAIRO_STATUS_INVALID_SIZE ? "make it smaller"
                                                                                            : "choose another format");
}

cairo_status_t append(void* closure, const unsigned char* data, unsigned int length) {
    try {
        static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
    } catch (const std::bad_alloc&) {
        return CAIRO_STATUS_NO_MEMORY;
    }
    return CAIRO_STATUS_SUCCESS;
}

void set_color(cairo_t* cr, Color c) {
    cairo_set_source_rgba(cr, c.r / 255.0, c.g / 255.0, c.b / 255.0, c.a / 255.0);
}

void rounded_path(cairo_t* cr, const Box& b, double radius) {
    const double r = std::min(radius, std::min(b.w, b.h) / 2), quarter = std::numbers::pi / 2;
    if (r <= 0) return cairo_rectangle(cr, b.x, b.y, b.w, b.h);
    cairo_new_sub_path(cr);
    cairo_arc(cr, b.right() - r, b.y + r, r, -quarter, 0);
    cairo_arc(cr, b.right() - r, b.bottom() - r, r, 0, quarter);
    cairo_arc(cr, b.x + r, b.bottom() - r, r, quarter, 2 * quarter);
    cairo_arc(cr, b.x + r, b.y + r, r, 2 * quarter, 3 * quarter);
    cairo_close_path(cr);
}

/// Diagonal lines over the present clip, one pattern across all that is hatched in the figure.
void hatch_clip(cairo_t* cr, Color color) {
    constexpr double spacing = hatch_spacing;
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    cairo_clip_extents(cr, &x0, &y0, &x1, &y1);
    set_color(cr, color);
    cairo_set_line_width(cr, 1);
    for (double d = std::floor((x0 + y0) / spacing) * spacing; d < x1 + y1 + spacing; d += spacing) {
        cairo_move_to(cr, d - y0, y0);
        cairo_line_to(cr, d - y1, y1);
    }
    cairo_stroke(cr);
}

Surface image_surface(const std::vector<Color>& pixels, Index rows, Index cols) {
    Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, static_cast<int>(cols), static_cast<int>(rows)));
    require(cairo_surface_status(surface.get()));
    cairo_surface_flush(surface.get());
    unsigned char* data = cairo_image_surface_get_data(surface.get());
    const int stride = cairo_image_surface_get_stride(surface.get());
    for (Index r = 0; r < rows; ++r) {
        auto* row = reinterpret_cast<std::uint32_t*>(data + r * stride);
        for (Index c = 0; c < cols; ++c) {
            const Color p = pixels[static_cast<std::size_t>(r * cols + c)];
            const auto premultiplied = [&p](std::uint8_t v) { return static_cast<std::uint32_t>(v * p.a + 127) / 255; };
            row[c] =
                static_cast<std::uint32_t>(p.a) << 24 | premultiplied(p.r) << 16 | premultiplied(p.g) << 8 | premultiplied(p.b);
        }
    }
    cairo_surface_mark_dirty(surface.get());
    return surface;
}

class CairoPen {
 public:
    CairoPen(cairo_t* cr, const PangoTextMeasure& text) : cr_(cr), text_(text) {}

    void operator()(const RectItem& item) const {
        if (item.fill.a > 0) {
            rounded_path(cr_, item.box, item.radius);
            set_color(cr_, item.fill);
            cairo_fill(cr_);
        }
        if (item.hatched) {
            cairo_save(cr_);
            rounded_path(cr_, item.box, item.radius);
            cairo_clip(cr_);
            hatch_clip(cr_, item.stroke);
            cairo_restore(cr_);
        } else if (item.stroke.a > 0 && item.stroke_width > 0) {
            const double half = item.stroke_width / 2;
            rounded_path(cr_,
                         {item.box.x + half, item.box.y + half, std::max(0.0, item.box.w - 2 * half),
                          std::max(0.0, item.box.h - 2 * half)},
                         item.radius);
            set_color(cr_, item.stroke);
            cairo_set_line_width(cr_, item.stroke_width);
            cairo_stroke(cr_);
        }
    }

    void operator()(const LineItem& item) const {
        for (const Point p : item.points) cairo_line_to(cr_, p.x, p.y);
        set_color(cr_, item.color);
        cairo_set_line_width(cr_, item.width);
        cairo_set_line_join(cr_, CAIRO_LINE_JOIN_ROUND);
        cairo_stroke(cr_);
    }

    void operator()(const CurveItem& item) const {
        cairo_move_to(cr_, item.from.x, item.from.y);
        cairo_curve_to(cr_, item.control1.x, item.control1.y, item.control2.x, item.control2.y, item.to.x, item.to.y);
        set_color(cr_, item.color);
        cairo_set_line_width(cr_, item.width);
        cairo_stroke(cr_);
    }

    void operator()(const TextItem& item) const {
        const Point start = text_start(item, text_);
        cairo_save(cr_);
        cairo_translate(cr_, item.at.x, item.at.y);
        cairo_rotate(cr_, item.angle * std::numbers::pi / 180);
        PangoLayout* layout = text_.layout(item.text, item.size, item.font);
        pango_cairo_update_layout(cr_, layout);
        cairo_move_to(cr_, start.x, start.y - static_cast<double>(pango_layout_get_baseline(layout)) / PANGO_SCALE);
        set_color(cr_, item.color);
        pango_cairo_show_layout(cr_, layout);
        cairo_restore(cr_);
        cairo_new_path(cr_);
    }

    void operator()(const CircleItem& item) const {
        cairo_new_sub_path(cr_);
        cairo_arc(cr_, item.center.x, item.center.y, item.radius, 0, 2 * std::numbers::pi);
        set_color(cr_, item.fill);
        cairo_fill(cr_);
    }

    void operator()(const ImageItem& item) const {
        if (item.pixels.empty()) return;
        const double scale = pixel_scale(least_image_scale);
        const ImagePixels image = image_pixels(item, image_block(item, item.box.w * scale, item.box.h * scale));
        const Surface surface = image_surface(image.pixels, image.rows, image.cols);
        const auto block = static_cast<double>(image.block);
        cairo_save(cr_);
        cairo_rectangle(cr_, item.box.x, item.box.y, item.box.w, item.box.h);
        cairo_clip(cr_);
        cairo_translate(cr_, item.box.x, item.box.y);
        // The last block may stand for fewer pixels than the others.
        cairo_scale(cr_, item.box.w * block / static_cast<double>(item.pixels.shape()[1]),
                    item.box.h * block / static_cast<double>(item.pixels.shape()[0]));
        cairo_set_source_surface(cr_, surface.get(), 0, 0);
        cairo_pattern_set_filter(cairo_get_source(cr_), CAIRO_FILTER_BILINEAR);
        if (is_raster()) cairo_pattern_set_extend(cairo_get_source(cr_), CAIRO_EXTEND_PAD);
        cairo_paint_with_alpha(cr_, item.opacity);
        cairo_restore(cr_);
    }

    void operator()(const HeatmapItem& item) const {
        if (item.values.empty()) return;
        const HeatmapImage image = heatmap_image(item, most_image_side, pixel_scale(least_grid_scale));
        if (is_small(item) && item.gap > 0)
            draw_cells(item, image);
        else
            draw_image(item, image);
        if (image.masked.empty() || item.hatch.a == 0) return;
        cairo_save(cr_);
        for (const Box& b : image.masked) cairo_rectangle(cr_, b.x, b.y, b.w, b.h);
        cairo_clip(cr_);
        hatch_clip(cr_, item.hatch);
        cairo_restore(cr_);
    }

    void operator()(const HeatmapGridItem& item) const {
        if (item.values.empty()) return;
        const Box first = grid_place(item, 0, 0);
        const double scale = std::max(device_scale(), least_grid_scale);
        const GridBlock block = grid_block(item, first.w * scale, first.h * scale, most_image_side);
        const GridAtlas atlas = grid_atlas(item, block);
        for (Index i = 0; i < grid_places(item); ++i)
            operator()(grid_picture(item, atlas, i / item.map_cols, i % item.map_cols));
    }

    void operator()(const ColorBarItem& item) const {
        const Gradient gradient(cairo_pattern_create_linear(item.box.x, 0, item.box.right(), 0));
        constexpr int stops = 64;
        for (int i = 0; i <= stops; ++i) {
            const double t = static_cast<double>(i) / stops;
            const Color c = item.map->at(t);
            cairo_pattern_add_color_stop_rgb(gradient.get(), t, c.r / 255.0, c.g / 255.0, c.b / 255.0);
        }
        cairo_rectangle(cr_, item.box.x, item.box.y, item.box.w, item.box.h);
        cairo_set_source(cr_, gradient.get());
        cairo_fill(cr_);
    }

 private:
    /// Device px per logical px.
    double device_scale() const {
        double dx = 1, dy = 0;
        cairo_user_to_device_distance(cr_, &dx, &dy);
        return std::hypot(dx, dy);
    }

    bool is_raster() const { return cairo_surface_get_type(cairo_get_target(cr_)) == CAIRO_SURFACE_TYPE_IMAGE; }
    /// Pixels a logical px that a picture is given: those of the device, but at least this many where it can be enlarged.
    double pixel_scale(double least) const { return is_raster() ? device_scale() : std::max(device_scale(), least); }

    void draw_cells(const HeatmapItem& item, const HeatmapImage& image) const {
        const double w = item.box.w / static_cast<double>(image.cols), h = item.box.h / static_cast<double>(image.rows);
        for (Index r = 0; r < image.rows; ++r)
            for (Index c = 0; c < image.cols; ++c) {
                set_color(cr_, image.pixels[static_cast<std::size_t>(r * image.cols + c)]);
                cairo_rectangle(cr_, item.box.x + static_cast<double>(c) * w, item.box.y + static_cast<double>(r) * h,
                                w - item.gap, h - item.gap);
                cairo_fill(cr_);
            }
    }

    /// One image, however many cells; the gaps are lines over it.
    void draw_image(const HeatmapItem& item, const HeatmapImage& image) const {
        const Surface surface = image_surface(image.pixels, image.rows, image.cols);
        const double w = item.box.w / static_cast<double>(image.cols), h = item.box.h / static_cast<double>(image.rows);
        cairo_save(cr_);
        cairo_translate(cr_, item.box.x, item.box.y);
        cairo_rectangle(cr_, 0, 0, item.box.w, item.box.h);
        cairo_clip(cr_);
        cairo_scale(cr_, w, h);
        cairo_set_source_surface(cr_, surface.get(), 0, 0);
        // Larger cells keep their edges; smaller than a pixel they are averaged.
        double dx = 1, dy = 1;
        cairo_user_to_device_distance(cr_, &dx, &dy);
        const bool shrunk = std::abs(dx) < 1 || std::abs(dy) < 1;
        cairo_pattern_set_filter(cairo_get_source(cr_), shrunk ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
        cairo_paint(cr_);
        cairo_restore(cr_);
        if (item.gap <= 0 || item.smooth) return;
        set_color(cr_, with_alpha(item.gap_color, item.gap_color.a / 255.0 * item.opacity));
        for (Index c = 1; c <= image.cols; ++c)
            cairo_rectangle(cr_, item.box.x + static_cast<double>(c) * w - item.gap, item.box.y, item.gap, item.box.h);
        for (Index r = 1; r <= image.rows; ++r)
            cairo_rectangle(cr_, item.box.x, item.box.y + static_cast<double>(r) * h - item.gap, item.box.w, item.gap);
        cairo_fill(cr_);
    }

    cairo_t* cr_;
    const PangoTextMeasure& text_;
};

void paint(cairo_t* cr, const Figure& figure, Color ground, double scale, const PangoTextMeasure& text) {
    cairo_scale(cr, scale, scale);
    set_color(cr, ground);
    cairo_paint(cr);
    draw_on_cairo(cr, figure, text);
    require(cairo_status(cr));
}

}  // namespace

void draw_on_cairo(cairo_t* cr, const Figure& figure, const PangoTextMeasure& text) {
    const CairoPen pen(cr, text);
    for (const FigureItem& item : figure.items) std::visit(pen, item);
}

namespace {

Surface painted(const Figure& figure, Color ground, double scale, const PangoTextMeasure& text) {
    const double w = std::ceil(figure.width * scale - 1e-6), h = std::ceil(figure.height * scale - 1e-6);
    if (!(w >= 1 && h >= 1) || w > most_side || h > most_side || w * h > most_pixels)
        throw Error(ErrorCode::out_of_range, fmt::format("a picture of {:.0f} x {:.0f} px cannot be made", w, h),
                    "at most 30000 px on a side and 64 million in all: choose another dpi or size, or write SVG or PDF");
    Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(w), static_cast<int>(h)));
    require(cairo_surface_status(surface.get()));
    const Context cr(cairo_create(surface.get()));
    paint(cr.get(), figure, ground, scale, text);
    return surface;
}

}  // namespace

Tensor<float> pixels_of(const Figure& figure, Color ground, double scale, const PangoTextMeasure& text) {
    const Surface surface = painted(figure, ground, scale, text);
    cairo_surface_flush(surface.get());
    const Index rows = cairo_image_surface_get_height(surface.get()), cols = cairo_image_surface_get_width(surface.get());
    Tensor<float> pixels(Shape{rows, cols, 3});
    for (Index r = 0; r < rows; ++r) {
        const unsigned char* row =
            cairo_image_surface_get_data(surface.get()) + r * cairo_image_surface_get_stride(surface.get());
        for (Index c = 0; c < cols; ++c) {
            std::uint32_t pixel = 0;
            std::memcpy(&pixel, row + 4 * c, sizeof pixel);
            for (int channel = 0; channel < 3; ++channel)
                pixels.data()[(r * cols + c) * 3 + channel] = static_cast<float>((pixel >> (16 - 8 * channel)) & 0xff) / 255.0f;
        }
    }
    return pixels;
}

std::string png_of(const Figure& figure, Color ground, double scale, const PangoTextMeasure& text) {
    const Surface surface = painted(figure, ground, scale, text);
    std::string file;
    require(cairo_surface_write_to_png_stream(surface.get(), append, &file));
    return file;
}

std::string pdf_of(const Figure& figure, Color ground, const std::string& title, const std::string& keywords,
                   const PangoTextMeasure& text) {
    constexpr double points = 0.75;
    std::string file;
    {
        const Surface surface(
            cairo_pdf_surface_create_for_stream(append, &file, figure.width * points, figure.height * points));
        require(cairo_surface_status(surface.get()));
        cairo_pdf_surface_restrict_to_version(surface.get(),
                                              CAIRO_PDF_VERSION_1_4);  // keeps the information where read_origin can see it
        cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_TITLE, drawable_text(title).c_str());
        cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATOR, "Saccade");
        cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_KEYWORDS, keywords.c_str());
        cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, "");
        const Context cr(cairo_create(surface.get()));
        paint(cr.get(), figure, ground, points, text);
        cairo_show_page(cr.get());
        cairo_surface_finish(surface.get());
        require(cairo_surface_status(surface.get()));
    }
    return file;
}

std::string png_of_pixels(const std::vector<Color>& pixels, Index rows, Index cols) {
    const Surface surface = image_surface(pixels, rows, cols);
    std::string file;
    require(cairo_surface_write_to_png_stream(surface.get(), append, &file));
    return file;
}

}  // namespace saccade
