#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viz/map_picture.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr double margin = 0.06;  // of the picture's width, around it: points may stand beyond its edges
constexpr Index mesh_columns = 10, mesh_rows = 4;

/// Points over a picture: tensor OWNER.NAME [point, coordinate], x and y as shares of its width and height. Those of role
/// state can be moved. What belongs to them, each as far as the run has it:
///   OWNER.picture [y, x, color]     what they lie in; else the run's picture
///   OWNER.grid [y, x, coordinate]   where the pixels of another picture are read in this one: drawn as a mesh
/// and named points in the same picture (handles), which are drawn with them.
struct Points {
    const TraceTensor* points = nullptr;
    const TraceTensor *picture = nullptr, *grid = nullptr, *handles = nullptr;

    AxisPtr axis() const { return points->info.axes[0]; }
    Index count() const { return axis()->extent; }
};

bool are_points(const TraceTensor& tensor) {
    const auto& axes = tensor.info.axes;
    return axes.size() == 2 && axes[0]->kind == AxisKind::feature && axes[1]->extent == 2 &&
           axes[1]->labels == std::vector<std::string>{"x", "y"};
}

const TraceTensor* beside(const Trace& trace, const TraceTensor& tensor, const char* part) {
    const std::string& name = tensor.info.name;
    const TraceTensor* found =
        trace.find(name.substr(0, name.rfind('.') == std::string::npos ? 0 : name.rfind('.') + 1) + part);
    return found != &tensor && found != nullptr && !found->values.empty() ? found : nullptr;
}

const TraceTensor* ground_of(const Trace& trace, const TraceTensor& points) {
    const TraceTensor* own = beside(trace, points, "picture");
    return own != nullptr && is_picture(*own) ? own : picture_of(trace);
}

bool can_be_moved(const TraceTensor& points) {
    return points.info.role == Role::state;
}

Points points_of(const Trace& trace, const TraceTensor& tensor) {
    Points found{.points = &tensor, .picture = ground_of(trace, tensor)};
    const AxisPtr coordinate = tensor.info.axes[1];
    if (const TraceTensor* grid = beside(trace, tensor, "grid");
        grid != nullptr && grid->info.axes.size() == 3 && grid->info.axes[0]->kind == AxisKind::y &&
        grid->info.axes[1]->kind == AxisKind::x && grid->info.axes[2] == coordinate)
        found.grid = grid;
    for (const TraceTensor& other : trace.tensors())
        if (&other != &tensor && are_points(other) && !other.info.axes[0]->labels.empty() && can_be_moved(other) &&
            can_be_moved(tensor) && tensor.info.axes[0]->labels.empty() && ground_of(trace, other) == found.picture)
            found.handles = &other;
    return found;
}

/// On a picture of any brightness: a colour of its own within a dark and a light edge.
struct Inks {
    Color line = saccade::theme("light").accent, point = saccade::theme("dark").accent,
          handle = saccade::theme("dark").further[0], chosen = saccade::theme("dark").selection, casing{0, 0, 0, 190},
          label{10, 12, 16, 255};
};

class Drawing {
 public:
    Drawing(Sketch& sketch, const Points& points, const Box& box) : sketch_(sketch), points_(points), box_(box) {
        radius_ = std::clamp(box.w * 0.011, sketch.px(3), sketch.px(6));
    }

    void ground() {
        if (points_.picture == nullptr) {
            sketch_.rect(box_, sketch_.theme().raised);
        } else {
            sketch_.add(ImageItem{box_, points_.picture->values, 1});
            HitRegion region;
            region.box = box_;
            const bool grey = points_.picture->values.shape()[2] == 1;
            region.ref = {points_.picture->info.name, {-1, -1, grey ? Index{0} : Index{-1}}};
            region.rows = points_.picture->values.shape()[0];
            region.cols = points_.picture->values.shape()[1];
            region.row_axis = 0;
            region.col_axis = 1;
            sketch_.region(region);
            draw_cell_focus(sketch_, points_.picture->info.axes[0], points_.picture->info.axes[1], box_, true);
        }
        sketch_.outline({box_.x - 1, box_.y - 1, box_.w + 2, box_.h + 2}, sketch_.theme().line, 1);
    }

    /// Lines of equal x and y of the picture that is read, as they run through this one; and where its cell in focus is read.
    void mesh() {
        if (points_.grid == nullptr) return;
        const Tensor<float>& grid = points_.grid->values;
        const Index rows = grid.shape()[0], cols = grid.shape()[1];
        const auto place = [&](Index r, Index c) { return at(grid.data() + (r * cols + c) * 2); };
        const auto nth = [](Index i, Index n, Index extent) { return i * (extent - 1) / n; };
        const Color color = with_alpha(inks_.line, 0.45);
        for (Index i = 0; i <= mesh_columns; ++i) {
            std::vector<Point> line;
            for (Index k = 0; k <= 8; ++k) line.push_back(place(nth(k, 8, rows), nth(i, mesh_columns, cols)));
            sketch_.add(LineItem{std::move(line), color, sketch_.px(1)});
        }
        for (Index i = 0; i <= mesh_rows; ++i) {
            std::vector<Point> line;
            for (Index k = 0; k <= 24; ++k) line.push_back(place(nth(i, mesh_rows, rows), nth(k, 24, cols)));
            sketch_.add(LineItem{std::move(line), color, sketch_.px(1)});
        }
        const auto& axes = points_.grid->info.axes;
        for (const bool selected : {false, true}) {
            const Focus& focus = selected ? sketch_.selected_focus() : sketch_.hovered_focus();
            const auto row = focus.on(axes[0]), col = focus.on(axes[1]);
            if (!row || !col || *row >= rows || *col >= cols) continue;
            const double side = sketch_.px(7);
            const Point p = place(*row, *col);
            sketch_.ring({p.x - side / 2, p.y - side / 2, side, side},
                         selected ? sketch_.theme().selection : sketch_.hover_color(), sketch_.px(1.5), {0, 0, 0, 230},
                         {255, 255, 255, 230});
        }
    }

    /// Four: the sides of what lies between them. More: two edges, each from its first to its last.
    void sides() {
        const Index n = points_.count();
        if (!points_.axis()->labels.empty() && n != 4) return;
        const auto run = [&](Index first, Index count, bool closed) {
            std::vector<Point> line;
            for (Index i = 0; i < count; ++i) line.push_back(at(points_.points->values.data() + 2 * (first + i)));
            if (closed) line.push_back(line.front());
            sketch_.add(LineItem{line, inks_.casing, sketch_.px(3.2)});
            sketch_.add(LineItem{std::move(line), inks_.point, sketch_.px(1.6)});
        };
        if (n == 4) return run(0, 4, true);
        if (n < 4 || n % 2 != 0) return;
        run(0, n / 2, false);
        run(n / 2, n / 2, false);
    }

    void marks(const TraceTensor& tensor, bool named) {
        const AxisPtr& axis = tensor.info.axes[0];
        for (Index i = 0; i < axis->extent; ++i) mark(tensor, axis, i, named);
    }

 private:
    Point at(const float* xy) const {
        const auto share = [](float v, double beyond) {
            return std::isfinite(v) ? std::clamp(static_cast<double>(v), -beyond, 1 + beyond) : 0.5;
        };
        const double beyond = margin;
        return {box_.x + share(xy[0], beyond) * box_.w, box_.y + share(xy[1], beyond * box_.w / box_.h) * box_.h};
    }

    void mark(const TraceTensor& tensor, const AxisPtr& axis, Index i, bool named) {
        const Point p = at(tensor.values.data() + 2 * i);
        const bool moves = can_be_moved(tensor), chosen = sketch_.selected(axis, i), hovered = sketch_.hovered(axis, i);
        const Color own = named ? inks_.handle : inks_.point;
        const Color fill = chosen ? inks_.chosen : hovered ? mix(own, {255, 255, 255, 255}, 0.4) : own;
        const double radius = named ? radius_ * 1.5 : moves ? radius_ : radius_ * 0.75;
        sketch_.add(CircleItem{p, radius + sketch_.px(1.3), inks_.casing});
        sketch_.add(CircleItem{p, radius, fill});
        if (named && axis->labels.size() <= 4 && box_.w > sketch_.px(150)) name(p, radius, drawn_label(*axis, i));
        if (tensor.edited(2 * i) || tensor.edited(2 * i + 1)) {
            const Point dot{p.x + radius, p.y - radius};
            sketch_.add(CircleItem{dot, sketch_.px(3), inks_.casing});
            sketch_.add(CircleItem{dot, sketch_.px(2), inks_.chosen});
        }
        const double reach = std::max(radius + sketch_.px(2), sketch_.px(7));
        HitRegion region;
        region.box = {p.x - reach, p.y - reach, 2 * reach, 2 * reach};
        region.ref = {tensor.info.name, {i, -1}};
        sketch_.region(region);
        if (!moves) return;
        // One measure for both directions: the cells' values at the edges of a box that is as much larger as they may go
        // beyond.
        const double beyond = margin;
        const Box room{box_.x - beyond * box_.w, box_.y - beyond * box_.h, box_.w * (1 + 2 * beyond),
                       box_.h * (1 + 2 * beyond)};
        PlaceHandle handle{region.box, room, {tensor.info.name, {i, 0}}, {tensor.info.name, {i, 1}}};
        handle.near = -beyond;
        handle.far = 1 + beyond;
        handle.tip = named ? "drag: " + drawn_label(*axis, i) : "drag the point";
        sketch_.place_handle(std::move(handle));
    }

    /// Below its point, or above where there is no room.
    void name(Point p, double radius, const std::string& label) {
        const double size = sketch_.px(11), w = sketch_.text_width(label, size) + sketch_.px(8), h = size * 1.35;
        const bool below = p.y + radius + h + sketch_.px(3) < box_.bottom();
        const double x = std::clamp(p.x - w / 2, box_.x, std::max(box_.x, box_.right() - w));
        const Box tag{x, below ? p.y + radius + sketch_.px(3) : p.y - radius - sketch_.px(3) - h, w, h};
        sketch_.rect(tag, with_alpha(inks_.handle, 0.92), sketch_.px(3));
        sketch_.text({tag.x + w / 2, tag.y + h / 2}, label, size, inks_.label, HAlign::center, VAlign::middle);
    }

    Sketch& sketch_;
    const Points& points_;
    Box box_;
    Inks inks_;
    double radius_ = 4;
};

class PointsView : public View {
 public:
    std::string id() const override { return "points"; }
    std::string title() const override { return "Points"; }
    std::string explains() const override {
        return "Points over the picture that say how it is read: control points of a spline with the mesh that they bend, "
               "corners, "
               "handles. Those that the model or a hand put there can be dragged.";
    }
    bool accepts(const Trace&, const TraceTensor& tensor) const override { return are_points(tensor); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const Points points = points_of(trace, tensor_for(*this, trace, state));
        Sketch sketch(state, measure);
        const TensorInfo& info = points.points->info;
        std::string subtitle;
        if (points.picture != nullptr)
            subtitle = fmt::format("{} × {} px", points.picture->values.shape()[1], points.picture->values.shape()[0]);
        Box content = sketch.begin(info.title.empty() ? info.name : info.title, subtitle);
        sketch.caption(points.grid != nullptr ? "mesh: where lines of the rectified picture are read" : "", content);
        const double shape = points.picture != nullptr ? shape_of(points.picture, *points.picture) : 1;
        // Room around the picture for points beyond it.
        const Box whole = fit_box(content, shape);
        const double edge = margin * whole.w;
        const Box box = fit_box({content.x + edge, content.y + edge, content.w - 2 * edge, content.h - 2 * edge}, shape);
        Drawing drawing(sketch, points, box);
        drawing.ground();
        drawing.mesh();
        drawing.sides();
        drawing.marks(*points.points, !points.axis()->labels.empty());
        if (points.handles != nullptr && state.marks)
            drawing.marks(*points.handles, true);  // a hand takes hold of them: not on paper
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        return {{tensor.info.name, tensor.info.axes, tensor.values}};
    }
};

}  // namespace

const View& points_view() {
    static const PointsView view;
    return view;
}

}  // namespace saccade
