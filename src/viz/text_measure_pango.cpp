#include "viz/text_measure_pango.hpp"

#include <pango/pangocairo.h>

#include <array>
#include <cmath>

#include "base/typed_text.hpp"
#include "viz/fonts.hpp"

namespace saccade {

struct PangoTextMeasure::Faces {
    struct Unref {
        void operator()(void* object) const { g_object_unref(object); }
    };
    struct FreeDescription {
        void operator()(PangoFontDescription* d) const { pango_font_description_free(d); }
    };
    struct Face {
        std::unique_ptr<PangoFontDescription, FreeDescription> description;
        double ascent = 0, descent = 0;  // per px of the em
    };
    std::unique_ptr<PangoFontMap, Unref> map;
    std::unique_ptr<PangoContext, Unref> context;
    std::unique_ptr<PangoLayout, Unref> layout;
    std::array<Face, 2> faces;

    const Face& of(Font font) const { return faces[font == Font::mono ? 1 : 0]; }
};

PangoTextMeasure::PangoTextMeasure(const std::string& family) : faces_(std::make_unique<Faces>()), family_(family) {
    faces_->map.reset(pango_cairo_font_map_new());
    faces_->context.reset(pango_font_map_create_context(faces_->map.get()));
    pango_context_set_language(faces_->context.get(), pango_language_from_string("zh-cn"));  // Han glyphs in their Chinese form
    pango_context_set_round_glyph_positions(faces_->context.get(), FALSE);
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(faces_->context.get(), options);
    cairo_font_options_destroy(options);
    faces_->layout.reset(pango_layout_new(faces_->context.get()));
    pango_layout_set_single_paragraph_mode(faces_->layout.get(), TRUE);

    for (const Font font : {Font::ui, Font::mono}) {
        std::string families;
        for (const std::string& one : font_families(font, family_)) families += (families.empty() ? "" : ",") + one;
        Faces::Face& face = faces_->faces[font == Font::mono ? 1 : 0];
        face.description.reset(pango_font_description_new());
        pango_font_description_set_family(face.description.get(), families.c_str());
        pango_font_description_set_absolute_size(face.description.get(), 1000.0 * PANGO_SCALE);
        PangoFontMetrics* metrics =
            pango_context_get_metrics(faces_->context.get(), face.description.get(), pango_language_from_string("en"));
        face.ascent = pango_font_metrics_get_ascent(metrics) / (1000.0 * PANGO_SCALE);
        face.descent = pango_font_metrics_get_descent(metrics) / (1000.0 * PANGO_SCALE);
        pango_font_metrics_unref(metrics);
    }
}

PangoTextMeasure::~PangoTextMeasure() = default;

PangoLayout* PangoTextMeasure::layout(const std::string& text, double size, Font font) const {
    PangoFontDescription* description = faces_->of(font).description.get();
    pango_font_description_set_absolute_size(description, size * PANGO_SCALE);
    pango_layout_set_font_description(faces_->layout.get(), description);
    // A character that is none would stop a PDF at its last line.
    const std::string drawable = drawable_text(text);
    pango_layout_set_text(faces_->layout.get(), drawable.data(), static_cast<int>(drawable.size()));
    return faces_->layout.get();
}

double PangoTextMeasure::width(const std::string& text, double size, Font font) const {
    int w = 0;
    pango_layout_get_size(layout(text, size, font), &w, nullptr);
    return static_cast<double>(w) / PANGO_SCALE;
}

double PangoTextMeasure::ascent(double size, Font font) const {
    return faces_->of(font).ascent * size;
}
double PangoTextMeasure::descent(double size, Font font) const {
    return faces_->of(font).descent * size;
}

}  // namespace saccade
