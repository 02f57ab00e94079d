#pragma once

#include <optional>
#include <string>

#include "viz/figure_panels.hpp"

namespace saccade {

/// The tallest figure that is made so that every label has room: a page, px.
inline constexpr double tallest_fit = 240 * 96 / 25.4;

/// Makes `whole` as high as its panels (none: itself) need at its width and size of text: all labels of rows are written, maps
/// of heads are square, nothing stands in empty space. What would be taller than a page keeps two thirds of its width, and its
/// labels are thinned. Panels of one row are as high as the highest of them needs. Throws as View::layout does.
void fit_height(const Trace& trace, ViewState& whole, FigurePanels& panels, const TextMeasure& measure);

/// px by which a figure of one view is too low for all labels of its rows to be written at its size of text; 0 if they are.
double missing_height(const Trace& trace, const Figure& figure, const ViewState& state);

/// Labels of an axis that a figure does not write out, where it writes any: of the axis that lacks most.
struct MissingLabels {
    std::string axis;
    Index count = 0, of = 0;
    bool none = false;  // neither labels nor positions in their place
};
std::optional<MissingLabels> missing_labels(const Trace& trace, const Figure& figure, const ViewState& state);
/// An axis that has labels of which the figure writes none; many views write none by their nature. `counted`: nor does one
/// count whose positions are written instead.
std::optional<std::string> unlabelled_axis(const Trace& trace, const Figure& figure, const ViewState& state, bool counted);

}  // namespace saccade
