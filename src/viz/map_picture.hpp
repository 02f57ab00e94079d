#pragma once

#include <optional>

#include "viz/layout.hpp"
#include "viz/slice.hpp"

namespace saccade {

// What views of spatial maps share: which tensors are maps and pictures, and how a map is coloured and laid over a picture.

/// [.., y, x] by the kinds of its last two axes.
bool is_map(const TraceTensor& tensor);
/// [y, x, color], of one or three colours.
bool is_picture(const TraceTensor& tensor);
/// The picture that the run was given, the first of role input; null if there is none.
const TraceTensor* picture_of(const Trace& trace);
/// Do the last two axes of both run along the same cells?
bool same_cells(const TraceTensor& a, const TraceTensor& b);

/// The largest box of that width over height within the room, in its middle, on whole px where it is large enough.
Box fit_box(const Box& room, double shape);
/// Width over height of the picture, or of the map's cells if there is none.
double shape_of(const TraceTensor* picture, const TraceTensor& map);

/// How the values of a map are coloured.
struct MapLook {
    const Colormap* map = nullptr;
    Normalization normalization;
    Color over{0, 0, 0, 0}, under{0, 0, 0, 0};  // shown at its ends if cells lie outside the limits
    std::optional<double> largest{};            // of the values: marked on the bar, if the limits are not made of it
};
/// Limits from all of the tensor, so that its channels can be compared: [0, 1] for gates and for a map that uses more than half
/// of it, else from 0 to the largest; symmetric where a value is negative. Those of `shown` alone where a map has its own
/// scale: maps of words and networks (roles map and weights), a scale per row, `own`. Over a picture the dark colours are taken
/// in every theme: what gets nothing lies in shadow.
MapLook map_look(const TraceTensor& tensor, const Tensor<float>& shown, bool over_picture, const ViewState& state,
                 bool own = false);
/// A map in its box, with the options' opacity, threshold and smoothness; opaque where no picture lies under it.
HeatmapItem map_item(const Sketch& sketch, const MapLook& look, const Tensor<float>& values, const Box& box, bool over_picture);

/// The cell in focus, outlined: selected over hovered. Over a picture the outline has an edge that sets it off from any colour.
void draw_cell_focus(Sketch& sketch, const AxisPtr& y, const AxisPtr& x, const Box& box, bool over_picture);
/// Cells of a map over a box: `ref` is the whole map, -1 on its last two axes.
HitRegion map_region(const CellRef& ref, const TraceTensor& tensor, const Box& box);

/// The non-default settings of how maps are drawn: "opacity 0.30 · smooth between cells". Empty if there are none.
std::string map_caption(const ViewState& state, bool over_picture);

/// The colour scale with its limits under it, and what it measures to its right as far as `right`.
void draw_color_bar(Sketch& sketch, const Box& bar, double right, const MapLook& look, const std::string& label);
/// Where the limits are 0 and 1 whatever the values are (`unit`), and some lie outside: gives these their colours.
void mark_beyond(HeatmapItem& item, bool unit, const Theme& theme, Reuse* memo);
/// "2 cells above 1, up to 5 · 1 cell below 0, down to −0.4"; empty if none is.
std::string beyond_text(const Beyond& found);
/// The largest finite value; none if there is no finite one.
std::optional<double> largest_of(const Tensor<float>& values, Reuse* memo);
/// The upper end of a scale: values above a percentile have its colour, "≥ 0.012".
std::string low_text(const Normalization& n);  // of a log scale "≤ 0.0001": what lies below is drawn alike
std::string high_text(const Normalization& n);
/// normalization_for the state's scale, once a tensor.
Normalization remembered_limits(const Tensor<float>& values, bool unit, bool is_signed, const ViewState& state);
/// Looked for once a tensor.
Extremes remembered_extremes(const Tensor<float>& values, Reuse* memo);
/// What the values are measured in: the unit, or else the symbol.
std::string measured_in(const TensorInfo& info);

}  // namespace saccade
