#pragma once

#include <string>

#include "viz/figure.hpp"
#include "viz/text_measure_pango.hpp"

typedef struct _cairo cairo_t;

namespace saccade {

/// Draws the figure's items in logical px under the context's present transformation. No ground.
void draw_on_cairo(cairo_t* cr, const Figure& figure, const PangoTextMeasure& text);

/// The figure as a PNG file on a ground, `scale` device px per logical px. Error{out_of_range} above 64 million px or 30000 on
/// a side.
std::string png_of(const Figure& figure, Color ground, double scale, const PangoTextMeasure& text);

/// The same as pixels [rows, cols, 3], sRGB from 0 to 1.
Tensor<float> pixels_of(const Figure& figure, Color ground, double scale, const PangoTextMeasure& text);

/// The figure as a PDF page of the same logical size (1 px is 0.75 pt). Text stays text, fonts are embedded as subsets.
/// `keywords` goes into the document information, which holds no date: the same figure gives the same bytes.
std::string pdf_of(const Figure& figure, Color ground, const std::string& title, const std::string& keywords,
                   const PangoTextMeasure& text);

/// RGBA pixels as a PNG file.
std::string png_of_pixels(const std::vector<Color>& pixels, Index rows, Index cols);

}  // namespace saccade
