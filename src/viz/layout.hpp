#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/number_text.hpp"
#include "viz/view.hpp"

namespace saccade {

// What all views lay out with: one pen, one way to write labels, numbers and ticks.

/// A label as it is drawn: blanks visible ("␣"), line ends and control characters as signs, never empty.
std::string drawn_label(const Axis& axis, Index i);
/// The axis as people call it: keys that are the queries' own tokens ("source.key") after their tokens.
std::string short_name(const Axis& axis);
/// "query: output"; the name alone of features and classes, and where the kind says the same.
std::string axis_caption(const Axis& axis);
/// "101–612 of 16384": what is shown of a longer axis, from 1.
std::string part_text(const Axis& axis);
std::string part_text(const PartAxis& axis);
/// "head 5", "output 3", "channel 18": positions are counted from 1 in all that people read.
std::string position_text(const Axis& axis, Index i);
/// Cut at grapheme boundaries so that it fits, with an ellipsis; empty if not even that fits.
std::string cut_to_fit(const std::string& text, double width, double size, Font font, const TextMeasure& measure);

/// Round steps (1, 2, 5 times a power of ten) that cover [low, high], about `wanted` of them.
struct Ticks {
    double low = 0, high = 1;  // rounded outwards
    std::vector<double> values;
};
Ticks nice_ticks(double low, double high, int wanted);
/// Smallest of 1, 2, 5, 10, 20, ... that is at least n.
Index nice_stride(double n);

/// px: a lower figure has no title.
double least_titled_height(const ViewState& state);

/// The pen: theme, scale and metrics of one layout, and the figure that grows.
class Sketch {
 public:
    /// Error{usage} if the state's size or scale is out of range, or the theme is unknown.
    Sketch(const ViewState& state, const TextMeasure& measure);

    /// Writes title and subtitle if the state wants them and returns the box left for the content, margins taken off.
    Box begin(const std::string& title, const std::string& subtitle);
    /// Writes what is said about the values under the content, which gives up the room; lines break as in lines_of. On low
    /// cards it goes on after the subtitle; in a figure it is left out where there is hardly room for the content itself.
    void caption(const std::string& english, Box& content);
    /// What is said, in lines of that width broken at " · ", and at blanks where what stands between is too long for a line.
    std::vector<std::string> lines_of(const std::string& said, double width, double size) const;
    /// The figure. Texts that its edge would cut or that would lie on others, as happens at very small sizes, are left out: of
    /// two the later, but what is in focus stays.
    Figure take();
    /// A text, or what it is part of, for which a view finds no room.
    void leave_out(const std::string& text) { figure_.left_out.push_back(text); }

    /// Is the colour bar wanted?
    bool barred() const { return state_.options.colour_bar == ViewOptions::Part::on; }
    const ViewState& state() const { return state_; }
    const Theme& theme() const { return theme_; }
    const TextMeasure& measure() const { return state_.text_size > 0 ? static_cast<const TextMeasure&>(one_size_) : measure_; }
    double px(double logical) const { return logical * state_.text_scale; }
    /// The size that a text of this one is written in: the one that was asked for of all of them, if any was.
    double em(double size) const { return state_.text_size > 0 ? state_.text_size : size; }
    double text_width(const std::string& text, double size, Font font = Font::ui) const {
        return measure().width(text, size, font);
    }

    void text(Point at, std::string text, double size, Color color, HAlign halign = HAlign::left,
              VAlign valign = VAlign::baseline, Font font = Font::ui, double angle = 0);
    void rect(const Box& box, Color fill, double radius = 0);
    void outline(const Box& box, Color stroke, double width, double radius = 0);
    /// An outline on cells of any colour: the stroke between lines of the theme's panel, and one of its text around them. Of
    /// these two every colour has a contrast of 3 to one at least, and the stroke has it to the panel. Small cells are not
    /// covered: it stands around them.
    void ring(const Box& box, Color stroke, double width);
    /// The same on pictures, whose colours are not the theme's: between these two.
    void ring(const Box& box, Color stroke, double width, Color inner, Color outer);
    void hatch(const Box& box);
    void line(Point a, Point b, Color color, double width = 1);
    template <class Item>
    void add(Item item) {
        figure_.items.emplace_back(std::in_place_type<Item>, std::move(item));
    }
    void region(HitRegion region) { figure_.regions.push_back(std::move(region)); }
    void place_image(ImagePlace place);
    void place_handle(PlaceHandle handle) { figure_.handles.push_back(std::move(handle)); }
    void place_part(PartPlace place) { figure_.parts.push_back(std::move(place)); }

    /// Selection, hover, or `otherwise`, for whatever stands at position i of the axis.
    Color focus_color(const AxisPtr& axis, Index i, Color otherwise) const;
    /// A mark on a cell that a hand changed: a small dot, which is seen on that ground.
    void hand_dot(Point at, Color ground);
    bool selected(const AxisPtr& axis, Index i) const { return axis && selected_focus().on(axis) == i; }
    bool hovered(const AxisPtr& axis, Index i) const { return axis && hovered_focus().on(axis) == i; }
    /// What is to be lit: nothing, where marks are not drawn.
    const Focus& selected_focus() const { return state_.marks ? state_.selected : nothing_; }
    const Focus& hovered_focus() const { return state_.marks ? state_.hovered : nothing_; }
    /// A signed bar at position i of the axis.
    Color bar_color(const AxisPtr& axis, Index i, double value) const;
    /// The colour of something under the pointer.
    Color hover_color() const;

 private:
    const ViewState& state_;
    const TextMeasure& measure_;
    /// All texts at the one size that was asked for, whatever a view would take.
    class OneSize : public TextMeasure {
     public:
        OneSize(const TextMeasure& of, double size) : of_(of), size_(size) {}
        double width(const std::string& text, double, Font font) const override { return of_.width(text, size_, font); }
        double ascent(double, Font font) const override { return of_.ascent(size_, font); }
        double descent(double, Font font) const override { return of_.descent(size_, font); }

     private:
        const TextMeasure& of_;
        double size_;
    };
    OneSize one_size_;
    Focus nothing_;
    const Theme& theme_;
    Figure figure_;
};

/// Labels along an axis at a fixed pitch: their size, which of them are written, and how much room they take.
struct AxisLabels {
    double size = 13;      // px of the em
    Index stride = 1;      // every stride-th is written, and those in focus
    double extent = 0;     // room across the axis: width of a left column, height of a top row
    bool rotated = false;  // a top row written upwards
    bool slanted = false;  // a top row at 45 degrees, which reaches beyond its last column
    bool none = false;     // no room at all
    /// Tokens that are too many to be written all: some of them alone ("3␣e␣09␣h") say nothing, so their positions are, from 1:
    /// "@3".
    bool positions = false;
};
constexpr double label_pitch = 1.02;  // of the em: lines of labels that do not touch
/// The smallest em of a label, px.
double smallest_label(const Sketch& sketch);
/// For rows: labels stand left of a grid, right-aligned, at most `limit` wide.
AxisLabels fit_row_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit);
/// For columns: above the grid, horizontal if they fit the pitch, numbers thinned, else written upwards, at most `limit` high.
AxisLabels fit_column_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit);
/// What is written at position i, at most `room` wide: its label, or where positions are written "@7", and in focus "@7: six".
std::string written_label(const Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels, Index i, double room);
/// How wide a label of a top or bottom row may be between its written neighbours, where those are positions.
double label_room(const Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels, double pitch);
/// Positions whose labels are written: the focus always, no neighbour closer than the stride.
std::vector<Index> labelled_positions(const Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels);
/// What a text of that width and size takes at 45 degrees: across, and up.
double slanted_extent(double width, double size);
/// How long a text may be that has `extent` at 45 degrees.
double slanted_room(double extent, double size);
/// Where the ink of a text is.
Box ink_box(const TextItem& text, const TextMeasure& measure);
/// The four corners of that ink, around it: of a turned text closer than its box.
std::array<Point, 4> ink_corners(const TextItem& text, const TextMeasure& measure);
/// Is the ink of one on that of the other? Touching is not.
bool inks_overlap(const std::array<Point, 4>& a, const std::array<Point, 4>& b);
/// Takes the texts out of a figure that its edge would cut or that lie on others, and says so in it (Figure::left_out). Those
/// of these colours come before all others but the first of all, which is the title.
void leave_out_crowded(Figure& figure, const TextMeasure& measure, const std::vector<Color>& lit);

}  // namespace saccade
