#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "viz/map_picture.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_of_fan = 64;  // paths that are drawn
constexpr int ring_points = 48;

/// A path of places over a picture: tensor OWNER.NAME [step, place], place x and y from -1 at the near edge to 1 at the far
/// one. What belongs to it stands beside it under its owner's name, each as far as the run has it:
///   OWNER.picture [y, x, color]       what the places are in; else the run's picture
///   OWNER.policy  [step, place]       the mean of the next place, with OWNER.deviation [one]
///   OWNER.fan     [path, step, place] other paths
///   OWNER.reach   [scale]             sides of the squares that are seen about a place, px
struct Path {
    const TraceTensor* places = nullptr;
    const TraceTensor *picture = nullptr, *policy = nullptr, *deviation = nullptr, *fan = nullptr, *reach = nullptr;

    AxisPtr steps() const { return places->info.axes[0]; }
    Index count() const { return steps()->extent; }
    /// As the picture's edges have it: what lies beyond is seen from the edge.
    Point at(const Box& box, const float* xy) const {
        const auto share = [](float v) { return (std::clamp(static_cast<double>(v), -1.0, 1.0) + 1) / 2; };
        return {box.x + share(xy[0]) * box.w, box.y + share(xy[1]) * box.h};
    }
    Point at(const Box& box, Index step) const { return at(box, places->values.row(step).data()); }
    /// Of the whole picture, px.
    double width() const { return picture != nullptr ? static_cast<double>(picture->values.shape()[1]) : 0; }
};

bool is_path(const TraceTensor& tensor) {
    const auto& axes = tensor.info.axes;
    return axes.size() == 2 && axes[0]->kind == AxisKind::step && axes[1]->extent == 2 &&
           axes[1]->labels == std::vector<std::string>{"x", "y"};
}

Path path_of(const Trace& trace, const TraceTensor& tensor) {
    const std::string& name = tensor.info.name;
    const std::string owner = name.substr(0, name.rfind('.') == std::string::npos ? 0 : name.rfind('.') + 1);
    Path path{.places = &tensor};
    const auto beside = [&](const char* part, auto fits) {
        const TraceTensor* found = trace.find(owner + part);
        return found != nullptr && found != &tensor && !found->values.empty() && fits(*found) ? found : nullptr;
    };
    const auto same_axes = [&](const TraceTensor& t) { return t.info.axes == tensor.info.axes; };
    path.picture = beside("picture", is_picture);
    if (path.picture == nullptr) path.picture = picture_of(trace);
    path.policy = beside("policy", same_axes);
    path.deviation = beside("deviation", [](const TraceTensor& t) { return t.values.size() == 1; });
    path.fan = beside("fan", [&](const TraceTensor& t) {
        return t.info.axes.size() == 3 && t.info.axes[1] == tensor.info.axes[0] && t.info.axes[2] == tensor.info.axes[1];
    });
    path.reach = beside("reach", [](const TraceTensor& t) { return t.info.axes.size() == 1; });
    return path;
}

void draw_polyline(Sketch& sketch, std::vector<Point> points, Color color, double width) {
    sketch.add(LineItem{std::move(points), color, width});
}

void draw_ring(Sketch& sketch, Point centre, double rx, double ry, Color color, double width) {
    std::vector<Point> points;
    for (int i = 0; i <= ring_points; ++i) {
        const double turn = 2 * std::numbers::pi * i / ring_points;
        points.push_back({centre.x + rx * std::cos(turn), centre.y + ry * std::sin(turn)});
    }
    draw_polyline(sketch, std::move(points), color, width);
}

void draw_ground(Sketch& sketch, const Path& path, const Box& box) {
    if (path.picture == nullptr) return sketch.rect(box, sketch.theme().raised);
    const Shape& shape = path.picture->values.shape();
    if (shape[2] == 3) return sketch.add(ImageItem{box, path.picture->values, 1});
    HeatmapItem item;
    item.box = box;
    item.values = path.picture->values.reshape({shape[0], shape[1]});
    item.map = &colormap("grey", theme("dark"));
    item.normalization.low = 0;
    item.normalization.high = 1;
    sketch.add(item);
}

/// Other paths from the same first place, thin; their places of the step that is looked at as dots.
void draw_fan(Sketch& sketch, const Path& path, const Box& box, Index step) {
    if (path.fan == nullptr) return;
    const Color color = saccade::theme("dark").further[0];  // on a dark picture in every theme
    const auto n = std::min(static_cast<std::size_t>(path.fan->values.shape()[0]), most_of_fan);
    for (std::size_t i = 0; i < n; ++i) {
        const Tensor<float> places = path.fan->values.row(static_cast<Index>(i));
        std::vector<Point> points;
        for (Index t = 0; t < path.count(); ++t) points.push_back(path.at(box, places.row(t).data()));
        if (points.size() > 1) draw_polyline(sketch, points, with_alpha(color, 0.16), sketch.px(1));
        if (step < path.count())
            sketch.add(CircleItem{points[static_cast<std::size_t>(step)], sketch.px(1.8), with_alpha(color, 0.9)});
    }
}

/// The Gaussian that the next place was drawn from: its mean, and rings at one and two deviations.
void draw_policy(Sketch& sketch, const Path& path, const Box& box, Index step) {
    if (path.policy == nullptr || path.deviation == nullptr || step + 1 >= path.count()) return;
    const Point mean = path.at(box, path.policy->values.row(step).data());
    const double deviation = static_cast<double>(path.deviation->values.data()[0]) / 2;
    for (const int k : {1, 2})
        draw_ring(sketch, mean, k * deviation * box.w, k * deviation * box.h,
                  with_alpha(saccade::theme("dark").further[1], k == 1 ? 0.95 : 0.55), sketch.px(1.3));
    const double arm = sketch.px(4);
    for (const double turned : {-1.0, 1.0})
        sketch.line({mean.x - arm, mean.y - turned * arm}, {mean.x + arm, mean.y + turned * arm},
                    saccade::theme("dark").further[1], sketch.px(1.5));
}

/// What is seen about a place: a square for each scale.
void draw_reach(Sketch& sketch, const Path& path, const Box& box, Index step, bool all, Color color, double width) {
    if (path.reach == nullptr || path.width() <= 0) return;
    const double pixel = box.w / path.width();
    const Point centre = path.at(box, step);
    const Index scales = all ? path.reach->values.size() : 1;
    for (Index s = 0; s < scales; ++s) {
        const double side = static_cast<double>(path.reach->values.data()[s]) * pixel;
        const Box square{centre.x - side / 2, centre.y - side / 2, side, side};
        const double x0 = std::max(square.x, box.x), y0 = std::max(square.y, box.y), x1 = std::min(square.right(), box.right()),
                     y1 = std::min(square.bottom(), box.bottom());
        if (x1 <= x0 || y1 <= y0) continue;
        // What reaches beyond the picture is open there.
        const auto edge = [&](bool drawn, Point a, Point b) {
            if (drawn) sketch.line(a, b, color, width);
        };
        edge(square.y >= box.y, {x0, square.y}, {x1, square.y});
        edge(square.bottom() <= box.bottom(), {x0, square.bottom()}, {x1, square.bottom()});
        edge(square.x >= box.x, {square.x, y0}, {square.x, y1});
        edge(square.right() <= box.right(), {square.right(), y0}, {square.right(), y1});
    }
}

void draw_path(Sketch& sketch, const Path& path, const Box& box, Index step) {
    const Theme& theme = sketch.theme();
    const Color ink = saccade::theme("dark").accent;
    const Color chosen = saccade::theme("dark").selection;
    for (Index t = 0; t < path.count(); ++t)
        if (t != step) draw_reach(sketch, path, box, t, false, with_alpha(ink, 0.45), sketch.px(1));
    draw_reach(sketch, path, box, step, true, chosen, sketch.px(1.6));
    for (const bool casing : {true, false})
        for (Index t = 0; t + 1 < path.count(); ++t)
            sketch.line(path.at(box, t), path.at(box, t + 1), casing ? Color{0, 0, 0, 150} : ink, sketch.px(casing ? 4 : 2));
    const double radius = std::clamp(box.w * 0.028, sketch.px(5), sketch.px(9));
    const std::size_t last = static_cast<std::size_t>(path.count());
    for (std::size_t k = 0; k <= last; ++k) {
        // The one that is looked at lies above all others.
        const Index t = k == last ? step : static_cast<Index>(k);
        if (k < last && t == step) continue;
        const Point at = path.at(box, t);
        const bool hovered = sketch.hovered(path.steps(), t);
        sketch.add(CircleItem{at, radius + sketch.px(1.5), Color{0, 0, 0, 170}});
        sketch.add(CircleItem{at, radius, t == step ? chosen : hovered ? mix(ink, Color{255, 255, 255, 255}, 0.35) : ink});
        sketch.text(at, fmt::format("{}", t + 1), radius * 1.25, Color{10, 12, 16, 255}, HAlign::center, VAlign::middle);
        if (path.places->edited(2 * t) || path.places->edited(2 * t + 1)) {
            const Point dot{at.x + radius, at.y - radius};
            sketch.add(CircleItem{dot, sketch.px(3.4), Color{0, 0, 0, 220}});
            sketch.add(CircleItem{dot, sketch.px(2.4), theme.dark ? theme.selection : chosen});
        }
    }
}

class PathView : public View {
 public:
    std::string id() const override { return "path"; }
    std::string title() const override { return "Path"; }
    std::string explains() const override {
        return "Where the model looks, one place after another, and the squares that it sees there; rings: the policy that the "
               "next "
               "place comes from.";
    }
    bool accepts(const Trace&, const TraceTensor& tensor) const override { return is_path(tensor); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const Path path = path_of(trace, tensor_for(*this, trace, state));
        Sketch sketch(state, measure);
        const Index step = std::clamp<Index>(position_on(state, path.steps()).value_or(path.count() - 1), 0, path.count() - 1);
        const TensorInfo& info = path.places->info;
        std::string subtitle = fmt::format("{} of {}", step + 1, path.count());
        if (path.picture != nullptr)
            subtitle += fmt::format(" · {} × {} px", path.picture->values.shape()[1], path.picture->values.shape()[0]);
        Box content = sketch.begin(info.title.empty() ? info.name : info.title, subtitle);
        std::string said;
        if (path.policy != nullptr && path.deviation != nullptr && step + 1 < path.count())
            said = "rings: policy of the next, σ and 2σ";
        if (path.fan != nullptr)
            said += fmt::format("{}thin: {} sampled paths", said.empty() ? "" : " · ", path.fan->values.shape()[0]);
        sketch.caption(said, content);
        const Box box = fit_box(content, path.picture != nullptr ? shape_of(path.picture, *path.places) : 1);
        draw_ground(sketch, path, box);
        sketch.outline({box.x - 1, box.y - 1, box.w + 2, box.h + 2}, sketch.theme().line, 1);
        draw_fan(sketch, path, box, step);
        draw_policy(sketch, path, box, step);
        draw_path(sketch, path, box, step);
        for (Index k = 0; k <= path.count(); ++k) {
            const Index t = k == path.count() ? step : k;
            const Point at = path.at(box, t);
            const double reach = std::clamp(box.w * 0.045, sketch.px(9), sketch.px(14));
            HitRegion region;
            region.box = {at.x - reach, at.y - reach, 2 * reach, 2 * reach};
            region.ref = {info.name, {t, -1}};
            sketch.region(region);
            sketch.place_handle({region.box, box, {info.name, {t, 0}}, {info.name, {t, 1}}});
        }
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        return {{tensor.info.name, tensor.info.axes, tensor.values}};
    }
};

}  // namespace

const View& path_view() {
    static const PathView view;
    return view;
}

}  // namespace saccade
