#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "trace/trace.hpp"
#include "viz/colormap.hpp"
#include "viz/normalization.hpp"

namespace saccade {

// A figure is a display list: what a view laid out, in logical pixels (1/96 inch), y down. It knows no canvas: the same figure
// goes to the screen, to Cairo (PNG, PDF) and to SVG.

struct Point {
    double x = 0, y = 0;
};

struct Box {
    double x = 0, y = 0, w = 0, h = 0;
    bool contains(Point p) const { return p.x >= x && p.x < x + w && p.y >= y && p.y < y + h; }
    double right() const { return x + w; }
    double bottom() const { return y + h; }
};

enum class Font { ui, mono };
enum class HAlign { left, center, right };
enum class VAlign { top, middle, baseline, bottom };

struct RectItem {
    Box box;
    Color fill{0, 0, 0, 0};
    Color stroke{0, 0, 0, 0};
    double stroke_width = 1;  // the stroke lies inside the box
    double radius = 0;
    bool hatched = false;  // absent or masked: drawn with diagonal lines in `stroke`
};

struct LineItem {
    std::vector<Point> points;  // open polyline
    Color color;
    double width = 1;
};

/// Cubic Bezier whose width is data (flow views).
struct CurveItem {
    Point from, control1, control2, to;
    Color color;
    double width = 1;
};

struct TextItem {
    Point at;
    std::string text;
    double size = 13;  // px of the em
    Color color;
    Font font = Font::ui;
    HAlign halign = HAlign::left;
    VAlign valign = VAlign::baseline;
    double angle = 0;  // degrees, clockwise, about `at`
};

struct CircleItem {
    Point center;
    double radius = 3;
    Color fill;
};

/// A picture: pixels [rows, cols, 3], or [rows, cols, 1] for grey, sRGB from 0 to 1, rows from the top. Shared with the trace.
/// Drawn bilinearly where it is enlarged; where it is reduced, pixels are averaged first (viz/image_pixels.hpp).
struct ImageItem {
    Box box;
    Tensor<float> pixels;
    double opacity = 1;
};

/// A matrix as one picture: [rows, cols], one texture on screen, one image in Cairo, one <image> in SVG (crisp: nearest
/// neighbour, unless it is to be smooth).
struct HeatmapItem {
    Box box;
    Tensor<float> values;
    const Colormap* map = nullptr;
    Normalization normalization;
    double gap = 0;  // px between cells, at their right and lower edges, in gap_color; 0 if cells are small
    Color gap_color;
    Color hatch;  // masked cells
    Color masked_ground;
    Color over{0, 0, 0, 0}, under{0, 0, 0, 0};  // values outside the limits; transparent: as the limit itself
    double opacity = 1;                         // of the cells, the gaps and masked_ground
    bool smooth = false;   // bilinear between the centres of cells, masked ones left out; not where cells are below a pixel
    double threshold = 0;  // of the colour scale, 0 to 1: what lies below is not painted (diverging: nearer to the middle)

    /// Opacity falls to 0 with the value: where there is nothing, what lies below is seen as it is. As the root of the value's
    /// share of the scale, so that little is still seen.
    bool fades = false;

    /// Is there anything under it to be seen?
    bool translucent() const { return fades || opacity < 1 || threshold > 0 || masked_ground.a < 255; }
};

/// Many matrices of one tensor as small pictures in a grid: one texture on screen, however many and however large they are
/// (viz/heatmap_grid.hpp).
struct HeatmapGridItem {
    enum class Sink { keep, first, most };

    Tensor<float> values;  // [maps, rows, cols], shared with the trace
    Index map_rows = 1, map_cols = 1;
    std::vector<Index> order;  // for each place, row-major, which map stands there; empty: as they come; -1, at the end: none
    std::vector<Index> kept_rows, kept_cols;  // of each map; empty: all
    Box box;
    double gap = 0;  // px between pictures, down and across
    const Colormap* map = nullptr;
    Normalization normalization;  // per_row: each row divided by its largest magnitude
    bool largest = true;          // of the cells that share a texel the largest is shown, else their mean
    Sink sink = Sink::keep;       // a key that is left out of each map, the rows renormalised
    Color hatch;                  // masked cells
    Color masked_ground;
    Color over{0, 0, 0, 0}, under{0, 0, 0, 0};  // as of a heatmap
};

/// The colour scale itself, left (low) to right (high).
struct ColorBarItem {
    Box box;
    const Colormap* map = nullptr;
};

using FigureItem =
    std::variant<RectItem, LineItem, CurveItem, TextItem, CircleItem, ImageItem, HeatmapItem, HeatmapGridItem, ColorBarItem>;

/// Where a point of the figure leads: a cell of a tensor, or a whole row/column (-1) for labels and bars.
struct HitRegion {
    Box box;
    CellRef ref;               // for grids: the fixed part; row_axis/col_axis are filled in from the position
    Index rows = 1, cols = 1;  // grid of equal cells over the box
    int row_axis = -1, col_axis = -1;
    bool editable = false;  // dragging a cell changes it (weights)
    // Where the grid leaves positions out, or has them in another order: the position in the tensor of each row and column.
    std::vector<Index> row_map{}, col_map{};  // empty: the same
    double px_per_unit = 0;  // dragging up by this many px adds 1 to the value, so that a bar follows the pointer; 0: no bar
};

struct Hit {
    CellRef ref;
    Box cell;  // its box in the figure
    bool editable = false;
    double px_per_unit = 0;  // as of the region
};

/// A picture of the run as it stands in a figure, so that what it shows can be taken hold of.
struct ImagePlace {
    Box box;      // the whole picture
    CellRef map;  // what is laid over it: -1 on its y and x axes; empty: nothing
};

/// A place in a picture that a hand can move: the two cells take where it is put.
struct PlaceHandle {
    Box grip;     // where it is taken hold of
    Box picture;  // what it moves in
    CellRef x, y;
    double near = -1, far = 1;                   // the cells' values at the two edges, across and down
    std::string tip = "drag to look elsewhere";  // for a tooltip
};

/// What is shown of an axis in a figure, so that another part of it can be.
struct PartAxis {
    /// Which way it runs: across, down, or through pictures that stand in lines, as words do.
    enum class Runs { across, down, through };

    AxisPtr axis;  // of the tensor
    Runs runs = Runs::across;
    Index begin = 0, end = 0, whole = 0;  // what is shown, of all that can be
    std::vector<Index> positions{};       // on the axis, of those `whole`; empty: the same

    bool is_cut() const { return begin > 0 || end < whole; }
};

/// Something of which another part can be shown, as it stands in a figure.
struct PartPlace {
    Box map;    // the cells
    Box whole;  // a small picture of all of it; w 0: there is none
    std::vector<PartAxis> axes;
    std::vector<AxisPtr> others{};   // of the tensor: heads and layers, which may be parts, too
    Index tiles_x = 1, tiles_y = 1;  // so many maps of the same axes, or pictures in lines, stand in `map`

    bool is_cut() const;
    /// The part of a longer axis is what the run reads (Axis::part); else the view leaves positions out.
    bool is_of_run() const;
};

struct Figure {
    double width = 0, height = 0;
    // Also set when ViewState::decorations is off: then the card that holds the figure writes them.
    std::string title;     // "Attention weights"
    std::string subtitle;  // "query: output · key: source"
    std::vector<FigureItem> items;
    std::vector<HitRegion> regions;  // later ones lie above
    std::optional<Box> image_box;    // of the first of image_places
    std::vector<ImagePlace> image_places;
    std::vector<PlaceHandle> handles;   // later ones lie above
    std::vector<PartPlace> parts;       // later ones lie above
    std::vector<std::string> left_out;  // texts that had no room

    std::optional<Hit> hit(Point p) const;
};

/// Text metrics of the canvas that will draw the figure, so that layout never guesses.
class TextMeasure {
 public:
    virtual ~TextMeasure() = default;
    virtual double width(const std::string& text, double size, Font font) const = 0;
    virtual double ascent(double size, Font font) const = 0;
    virtual double descent(double size, Font font) const = 0;
    /// Of its texts, if it is not the program's own (viz/fonts.hpp).
    virtual std::string family() const { return {}; }
};

/// Where the baseline of the text starts, relative to `at` and before the rotation about it. Every canvas places text by this,
/// so that all agree to the pixel.
Point text_start(const TextItem& item, const TextMeasure& measure);

}  // namespace saccade
