#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/translate.hpp"
#include "viz/attention_plane.hpp"
#include "viz/difference.hpp"
#include "viz/kept_positions.hpp"
#include "viz/layout.hpp"
#include "viz/map_picture.hpp"
#include "viz/masked.hpp"
#include "viz/touched.hpp"
#include "viz/view_flow_tokens.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr double widest_curve = 6, faintest = 0.01;
constexpr std::size_t most_curves = 140;  // more cannot be told apart, and cost a software rasteriser its frame

/// Tokens of one row that a mask keeps from what is in focus on the other; from everything, if nothing is.
std::vector<bool> masked_tokens(const AttentionPlane& plane, const std::optional<Index>& other, bool of_rows) {
    const Slice& slice = plane.slice;
    if (slice.computed.empty() && plane.source->info.unit != difference_unit) return {};
    const Index rows = slice.values.shape()[0], cols = slice.values.shape()[1];
    std::vector<bool> masked(static_cast<std::size_t>(of_rows ? rows : cols), true);
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            if (other && *other != (of_rows ? c : r)) continue;
            if (std::isfinite(slice.values.data()[r * cols + c])) masked[static_cast<std::size_t>(of_rows ? r : c)] = false;
        }
    return masked;
}

struct Link {
    Index row = 0, col = 0;
    double weight = 0;     // how thick: from 0 to 1
    std::size_t head = 0;  // which of the planes
    double value = 0;      // may lie outside of 0 to 1, by hand
};

/// What is drawn, and how much is not.
struct Links {
    std::vector<Link> drawn;  // faint ones first
    std::size_t below = 0;    // links under the threshold
    std::size_t crowded = 0;  // more than can be told apart
};

/// The links that say something; the largest, if there are too many. Without a threshold, a weight that is small beside its
/// row's largest, and less than each key would have if all had the same, is haze: it is drawn only while it is in focus.
template <class Lit>
Links visible_links(const std::vector<AttentionPlane>& planes, double threshold, const Lit& in_focus) {
    Links links;
    for (std::size_t head = 0; head < planes.size(); ++head) {
        const Tensor<float>& values = planes[head].slice.values;
        const Index rows = values.shape()[0], cols = values.shape()[1];
        for (Index r = 0; r < rows; ++r) {
            // Over very many keys all weights are small: the largest of a row still show where it looks.
            float largest = 0;
            for (Index c = 0; c < cols; ++c)
                if (std::isfinite(values.data()[r * cols + c]))
                    largest = std::max(largest, std::abs(values.data()[r * cols + c]));
            const double haze =
                threshold > 0 ? threshold : std::min(static_cast<double>(largest) / 4, 1 / static_cast<double>(cols));
            for (Index c = 0; c < cols; ++c) {
                const double w = static_cast<double>(values.data()[r * cols + c]);
                if (!std::isfinite(w) || w == 0) continue;
                const Link link{r, c, std::min(std::abs(w), 1.0), head, w};
                if ((w < 0 ? -w >= std::max(haze, faintest) : w >= haze) || (threshold <= 0 && w >= faintest && in_focus(link)))
                    links.drawn.push_back(link);
                else
                    ++links.below;
            }
        }
    }
    const auto less = [](const Link& a, const Link& b) {
        if (a.weight != b.weight) return a.weight < b.weight;
        return a.row != b.row ? a.row < b.row : a.col != b.col ? a.col < b.col : a.head < b.head;
    };
    if (links.drawn.size() > most_curves) {
        links.crowded = links.drawn.size() - most_curves;
        const auto kept = links.drawn.end() - static_cast<std::ptrdiff_t>(most_curves);
        std::nth_element(links.drawn.begin(), kept, links.drawn.end(), less);
        links.drawn.erase(links.drawn.begin(), kept);
    }
    std::sort(links.drawn.begin(), links.drawn.end(), less);
    return links;
}

class FlowView : public View {
 public:
    std::string id() const override { return "flow"; }
    std::string title() const override { return "Flow"; }
    std::string explains() const override {
        return "A line from each query to the keys that it attends to: the wider, the more weight. Thin ones are left out.";
    }
    OptionNames options() const override { return {"combine", "layers", "sink", "special", "heads", "threshold"}; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        return (tensor.info.role == Role::weights || is_difference(tensor)) && tensor.values.shape().rank() >= 2;
    }

    Figure layout(const Trace& trace, const ViewState& given, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, given);
        const std::vector<AttentionPlane> planes = planes_of(trace, tensor, given);
        const Slice& slice = planes.front().slice;
        const ViewState& state = planes.front().state;
        Sketch sketch(state, measure);
        std::string subtitle = planes.size() > 1 ? heads_said(tensor, planes) : slice.where;
        const std::string ends =
            fmt::format("{} above, {} below", axis_caption(*slice.col()) + shown_of(*slice.col(), slice.col_part),
                        axis_caption(*slice.row()) + shown_of(*slice.row(), slice.row_part));
        subtitle = subtitle.empty() ? ends : subtitle + " · " + ends;
        const TensorInfo& of = slice.derived ? slice.derived->info : tensor.info;
        Box content = sketch.begin(of.title.empty() ? title() : of.title, subtitle);
        const Lit selected(sketch.selected_focus(), slice), hovered(sketch.hovered_focus(), slice);
        const Links links =
            visible_links(planes, state.options.threshold, [&](const Link& link) { return selected(link) || hovered(link); });
        sketch.caption(caption_of(planes, links, state), content);
        if (planes.size() > 1) draw_legend(sketch, tensor, planes, content);
        const TokenRow above = arrange_tokens(sketch, slice.col(), content),
                       below = arrange_tokens(sketch, slice.row(), content);
        const double line_above = above.height(), line_below = below.height();
        // Curves stretched over a tall card say nothing more: the band has a largest height and stands in the middle.
        const double height = std::min(content.h, std::max(sketch.px(190), content.w * 0.42));
        const double top = content.y + (content.h - height) / 2;
        const double from = top + line_above, to = top + height - line_below;
        if (to > from) draw_links(sketch, links, selected, hovered, planes, above, below, from, to);
        if (to > from && planes.size() == 1) draw_touched(sketch, trace, planes.front(), links, above, below, from, to);
        // Of several heads one mask: it has no heads of its own.
        const std::optional<Index> query = selected.row ? selected.row : hovered.row,
                                   key = selected.col ? selected.col : hovered.col;
        draw_masked(sketch, above, masked_tokens(planes.front(), query, false), top, line_above);
        draw_masked(sketch, below, masked_tokens(planes.front(), query ? std::nullopt : key, true), top + height - line_below,
                    line_below);
        draw_tokens(sketch, above, planes.front().dimmed_cols, content, top, VAlign::top);
        draw_tokens(sketch, below, planes.front().dimmed_rows, content, top + height, VAlign::bottom);
        add_region(sketch, slice, above, top, line_above, false);
        add_region(sketch, slice, below, top + height - line_below, line_below, true);
        add_parts(sketch, slice, {content.x, top, content.w, height}, line_above, line_below);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        std::vector<ShownValues> values;
        for (const AttentionPlane& plane : planes_of(trace, tensor, state)) {
            const std::string where = values.empty() && plane.slice.where.empty() ? "" : " " + plane.slice.where;
            values.push_back(shown_values(tensor.info.name + (values.empty() ? "" : where), plane.slice,
                                          {plane.slice.row(), plane.slice.col()}));
        }
        return values;
    }

 private:
    /// Weights of one run less those of another: lines of either sign, in two colours.
    static bool is_difference(const TraceTensor& tensor) {
        return tensor.info.unit == difference_unit && tensor.info.role == Role::state && attention_axes(tensor);
    }

    enum class Light { unlit, hovered, selected };

    /// A query in focus lights its whole row; a key alone lights what reads it.
    struct Lit {
        std::optional<Index> row, col;

        Lit(const Focus& focus, const Slice& slice) : row(focus.on(slice.row())), col(focus.on(slice.col())) {}
        bool operator()(const Link& link) const { return row ? *row == link.row : col == link.col; }
        bool any() const { return row || col; }
    };

    /// The matrices that are drawn over each other: one, or one for each of the heads that were chosen.
    static std::vector<AttentionPlane> planes_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
        const auto axes = attention_axes(tensor);
        const bool overlaid = axes && axes->head >= 0 && state.options.chosen.size() > 1 &&
                              state.options.heads == ViewOptions::Heads::each &&
                              state.options.layers == ViewOptions::Layers::one;
        if (!overlaid) return {attention_plane(trace, tensor, state)};
        std::vector<AttentionPlane> planes;
        const AxisPtr& head = tensor.info.axes[static_cast<std::size_t>(axes->head)];
        for (const Index h : heads_asked_for(state.options, head->extent)) {
            ViewState one = state;
            one.options.chosen.clear();
            one.selected.marks[head->name] = h;
            planes.push_back(attention_plane(trace, tensor, one));
        }
        return planes;
    }

    /// "layer 3, heads 1, 2, 5".
    static std::string heads_said(const TraceTensor& tensor, const std::vector<AttentionPlane>& planes) {
        const auto axes = attention_axes(tensor);
        std::vector<Index> heads;
        for (const AttentionPlane& plane : planes) heads.push_back(plane.head.value_or(0));
        std::string text;
        if (axes->layer >= 0)
            text = position_text(*tensor.info.axes[static_cast<std::size_t>(axes->layer)], planes.front().layer.value_or(0)) +
                   ", ";
        return text + "heads " + heads_text(heads);
    }

    static std::string caption_of(const std::vector<AttentionPlane>& planes, const Links& links, const ViewState& state) {
        std::string text = planes.front().caption();
        const auto say = [&text](const std::string& part) { text += (text.empty() ? "" : " · ") + part; };
        const std::size_t all = links.drawn.size() + links.below + links.crowded;
        if (state.options.threshold > 0)
            say(fmt::format("{} of {} lines are below {} and not drawn", links.below, all,
                            number_text(state.options.threshold)));
        Beyond outside;
        for (const AttentionPlane& plane : planes) {
            if (is_difference(*plane.source)) continue;
            const Beyond found = beyond(plane.slice.values, Normalization());
            outside.above += found.above;
            outside.below += found.below;
            outside.highest = std::max(outside.highest, found.highest);
            outside.lowest = std::min(outside.lowest, found.lowest);
        }
        if (outside.any()) say(beyond_text(outside) + (planes.size() == 1 ? ": in colours of their own" : ""));
        if (is_difference(*planes.front().source))
            say(planes.size() == 1 ? "blue: more weight in B · grey: less" : "grey: less weight in B");
        if (links.crowded > 0)
            say(fmt::format("the {} thickest lines, {} more are not drawn", links.drawn.size(), links.crowded));
        return text;
    }

    /// "■ 1 ■ 3": which colour is which head; at the upper edge.
    static void draw_legend(Sketch& sketch, const TraceTensor& tensor, const std::vector<AttentionPlane>& planes,
                            Box& content) {
        const double size = sketch.px(12), line = size * 1.6, swatch = sketch.px(10);
        if (content.h < sketch.px(90)) return;
        double x = content.x;
        const auto axes = attention_axes(tensor);
        const Axis& head = *tensor.info.axes[static_cast<std::size_t>(axes->head)];
        sketch.text({x, content.y + line / 2}, tr("head"), size, sketch.theme().secondary, HAlign::left, VAlign::middle);
        x += sketch.text_width("head", size) + sketch.px(10);
        for (std::size_t i = 0; i < planes.size(); ++i) {
            const Index at = planes[i].head.value_or(0);
            const std::string name = head.labels.empty() ? std::to_string(at + 1) : drawn_label(head, at);
            const double wide = swatch + sketch.px(4) + sketch.text_width(name, size) + sketch.px(12);
            if (x + wide > content.right()) break;
            sketch.rect({x, content.y + line / 2 - swatch / 2, swatch, swatch}, series_color(sketch.theme(), i), 2);
            sketch.text({x + swatch + sketch.px(4), content.y + line / 2}, name, size, sketch.theme().secondary, HAlign::left,
                        VAlign::middle);
            x += wide;
        }
        content.y += line;
        content.h -= line;
    }

    static void draw_links(Sketch& sketch, const Links& links, const Lit& selected, const Lit& hovered,
                           const std::vector<AttentionPlane>& planes, const TokenRow& above, const TokenRow& below, double from,
                           double to) {
        const std::size_t heads = planes.size();
        const bool signed_lines = is_difference(*planes.front().source);
        for (const Light pass : {Light::unlit, Light::hovered, Light::selected})
            for (const Link& link : links.drawn) {
                const Light light = selected(link) ? Light::selected : hovered(link) ? Light::hovered : Light::unlit;
                if (light != pass) continue;
                // Heads that do the same run side by side.
                const double aside = (static_cast<double>(link.head) - static_cast<double>(heads - 1) / 2) *
                                     std::min(sketch.px(5), 0.5 * above.pitch / static_cast<double>(heads));
                const double xa = above.x(link.col) + aside, xb = below.x(link.row) + aside, bend = (to - from) * 0.55;
                // While a token is selected, the lines of the others step back.
                const double strength = pass != Light::unlit ? 0.88 : selected.any() ? 0.3 : 0.75;
                const double alpha = (pass == Light::unlit && selected.any() ? 0.06 : 0.12) + strength * std::sqrt(link.weight);
                const Color own = heads > 1 ? series_color(sketch.theme(), link.head) : sketch.theme().accent;
                // In their heads' colours lines are lit by their strength alone.
                const Normalization limits;
                const Color less =
                    pass == Light::unlit ? sketch.theme().negative : mix(sketch.theme().negative, sketch.theme().text, 0.4);
                const Color color = signed_lines && link.value < 0           ? less
                                    : heads == 1 && limits.above(link.value) ? sketch.theme().over
                                    : heads == 1 && limits.below(link.value) ? sketch.theme().under
                                    : heads > 1 || pass == Light::unlit      ? own
                                    : pass == Light::selected                ? sketch.theme().selection
                                                                             : sketch.hover_color();
                const double width = std::max(0.6, sketch.px(widest_curve) * link.weight);
                sketch.add(CurveItem{
                    {xa, from}, {xa, from + bend}, {xb, to - bend}, {xb, to}, with_alpha(color, std::min(alpha, 1.0)), width});
            }
    }

    /// A dot in the middle of each line that a hand changed. One that is not drawn, as little or nothing is left of it, shows
    /// as a hairline there.
    static void draw_touched(Sketch& sketch, const Trace& trace, const AttentionPlane& plane, const Links& links,
                             const TokenRow& above, const TokenRow& below, double from, double to) {
        const std::vector<char> touched = touched_cells(trace, *plane.source, plane.slice);
        const auto count = static_cast<std::size_t>(std::count(touched.begin(), touched.end(), 1));
        if (count > most_curves) return;
        const Index cols = plane.slice.values.shape()[1];
        const double bend = (to - from) * 0.55;
        for (std::size_t i = 0; i < touched.size(); ++i) {
            if (touched[i] == 0) continue;
            const Index col = static_cast<Index>(i) % cols, row = static_cast<Index>(i) / cols;
            const double xa = above.x(col), xb = below.x(row);
            const auto is_this = [&](const Link& link) { return link.row == row && link.col == col; };
            if (std::ranges::none_of(links.drawn, is_this))
                sketch.add(CurveItem{
                    {xa, from}, {xa, from + bend}, {xb, to - bend}, {xb, to}, with_alpha(sketch.theme().faint, 0.8), 0.8});
            sketch.hand_dot({(xa + xb) / 2, (from + to) / 2}, sketch.theme().panel);
        }
    }

    /// Keys alone are moved above, queries alone below, both between them.
    static void add_parts(Sketch& sketch, const Slice& slice, const Box& all, double above, double below) {
        PartAxis keys = slice.col_part, queries = slice.row_part;
        queries.runs = PartAxis::Runs::across;
        const auto add = [&](double y, double h, const std::vector<PartAxis>& axes) {
            if (auto place = part_place({all.x, y, all.w, h}, axes, *slice.tensor)) sketch.place_part(std::move(*place));
        };
        add(all.y + above, all.h - above - below, {keys, queries});
        add(all.y, above, {keys});
        add(all.bottom() - below, below, {queries});
    }

    static void add_region(Sketch& sketch, const Slice& slice, const TokenRow& tokens, double y, double h, bool is_row) {
        HitRegion region;
        region.box = {tokens.x0, y, tokens.pitch * static_cast<double>(tokens.axis->extent), h};
        region.ref = cell_of(slice, -1, -1);
        region.cols = tokens.axis->extent;
        region.col_axis = is_row ? slice.row_axis : slice.col_axis;
        region.col_map = is_row ? slice.row_map : slice.col_map;
        sketch.region(region);
    }
};

}  // namespace

const View& flow_view() {
    static const FlowView view;
    return view;
}

}  // namespace saccade
