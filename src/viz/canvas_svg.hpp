#pragma once

#include <string>

#include "viz/figure.hpp"

namespace saccade {

/// The figure as an SVG 1.1 document. Text stays text (selectable, searchable), in fonts of which the used glyphs are embedded.
/// A heatmap of up to 2,500 cells is rectangles that an editor can take apart, a larger one an image that stays crisp.
/// `metadata` (any text, e.g. JSON) stands in <metadata>. A transparent ground is left out.
std::string to_svg(const Figure& figure, Color ground, const TextMeasure& measure, const std::string& metadata = {});

/// What stands in <metadata> of such a document. Error{bad_format} if there is none.
std::string svg_metadata(const std::string& svg);

}  // namespace saccade
