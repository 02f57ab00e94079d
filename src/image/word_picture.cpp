#include "image/word_picture.hpp"

#include <cairo-ft.h>
#include <fmt/core.h>
#include <fontconfig/fontconfig.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>
#include <span>
#include <tuple>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "base/utf8.hpp"
#include "image/grey_noise.hpp"

namespace saccade {

namespace {

constexpr double line = 64;  // height of the line while it is laid out
constexpr std::size_t longest_word = 64;

struct FreePath {
    void operator()(cairo_path_t* p) const { cairo_path_destroy(p); }
};
struct FreeSurface {
    void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
};
struct FreeContext {
    void operator()(cairo_t* c) const { cairo_destroy(c); }
};
struct FreeFont {
    void operator()(cairo_scaled_font_t* f) const { cairo_scaled_font_destroy(f); }
};
struct FreeGlyphs {
    void operator()(cairo_glyph_t* g) const { cairo_glyph_free(g); }
};
struct FreePattern {
    void operator()(FcPattern* p) const { FcPatternDestroy(p); }
};
using FontPattern = std::unique_ptr<FcPattern, FreePattern>;
using ScaledFont = std::unique_ptr<cairo_scaled_font_t, FreeFont>;

/// A surface that holds shares of ink, and the context that draws on it.
struct Sheet {
    std::unique_ptr<cairo_surface_t, FreeSurface> surface;
    std::unique_ptr<cairo_t, FreeContext> context;

    Sheet(Index height, Index width)
        : surface(cairo_image_surface_create(CAIRO_FORMAT_A8, static_cast<int>(width), static_cast<int>(height))),
          context(cairo_create(surface.get())) {}
    /// Lays `grey` over the picture where there is ink.
    void over(Tensor<float>& picture, double grey) const {
        cairo_surface_flush(surface.get());
        const unsigned char* const ink = cairo_image_surface_get_data(surface.get());
        const int stride = cairo_image_surface_get_stride(surface.get());
        const Index height = picture.shape()[0], width = picture.shape()[1];
        for (Index y = 0; y < height; ++y)
            for (Index x = 0; x < width; ++x) {
                float& p = picture.data()[y * width + x];
                p += (static_cast<float>(grey) - p) * static_cast<float>(ink[y * stride + x]) / 255;
            }
    }
};

struct Point {
    double x, y;
};

/// The line of letters, straight.
struct Line {
    std::unique_ptr<cairo_path_t, FreePath> path;
    std::vector<LetterBox> boxes;  // in the line's own units
    double left = 0, top = 0, right = 0, bottom = 0;
};

ScaledFont opened_font(const WordLook& look) {
    const FontPattern asked(FcPatternCreate());
    FcPatternAddString(asked.get(), FC_FAMILY, reinterpret_cast<const FcChar8*>(look.family.c_str()));
    FcPatternAddInteger(asked.get(), FC_WEIGHT, FcWeightFromOpenType(look.weight));
    FcPatternAddInteger(asked.get(), FC_SLANT, look.italic ? FC_SLANT_ITALIC : FC_SLANT_ROMAN);
    FcPatternAddBool(asked.get(), FC_SCALABLE, FcTrue);
    FcConfigSubstitute(nullptr, asked.get(), FcMatchPattern);
    FcDefaultSubstitute(asked.get());
    FcResult result = FcResultMatch;
    const FontPattern found(FcFontMatch(nullptr, asked.get(), &result));
    if (found == nullptr) throw Error(ErrorCode::unsupported, "no font can be opened", "install some (Debian: fonts-dejavu)");
    cairo_font_face_t* const face = cairo_ft_font_face_create_for_pattern(found.get());
    cairo_font_options_t* const options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_matrix_t size, whole;
    cairo_matrix_init_scale(&size, line, line);
    cairo_matrix_init_identity(&whole);
    ScaledFont font(cairo_scaled_font_create(face, &size, &whole, options));
    cairo_font_options_destroy(options);
    cairo_font_face_destroy(face);
    if (cairo_scaled_font_status(font.get()) != CAIRO_STATUS_SUCCESS)
        throw Error(ErrorCode::unsupported, fmt::format("the font of '{}' cannot be opened", look.family), "choose another");
    return font;
}

/// The font that a look asks for, opened once: fontconfig goes through every font of the machine to find one, which for a
/// single word takes longer than all the rest (and Pango does so for each of its fallbacks). Callers hold the lock of
/// straight_line().
cairo_scaled_font_t* font_of(const WordLook& look) {
    static std::map<std::tuple<std::string, int, bool>, ScaledFont> opened;
    ScaledFont& font = opened[{look.family, look.weight, look.italic}];
    if (font == nullptr) font = opened_font(look);
    return font.get();
}

Line straight_line(const std::string& word, const WordLook& look) {
    // Cairo hands every thread the same glyphs of a font, and drops those of one thread while another still reads them.
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    cairo_scaled_font_t* const font = font_of(look);
    cairo_glyph_t* made = nullptr;
    int count = 0;
    if (cairo_scaled_font_text_to_glyphs(font, 0, 0, word.data(), static_cast<int>(word.size()), &made, &count, nullptr,
                                         nullptr, nullptr) != CAIRO_STATUS_SUCCESS)
        throw Error(ErrorCode::invalid_input, "this word cannot be drawn", "it must be UTF-8");
    const std::unique_ptr<cairo_glyph_t, FreeGlyphs> glyphs(made);
    const std::span<cairo_glyph_t> all(made, static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < all.size(); ++i) all[i].x += look.spacing * line * static_cast<double>(i);
    const Sheet scratch(1, 1);
    cairo_set_scaled_font(scratch.context.get(), font);
    cairo_glyph_path(scratch.context.get(), made, count);
    cairo_set_tolerance(scratch.context.get(), 0.4);
    Line result;
    result.path.reset(cairo_copy_path_flat(scratch.context.get()));
    cairo_path_extents(scratch.context.get(), &result.left, &result.top, &result.right, &result.bottom);
    for (cairo_glyph_t& glyph : all) {
        cairo_text_extents_t extents;
        cairo_scaled_font_glyph_extents(font, &glyph, 1, &extents);
        // Where the pen was and where it went, and no less than the ink.
        const double ink = glyph.x + extents.x_bearing;
        result.boxes.push_back(
            {std::min(glyph.x, ink), result.top, std::max(glyph.x + extents.x_advance, ink + extents.width), result.bottom});
    }
    return result;
}

/// From the straight line to where its places come to lie: sheared, bent, turned, seen from the side.
class Course {
 public:
    Course(const Line& of, const WordLook& look)
        : look_(look),
          middle_{(of.left + of.right) / 2, (of.top + of.bottom) / 2},
          width_(std::max(of.right - of.left, 1.0)),
          height_(std::max(of.bottom - of.top, 1.0)) {}

    Point operator()(Point p) const {
        const Point at = turned(p);
        const double d = std::max(depth(at), least_depth / 5);
        return {at.x / d, at.y / d};
    }

    /// Is the place in front of who looks, and not next to the eye?
    bool in_front(Point p) const { return depth(turned(p)) > least_depth; }

    /// Does it lie flat? Not where the arc is tighter than the line is high.
    bool flat() const {
        const double radius =
            std::abs(look_.bend) > 1e-6 ? width_ / std::abs(look_.bend) : std::numeric_limits<double>::infinity();
        return radius > 0.6 * height_ && std::abs(look_.bend) < 2 * std::numbers::pi && std::abs(look_.far_x) < 1 &&
               std::abs(look_.far_y) < 1;
    }

 private:
    static constexpr double least_depth = 0.1;

    Point turned(Point p) const {
        double x = p.x - middle_.x, y = p.y - middle_.y;
        x -= look_.shear * y;
        if (std::abs(look_.bend) > 1e-6) {
            const double radius = width_ / look_.bend, angle = x / radius;
            const double r = radius - y;
            x = r * std::sin(angle);
            y = radius - r * std::cos(angle);
        }
        const double c = std::cos(look_.turn), s = std::sin(look_.turn);
        return {c * x - s * y, s * x + c * y};
    }

    /// Farther away is smaller: a projection, lines stay straight.
    double depth(Point p) const { return 1 + look_.far_x * p.x / width_ + look_.far_y * p.y / std::max(height_, 0.3 * width_); }

    WordLook look_;
    Point middle_;
    double width_, height_;
};

struct Bounds {
    double left = std::numeric_limits<double>::infinity(), top = left, right = -left, bottom = -left;
    void add(Point p) {
        left = std::min(left, p.x);
        right = std::max(right, p.x);
        top = std::min(top, p.y);
        bottom = std::max(bottom, p.y);
    }
    double width() const { return std::max(right - left, 1e-6); }
    double height() const { return std::max(bottom - top, 1e-6); }
};

/// Calls f(point) for each point of a flat path, and writes back what it returns.
template <class F>
void for_points(cairo_path_t& path, const F& f) {
    for (int i = 0; i < path.num_data; i += path.data[i].header.length)
        for (int k = 1; k < path.data[i].header.length; ++k) {
            const Point p = f(Point{path.data[i + k].point.x, path.data[i + k].point.y});
            path.data[i + k].point.x = p.x;
            path.data[i + k].point.y = p.y;
        }
}

/// From where the line came to lie to pixels of the picture.
struct Frame {
    double scale_x, scale_y, left, top;
    Point operator()(Point p) const { return {left + p.x * scale_x, top + p.y * scale_y}; }
};

Frame frame_of(const Bounds& b, const WordLook& look, Index height, Index width) {
    const double w = static_cast<double>(width), h = static_cast<double>(height);
    const double room_x = w * (1 - look.margins[0] - look.margins[1]), room_y = h * (1 - look.margins[2] - look.margins[3]);
    Frame f{};
    f.scale_y = room_y / b.height();
    f.scale_x = std::min(room_x / b.width(), look.widest * f.scale_y);
    f.left = w * look.margins[0] + (room_x - f.scale_x * b.width()) / 2 - b.left * f.scale_x;
    f.top = h * look.margins[2] - b.top * f.scale_y;
    return f;
}

/// Around the box's edges, which may have become curves.
LetterBox around(const LetterBox& box, const Course& course, const Frame& frame, double width, double height) {
    Bounds b;
    constexpr int steps = 4;
    for (int i = 0; i <= steps; ++i) {
        const double t = static_cast<double>(i) / steps, x = box.left + t * (box.right - box.left);
        const double y = box.top + t * (box.bottom - box.top);
        for (const Point p : {Point{x, box.top}, Point{x, box.bottom}, Point{box.left, y}, Point{box.right, y}})
            b.add(frame(course(p)));
    }
    return {b.left / width, b.top / height, b.right / width, b.bottom / height};
}

void draw_letters(Tensor<float>& picture, const cairo_path_t& path, const WordLook& look, const Frame& frame) {
    const Index height = picture.shape()[0], width = picture.shape()[1];
    const double unit = line * std::min(frame.scale_x, frame.scale_y);
    const auto fill = [&](double x, double y, double grey) {
        const Sheet sheet(height, width);
        cairo_translate(sheet.context.get(), x, y);
        cairo_append_path(sheet.context.get(), &path);
        cairo_fill(sheet.context.get());
        sheet.over(picture, grey);
    };
    if (look.shadow_x != 0 || look.shadow_y != 0) fill(look.shadow_x * unit, look.shadow_y * unit, look.shadow_grey);
    if (look.outline > 0) {
        const Sheet sheet(height, width);
        cairo_append_path(sheet.context.get(), &path);
        cairo_set_line_width(sheet.context.get(), 2 * look.outline * unit);
        cairo_set_line_join(sheet.context.get(), CAIRO_LINE_JOIN_ROUND);
        cairo_stroke(sheet.context.get());
        sheet.over(picture, look.outline_grey);
    }
    fill(0, 0, look.ink);
}

void draw_strokes(Tensor<float>& picture, const WordLook& look, Rng rng) {
    const Index height = picture.shape()[0], width = picture.shape()[1];
    const double w = static_cast<double>(width), h = static_cast<double>(height);
    for (int i = 0; i < look.strokes; ++i) {
        const Sheet sheet(height, width);
        cairo_t* const c = sheet.context.get();
        const double y0 = rng.uniform() * h, x0 = rng.uniform() * w;
        cairo_move_to(c, x0, y0);
        const double x1 = rng.uniform() * w, y1 = rng.uniform() * h, x2 = rng.uniform() * w, y2 = rng.uniform() * h;
        const double y3 = rng.uniform() * h, x3 = rng.uniform() * w;
        cairo_curve_to(c, x1, y1, x2, y2, x3, y3);
        cairo_set_line_width(c, 0.5 + 1.5 * rng.uniform());
        cairo_stroke(c);
        sheet.over(picture, look.paper + (look.ink - look.paper) * (0.2 + 0.6 * rng.uniform()));
    }
}

}  // namespace

WordPicture draw_word(const std::string& word, const WordLook& look, Index height, Index width) {
    const std::size_t letters = code_points(word).size();
    if (letters == 0 || letters > longest_word)
        throw Error(ErrorCode::invalid_input, fmt::format("a word of {} characters cannot be drawn", letters),
                    fmt::format("between 1 and {}", longest_word));
    if (!std::ranges::binary_search(word_families(), look.family))
        throw Error(ErrorCode::invalid_input,
                    fmt::format("there is no font family '{}' on this machine that has all of ASCII", look.family),
                    "`fc-list : family` lists those that are there");
    const Line straight = straight_line(word, look);
    const Course course(straight, look);
    bool flat = course.flat();
    if (flat)
        for_points(*straight.path, [&](Point p) {
            flat = flat && course.in_front(p);
            return p;
        });
    if (!flat)
        throw Error(ErrorCode::invalid_input, fmt::format("'{}' would be folded over itself", word),
                    "bend it less, or look at it less from the side");
    Bounds bounds;
    for_points(*straight.path, [&](Point p) {
        const Point q = course(p);
        bounds.add(q);
        return q;
    });
    if (!(bounds.right > bounds.left)) bounds = {.left = 0, .top = 0, .right = 1, .bottom = 1};  // blanks alone
    const Frame frame = frame_of(bounds, look, height, width);
    for_points(*straight.path, frame);

    WordPicture result;
    result.grey = Tensor<float>(Shape{height, width});
    const Rng rng(look.seed);
    paint_paper(result.grey, {.grey = look.paper, .slope = look.slope, .mottle = look.mottle}, look.seed);
    draw_letters(result.grey, *straight.path, look, frame);
    draw_strokes(result.grey, look, rng.fork("strokes"));
    for (const LetterBox& box : straight.boxes)
        result.boxes.push_back(around(box, course, frame, static_cast<double>(width), static_cast<double>(height)));
    for (const double y : {straight.top, straight.bottom})
        for (int i = 0; i < places_of_an_edge; ++i) {
            const double t = static_cast<double>(i) / (places_of_an_edge - 1);
            const Point p = frame(course({straight.left + t * (straight.right - straight.left), y}));
            result.edges.push_back({p.x / static_cast<double>(width), p.y / static_cast<double>(height)});
        }
    blur(result.grey, look.blur);
    add_grain(result.grey, look.grain, rng.fork("grain"));
    if (look.jpeg > 0) through_jpeg(result.grey, look.jpeg);
    return result;
}

const std::vector<std::string>& word_families() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names;
        FcPattern* const pattern = FcPatternCreate();
        FcPatternAddBool(pattern, FC_SCALABLE, FcTrue);
        FcCharSet* const ascii = FcCharSetCreate();
        for (FcChar32 c = 0x21; c < 0x7f; ++c) FcCharSetAddChar(ascii, c);
        FcPatternAddCharSet(pattern, FC_CHARSET, ascii);
        FcObjectSet* const wanted = FcObjectSetBuild(FC_FAMILY, FC_SYMBOL, nullptr);
        FcFontSet* const fonts = FcFontList(nullptr, pattern, wanted);
        for (int i = 0; fonts != nullptr && i < fonts->nfont; ++i) {
            FcChar8* name = nullptr;
            FcBool symbols = FcFalse;
            FcPatternGetBool(fonts->fonts[i], FC_SYMBOL, 0, &symbols);
            if (symbols || FcPatternGetString(fonts->fonts[i], FC_FAMILY, 0, &name) != FcResultMatch) continue;
            names.emplace_back(reinterpret_cast<const char*>(name));
        }
        if (fonts != nullptr) FcFontSetDestroy(fonts);
        FcObjectSetDestroy(wanted);
        FcCharSetDestroy(ascii);
        FcPatternDestroy(pattern);
        std::ranges::sort(names);
        names.erase(std::ranges::unique(names).begin(), names.end());
        return names;
    }();
    return all;
}

}  // namespace saccade
