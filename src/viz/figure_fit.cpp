#include "viz/figure_fit.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "viz/derived.hpp"
#include "viz/layout.hpp"
#include "viz/length.hpp"
#include "viz/merged_words.hpp"

namespace saccade {

namespace {

constexpr double usual_shape = 1.5;  // width over height of a view that fills whatever it is given
constexpr double closest_lines = 1.02,
                 spacious_lines = 1.3;  // lines of labels, of the em: that do not touch, and that read well

/// "0", "1", .. or "1,1", "1,2", ..: places, of which a reader knows those that are not written.
bool are_numbers(const std::vector<std::string>& labels) {
    const auto number = [](const std::string& label) {
        return !label.empty() && (std::isdigit(static_cast<unsigned char>(label.front())) != 0 || label.starts_with("−"));
    };
    return std::ranges::all_of(labels, number) && std::set<std::string>(labels.begin(), labels.end()).size() == labels.size();
}

/// The axis of a region's rows or columns, if it has labels that are to be read: numbers may be thinned, they are known.
AxisPtr labelled_axis(const Trace& trace, const HitRegion& region, int axis, Index extent, Reuse* memo) {
    if (axis < 0 || extent < 2) return nullptr;
    const auto held = trace_with(trace, region.ref.tensor, memo);
    const TraceTensor* tensor = held->find(region.ref.tensor);
    if (tensor == nullptr || static_cast<std::size_t>(axis) >= tensor->info.axes.size()) return nullptr;
    const AxisPtr& found = tensor->info.axes[static_cast<std::size_t>(axis)];
    return are_numbers(found->labels) || found->kind == AxisKind::y || found->kind == AxisKind::x ? nullptr : found;
}

/// px of height that rows of that pitch (of the em) lack.
double lacking_rows(const Trace& trace, const Figure& figure, const ViewState& state, double pitch) {
    double most = 0;
    for (const HitRegion& region : figure.regions)
        if (labelled_axis(trace, region, region.row_axis, region.rows, state.memo))
            most = std::max(most, static_cast<double>(region.rows) * text_px(state) * pitch - region.box.h);
    return most;
}

/// What the figure's items cover; texts by their lines.
Box ink_of(const Figure& figure, const TextMeasure& measure) {
    double left = figure.width, top = figure.height, right = 0, bottom = 0;
    const auto see = [&](double x0, double y0, double x1, double y1) {
        left = std::min(left, x0);
        top = std::min(top, y0);
        right = std::max(right, x1);
        bottom = std::max(bottom, y1);
    };
    const auto see_point = [&](Point p) { see(p.x, p.y, p.x, p.y); };
    for (const FigureItem& item : figure.items)
        std::visit(
            [&](const auto& one) {
                if constexpr (requires { one.box; }) {
                    see(one.box.x, one.box.y, one.box.right(), one.box.bottom());
                } else if constexpr (requires { one.points; }) {
                    for (const Point& p : one.points) see_point(p);
                } else if constexpr (requires { one.control1; }) {
                    for (const Point& p : {one.from, one.control1, one.control2, one.to}) see_point(p);
                } else if constexpr (requires { one.radius; }) {
                    see(one.center.x - one.radius, one.center.y - one.radius, one.center.x + one.radius,
                        one.center.y + one.radius);
                } else {
                    const Point start = text_start(one, measure);
                    const double w = measure.width(one.text, one.size, one.font), up = measure.ascent(one.size, one.font),
                                 down = measure.descent(one.size, one.font);
                    if (one.angle == 0) {
                        see(one.at.x + start.x, one.at.y + start.y - up, one.at.x + start.x + w, one.at.y + start.y + down);
                    } else if (one.angle != -90) {
                        const Box box = ink_box(one, measure);
                        see(box.x, box.y, box.right(), box.bottom());
                    } else
                        see(one.at.x + start.y - up, one.at.y - start.x - w, one.at.x + start.y + down, one.at.y - start.x);
                }
            },
            item);
    return {left, top, right - left, bottom - top};
}

/// px by which pictures of heads could be higher, until they are as wide as there is room: they keep the shape they have.
double lacking_grid(const Figure& figure, const Box& ink) {
    for (const FigureItem& item : figure.items)
        if (const auto* grid = std::get_if<HeatmapGridItem>(&item); grid != nullptr && grid->box.w > 0)
            return (figure.width - 2 * ink.y - ink.w) * grid->box.h / grid->box.w;
    return 0;
}

constexpr double lowest_curves = 6;  // of the em: below it every curve is flat

/// px of height that curves lack, which stand beside or below each other.
double lacking_curves(const Figure& figure, const ViewState& state) {
    if (state.view != "curves") return 0;
    double most = 0;
    std::set<double> tops;
    for (const HitRegion& region : figure.regions) {
        tops.insert(region.box.y);
        most = std::max(most, lowest_curves * text_px(state) - region.box.h);
    }
    return most * static_cast<double>(tops.size());
}

/// The height that one view needs.
double fitting_height(const Trace& trace, ViewState state, const TextMeasure& measure) {
    constexpr int tries = 6;
    Reuse own;
    if (state.memo == nullptr) state.memo = &own;
    const double usual = std::max(16.0, state.width / usual_shape);
    state.height = usual;
    const auto laid_out = [&] { return view(state.view).layout(trace, state, measure); };
    Figure figure = laid_out();
    const auto lacks = [&](const Box& ink) {
        return std::max(
            {lacking_rows(trace, figure, state, spacious_lines), lacking_grid(figure, ink), lacking_curves(figure, state)});
    };
    Box ink = ink_of(figure, measure);
    double lacking = lacks(ink);
    for (int i = 0; i < tries && lacking > 1 && state.height < tallest_fit; ++i) {
        state.height += lacking;
        figure = laid_out();
        ink = ink_of(figure, measure);
        lacking = lacks(ink);
    }
    if (state.height > tallest_fit) return usual;
    // What stands in empty space needs none of it; what comes out with less than it had before keeps its height.
    for (int i = 0; i < tries; ++i) {
        const double before = state.height, spare = state.height - ink.h - 2 * std::min(ink.y, std::max(0.0, ink.x));
        if (spare < 1) break;
        state.height = std::max(16.0, std::ceil(state.height - spare));
        figure = laid_out();
        const Box now = ink_of(figure, measure);
        if (now.h < ink.h - 2 || lacks(now) > lacking + 1) {
            state.height = before;
            break;
        }
        ink = now;
    }
    return state.height;
}

}  // namespace

double missing_height(const Trace& trace, const Figure& figure, const ViewState& state) {
    return lacking_rows(trace, figure, state, closest_lines);
}

namespace {

/// Of each axis of labels that has some which are not written.
std::vector<MissingLabels> axes_with_missing(const Trace& trace, const Figure& figure, const ViewState& state) {
    std::multimap<std::string, Point> written;
    bool positions = false;  // stand for labels, or are beside one
    for (const FigureItem& item : figure.items)
        if (const auto* text = std::get_if<TextItem>(&item)) {
            written.emplace(text->text, text->at);
            positions = positions || text->text.starts_with("@");
        }
    std::vector<MissingLabels> all;
    const auto see = [&](const HitRegion& region, bool rows) {
        const Index extent = rows ? region.rows : region.cols;
        const std::vector<Index>& map = rows ? region.row_map : region.col_map;
        const AxisPtr axis = labelled_axis(trace, region, rows ? region.row_axis : region.col_axis, extent, state.memo);
        if (!axis) return;
        const double pitch = (rows ? region.box.h : region.box.w) / static_cast<double>(extent),
                     start = rows ? region.box.y : region.box.x;
        const MergedWords words = state.options.merge_subwords ? merged_words(*axis) : MergedWords{};
        const auto label_at = [&](Index i) {
            const Index at = map.empty() ? i : map[static_cast<std::size_t>(i)];
            const auto word = std::ranges::lower_bound(words.starts, at);
            if (word == words.starts.end() || *word != at) return drawn_label(*axis, at);
            return words.labels[static_cast<std::size_t>(word - words.starts.begin())];
        };
        Index missing = 0;
        for (Index i = 0; i < extent; ++i) {  // beside its row, or over its column
            const auto [first, last] = written.equal_range(label_at(i));
            const double center = start + (static_cast<double>(i) + 0.5) * pitch;
            const auto beside = [&](const auto& text) {
                return std::abs((rows ? text.second.y : text.second.x) - center) < 0.75 * pitch;
            };
            missing += std::none_of(first, last, beside) ? 1 : 0;
        }
        if (missing > 0) all.push_back({short_name(*axis), missing, extent, missing == extent && !positions});
    };
    for (const HitRegion& region : figure.regions)
        for (const bool rows : {true, false}) see(region, rows);
    return all;
}

}  // namespace

std::optional<MissingLabels> missing_labels(const Trace& trace, const Figure& figure, const ViewState& state) {
    std::optional<MissingLabels> most;
    for (MissingLabels& one : axes_with_missing(trace, figure, state))
        if (!one.none && (!most || one.count > most->count)) most = std::move(one);
    return most;
}

std::optional<std::string> unlabelled_axis(const Trace& trace, const Figure& figure, const ViewState& state, bool counted) {
    for (const MissingLabels& one : axes_with_missing(trace, figure, state))
        if (one.none || (counted && one.count == one.of)) return one.axis;
    return std::nullopt;
}

void fit_height(const Trace& trace, ViewState& whole, FigurePanels& panels, const TextMeasure& measure) {
    if (panels.states.empty()) {
        whole.height = fitting_height(trace, whole, measure);
        return;
    }
    const std::size_t rows = panel_rows(panels), columns = panel_columns(panels);
    panels.heights.assign(rows, 16);
    for (std::size_t n = 0; n < panels.states.size(); ++n) {
        double& height = panels.heights[n / columns];
        height = std::max(height, fitting_height(trace, panel_state(trace, whole, panels, n), measure));
    }
    whole.height = text_px(whole) * static_cast<double>(rows - 1);
    for (const double height : panels.heights) whole.height += height;
}

}  // namespace saccade
