#include <algorithm>
#include <cmath>
#include <optional>

#include "viz/layout.hpp"
#include "viz/slice.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr double widest_curve = 6, faintest = 0.01;
constexpr std::size_t most_curves = 140;  // more cannot be told apart, and cost a software rasteriser its frame

/// One of the two rows of tokens: where each stands.
struct TokenRow {
    AxisPtr axis;
    double x0 = 0, pitch = 0, size = 0;
    Index stride = 1;

    double x(Index i) const { return x0 + (static_cast<double>(i) + 0.5) * pitch; }
};

TokenRow arrange_tokens(const Sketch& sketch, const AxisPtr& axis, const Box& content) {
    TokenRow row;
    row.axis = axis;
    row.pitch = std::min(content.w / static_cast<double>(axis->extent), sketch.px(118));
    row.x0 = content.x + (content.w - row.pitch * static_cast<double>(axis->extent)) / 2;
    const double wanted = sketch.px(18), least = sketch.px(10), gap = sketch.px(4);
    double widest = 1;
    const Index step = std::max<Index>(1, axis->extent / 400);
    for (Index i = 0; i < axis->extent; i += step) widest = std::max(widest, sketch.text_width(drawn_label(*axis, i), wanted));
    row.size = std::clamp(wanted * (row.pitch - gap) / widest, least, wanted);
    // Where there is no room for even a few letters each, only every so manieth token is named.
    const double needed = std::min(widest * row.size / wanted, 6 * row.size);
    if (row.pitch < std::min(needed, 3.2 * row.size)) row.stride = nice_stride((needed + gap) / row.pitch);
    return row;
}

void draw_tokens(Sketch& sketch, const TokenRow& row, const Box& content, double y, VAlign align) {
    AxisLabels labels;
    labels.stride = row.stride;
    const double room = row.pitch * static_cast<double>(row.stride) - sketch.px(3);
    for (const Index i : labelled_positions(sketch, row.axis, labels)) {
        // At an edge a name is moved inwards, and has only the room up to its neighbour.
        const double beside = std::min({room / 2, row.x(i) - content.x, content.right() - row.x(i)});
        const double width = std::max(room / 2 + beside, row.size);
        const std::string label = cut_to_fit(drawn_label(*row.axis, i), width, row.size, Font::ui, sketch.measure());
        if (label == "…") continue;
        const double half = sketch.text_width(label, row.size) / 2, from = content.x + half, to = content.right() - half;
        const double x = from < to ? std::clamp(row.x(i), from, to) : row.x(i);
        sketch.text({x, y}, label, row.size, sketch.focus_color(row.axis, i, sketch.theme().text), HAlign::center, align);
    }
}

struct Link {
    Index row = 0, col = 0;
    double weight = 0;
};

/// The links that say something, faint ones first; the largest, if there are too many. A weight that is small beside its row's
/// largest, and less than each key would have if all had the same, is haze: it is drawn only while it is in focus.
template <class Lit>
std::vector<Link> visible_links(const Tensor<float>& values, const Lit& in_focus) {
    std::vector<Link> links;
    const Index rows = values.shape()[0], cols = values.shape()[1];
    for (Index r = 0; r < rows; ++r) {
        // Over very many keys all weights are small: the largest of a row still show where it looks.
        float largest = 0;
        for (Index c = 0; c < cols; ++c)
            if (std::isfinite(values.data()[r * cols + c])) largest = std::max(largest, values.data()[r * cols + c]);
        const float haze = std::min(largest / 4, 1 / static_cast<float>(cols));
        for (Index c = 0; c < cols; ++c) {
            const float w = values.data()[r * cols + c];
            if (!std::isfinite(w) || w <= 0) continue;
            const Link link{r, c, std::min<double>(w, 1)};
            if (w >= haze || (w >= faintest && in_focus(link))) links.push_back(link);
        }
    }
    const auto less = [](const Link& a, const Link& b) {
        return a.weight != b.weight ? a.weight < b.weight : a.row != b.row ? a.row < b.row : a.col < b.col;
    };
    if (links.size() > most_curves) {
        const auto kept = links.end() - static_cast<std::ptrdiff_t>(most_curves);
        std::nth_element(links.begin(), kept, links.end(), less);
        links.erase(links.begin(), kept);
    }
    std::sort(links.begin(), links.end(), less);
    return links;
}

class FlowView : public View {
 public:
    std::string id() const override { return "flow"; }
    std::string title() const override { return "Flow"; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        return tensor.info.role == Role::weights && tensor.values.shape().rank() >= 2;
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Slice slice = plane_of(tensor, state);
        Sketch sketch(state, measure);
        std::string subtitle = slice.where;
        subtitle +=
            (subtitle.empty() ? "" : " · ") + axis_caption(*slice.col()) + " above, " + axis_caption(*slice.row()) + " below";
        const Box content = sketch.begin(tensor.info.title.empty() ? title() : tensor.info.title, subtitle);
        const TokenRow above = arrange_tokens(sketch, slice.col(), content),
                       below = arrange_tokens(sketch, slice.row(), content);
        const double line_above = above.size * 1.4, line_below = below.size * 1.4;
        // Curves stretched over a tall card say nothing more: the band has a largest height and stands in the middle.
        const double height = std::min(content.h, std::max(sketch.px(190), content.w * 0.42));
        const double top = content.y + (content.h - height) / 2;
        const double from = top + line_above, to = top + height - line_below;
        if (to > from) draw_links(sketch, slice, above, below, from, to);
        draw_tokens(sketch, above, content, top, VAlign::top);
        draw_tokens(sketch, below, content, top + height, VAlign::bottom);
        add_region(sketch, slice, above, top, line_above, false);
        add_region(sketch, slice, below, top + height - line_below, line_below, true);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Slice slice = plane_of(tensor, state);
        return {{tensor.info.name, {slice.row(), slice.col()}, slice.values}};
    }

 private:
    enum class Light { none, hovered, selected };

    /// A query in focus lights its whole row; a key alone lights what reads it.
    struct Lit {
        std::optional<Index> row, col;

        Lit(const Focus& focus, const Slice& slice) : row(focus.on(slice.row())), col(focus.on(slice.col())) {}
        bool operator()(const Link& link) const { return row ? *row == link.row : col == link.col; }
    };

    static void draw_links(Sketch& sketch, const Slice& slice, const TokenRow& above, const TokenRow& below, double from,
                           double to) {
        const ViewState& state = sketch.state();
        const Lit selected(state.selected, slice), hovered(state.hovered, slice);
        const std::vector<Link> links =
            visible_links(slice.values, [&](const Link& link) { return selected(link) || hovered(link); });
        const bool focused = selected.row || selected.col;
        for (const Light pass : {Light::none, Light::hovered, Light::selected})
            for (const Link& link : links) {
                const Light light = selected(link) ? Light::selected : hovered(link) ? Light::hovered : Light::none;
                if (light != pass) continue;
                const double xa = above.x(link.col), xb = below.x(link.row), bend = (to - from) * 0.55;
                const double alpha = 0.12 + (pass == Light::none ? (focused ? 0.6 : 0.75) : 0.88) * std::sqrt(link.weight);
                const Color color = pass == Light::selected  ? sketch.theme().selection
                                    : pass == Light::hovered ? sketch.hover_color()
                                                             : sketch.theme().accent;
                const double width = std::max(0.6, sketch.px(widest_curve) * link.weight);
                sketch.add(CurveItem{
                    {xa, from}, {xa, from + bend}, {xb, to - bend}, {xb, to}, with_alpha(color, std::min(alpha, 1.0)), width});
            }
    }

    static void add_region(Sketch& sketch, const Slice& slice, const TokenRow& tokens, double y, double h, bool is_row) {
        HitRegion region;
        region.box = {tokens.x0, y, tokens.pitch * static_cast<double>(tokens.axis->extent), h};
        region.ref = cell_of(slice, -1, -1);
        region.cols = tokens.axis->extent;
        region.col_axis = is_row ? slice.row_axis : slice.col_axis;
        sketch.region(region);
    }
};

}  // namespace

const View& flow_view() {
    static const FlowView view;
    return view;
}

}  // namespace saccade
