#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/subscript.hpp"
#include "base/translate.hpp"
#include "viz/layout.hpp"
#include "viz/masked.hpp"
#include "viz/neuron.hpp"
#include "viz/touched.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

std::string name_of_token(const Axis& axis, Index i) {
    return axis.labels.empty() ? position_text(axis, i) : "“" + drawn_label(axis, i) + "”";
}

constexpr double least_text = 11;  // px of the em, of all that is written here

class NeuronSketch {
 public:
    NeuronSketch(Sketch& sketch, const Neuron& n, const NeuronNumbers& v, HiddenCells hidden)
        : sketch_(sketch), n_(n), v_(v), hidden_(std::move(hidden)) {}

    void draw(const Box& content) {
        const bool beside = content.h < sketch_.px(340) && content.w > sketch_.px(300);
        const Index keys = n_.axis(n_.axes.key)->extent;
        Box bars = content, list = content;
        if (beside) {
            bars.w = content.w * 0.6;
            list.x = bars.right() + sketch_.px(24);
            list.w = content.right() - list.x;
        } else {
            const double wanted = sketch_.px(30) + static_cast<double>(std::min<Index>(keys, 24)) * sketch_.px(17);
            const double room = std::clamp(wanted, content.h * 0.2, content.h * 0.42);
            bars.h = std::min(content.h - room, sketch_.px(3 * 150));
            list.y = bars.bottom() + sketch_.px(4);
            list.h = content.bottom() - list.y;
        }
        const Axis& queries = *n_.axis(n_.axes.query);
        const Axis& all_keys = *n_.axis(n_.axes.key);
        const std::string q = "q" + subscript(std::to_string(v_.query + 1)), k = "k" + subscript(std::to_string(v_.key + 1));
        // Where three blocks would be too low to be read, the products alone: they are what adds up.
        const bool alone = bars.h / 3 < sketch_.px(46);
        const double block = bars.h / (alone ? 1 : 3);
        const auto part = [&](int i) { return Box{bars.x, bars.y + block * i, bars.w, block - sketch_.px(8)}; };
        if (!alone)
            draw_block(part(0), tr("query") + " " + q + " " + name_of_token(queries, v_.query), q, v_.q, sketch_.theme().accent,
                       n_.query);
        if (!alone)
            draw_block(part(1), tr("key") + " " + k + " " + name_of_token(all_keys, v_.key), k, v_.k, sketch_.theme().accent,
                       n_.key);
        draw_block(part(alone ? 0 : 2), tr("{}: what each dimension adds to the score", q + " ⊙ " + k), q + " ⊙ " + k,
                   v_.product, sketch_.theme().accent, nullptr);
        draw_softmax(list);
    }

 private:
    /// A heading, and signed bars of all dimensions about their zero.
    void draw_block(const Box& box, const std::string& heading, const std::string& symbol, const std::vector<float>& values,
                    Color color, const TraceTensor* tensor) {
        const double size = std::clamp(box.h * 0.3, sketch_.px(least_text), sketch_.px(13)), line = size * 1.6;
        const std::string right = tensor == nullptr ? fitting(sum_texts(), box.w, size) : hovered_text(symbol, values);
        const double right_w = right.empty() ? 0 : sketch_.text_width(right, size) + sketch_.px(12);
        const Color strong = tensor == nullptr ? sketch_.theme().text : sketch_.theme().secondary;
        // The numbers matter more than what they are called.
        const double room = box.w - right_w;
        const bool named = room >= sketch_.px(50);
        if (named)
            sketch_.text({box.x, box.y + line / 2}, fitting({heading, symbol}, room, size), size, sketch_.theme().secondary,
                         HAlign::left, VAlign::middle);
        sketch_.text({named ? box.right() : box.x, box.y + line / 2},
                     cut_to_fit(right, box.w, size, Font::ui, sketch_.measure()), size, strong,
                     named ? HAlign::right : HAlign::left, VAlign::middle);
        const Box plot{box.x, box.y + line, box.w, box.h - line - sketch_.px(4)};
        if (plot.h < 4) return;
        double low = 0, high = 0;
        for (const float v : values)
            if (std::isfinite(v)) {
                low = std::min(low, static_cast<double>(v));
                high = std::max(high, static_cast<double>(v));
            }
        const double range = high > low ? high - low : 1, scale = plot.h / range, zero = plot.y + high * scale;
        const double pitch = plot.w / static_cast<double>(values.size()), gap = pitch >= 4 ? pitch * 0.18 : 0;
        for (std::size_t d = 0; d < values.size(); ++d) {
            const double v = static_cast<double>(values[d]), x = plot.x + static_cast<double>(d) * pitch + gap / 2;
            if (!std::isfinite(v)) {
                sketch_.hatch({x, plot.y, pitch - gap, plot.h});
                continue;
            }
            const auto at = static_cast<Index>(d);
            const bool lit = sketch_.hovered(n_.unit(), at) || sketch_.selected(n_.unit(), at);
            const Color plain = v < 0 ? sketch_.theme().negative : color;
            const double length = std::max(std::abs(v) * scale, 0.5);
            sketch_.rect({x, v < 0 ? zero : zero - length, pitch - gap, length},
                         lit ? mix(plain, sketch_.theme().text, 0.4) : plain, pitch >= 8 ? sketch_.px(1.5) : 0);
        }
        sketch_.line({plot.x, zero}, {plot.right(), zero}, sketch_.theme().line);
        HitRegion region;
        region.box = plot;
        const TraceTensor& of = tensor != nullptr ? *tensor : *n_.query;
        region.ref = {of.info.name, *index_at(of, n_, v_.cell)};
        region.cols = n_.size();
        region.col_axis = static_cast<int>(of.info.axes.size()) - 1;
        sketch_.region(region);
    }

    /// The first that fits whole, else the last as far as it does.
    std::string fitting(const std::vector<std::string>& ways, double room, double size) const {
        for (const std::string& text : ways)
            if (sketch_.text_width(text, size) <= room) return text;
        return cut_to_fit(ways.back(), room, size, Font::ui, sketch_.measure());
    }

    /// "q₅,₇ = 0.31" of the dimension under the pointer.
    std::string hovered_text(const std::string& symbol, const std::vector<float>& values) const {
        const auto at = sketch_.state().hovered.on(n_.unit());
        if (!at || *at < 0 || *at >= n_.size()) return {};
        return symbol + "[" + std::to_string(*at + 1) +
               "] = " + number_text(static_cast<double>(values[static_cast<std::size_t>(*at)]));
    }

    /// What the products add up to, the whole of it first, what matters most of it last.
    std::vector<std::string> sum_texts() const {
        const auto number = [](double v) {
            return std::abs(v) < 0.005 ? number_text(v) : fmt::format("{}{:.2f}", v < 0 ? "−" : "", std::abs(v));
        };
        std::string text = tr("sum {}", number(v_.sum));
        if (n_.scaled) text += " / √" + std::to_string(n_.size());
        if (v_.term != 0 && std::isfinite(v_.term))
            text += (v_.term < 0 ? " − " : " + ") + number(std::abs(v_.term)) + " (" + tr("term") + ")";
        const bool finite = std::isfinite(v_.score);
        const std::string score = finite ? number(v_.score) : tr("masked");
        if (n_.scaled || v_.term != 0) text += " = " + score;
        const std::string masked = finite && hidden_(v_.cell) ? ", " + tr("masked") : "";
        std::vector<std::string> ways = {text + masked, tr("score {}", score) + masked, score + masked};
        if (!masked.empty()) ways.emplace_back(tr("masked"));
        return ways;
    }

    /// The row of weights, NaN where they are masked.
    std::vector<float> row_seen() const {
        std::vector<Index> cell = v_.cell;
        cell.back() = 0;
        const Tensor<float> weights = n_.weights->values.line(cell);
        const float* first = weights.data();
        std::vector<float> row(first, first + n_.axis(n_.axes.key)->extent);
        for (std::size_t j = 0; j < row.size(); ++j) {
            cell.back() = static_cast<Index>(j);
            row[j] = hidden_.seen(cell, row[j]);
        }
        return row;
    }

    /// The keys that are listed: in their order if all have room, else the largest.
    std::vector<Index> listed(Index lines, const std::vector<float>& row) const {
        const Index keys = n_.axis(n_.axes.key)->extent;
        std::vector<Index> all(static_cast<std::size_t>(keys));
        std::iota(all.begin(), all.end(), Index{0});
        if (keys <= lines) return all;
        const auto weight = [&row](Index j) {
            const float w = row[static_cast<std::size_t>(j)];
            return std::isfinite(w) ? w : -1.0f;
        };
        const auto kept = all.begin() + std::max<Index>(1, lines - 1);
        std::partial_sort(all.begin(), kept, all.end(),
                          [&](Index a, Index b) { return weight(a) != weight(b) ? weight(a) > weight(b) : a < b; });
        all.erase(kept, all.end());
        if (std::find(all.begin(), all.end(), v_.key) == all.end()) all.back() = v_.key;
        return all;
    }

    void draw_softmax(const Box& box) {
        const Axis& axis = *n_.axis(n_.axes.key);
        const Theme& theme = sketch_.theme();
        const double size = std::clamp(box.h * 0.3, sketch_.px(least_text), sketch_.px(13)), least = sketch_.px(14);
        // The heading gives way to a second line: the weight itself, and what the others are.
        const double line = box.h >= size * 1.7 + 2 * least ? size * 1.7 : 0;
        if (line > 0)
            sketch_.text({box.x, box.y + line / 2},
                         fitting({tr("softmax over the keys: {}", short_name(axis)), tr("softmax over the keys"), "softmax"},
                                 box.w, size),
                         size, theme.secondary, HAlign::left, VAlign::middle);
        const double room = box.h - line;
        const auto lines = static_cast<Index>(room / least);
        if (lines < 1) return;
        const std::vector<float> row = row_seen();
        const std::vector<Index> keys = listed(lines, row);
        const bool all = static_cast<Index>(keys.size()) == axis.extent || lines == 1;
        const double pitch = std::min(sketch_.px(20), room / static_cast<double>(keys.size() + (all ? 0 : 1)));
        const double text = std::clamp(pitch * 0.8, sketch_.px(least_text), sketch_.px(15)),
                     number = std::clamp(pitch * 0.75, sketch_.px(least_text), sketch_.px(12));
        double label_w = 0;
        for (const Index j : keys) label_w = std::max(label_w, sketch_.text_width(drawn_label(axis, j), text));
        label_w = std::min(label_w, std::max(box.w * 0.5, box.w - sketch_.px(100)));
        const double x = box.x + label_w + sketch_.px(10),
                     longest =
                         std::max(1.0, box.right() - x - sketch_.text_width("0.000", number, Font::mono) - sketch_.px(10));
        double shown = 0;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const Index j = keys[i];
            const double y = box.y + line + static_cast<double>(i) * pitch,
                         w = static_cast<double>(row[static_cast<std::size_t>(j)]);
            const bool at = j == v_.key;
            const Color ink = at ? theme.selection : sketch_.hovered(n_.axis(n_.axes.key), j) ? theme.accent : theme.text;
            sketch_.text({box.x + label_w, y + pitch / 2},
                         cut_to_fit(drawn_label(axis, j), label_w + 0.5, text, Font::ui, sketch_.measure()), text, ink,
                         HAlign::right, VAlign::middle);
            if (!std::isfinite(w)) {
                const double bar = std::min(longest, sketch_.px(40));
                sketch_.hatch({x, y + pitch * 0.18, bar, pitch * 0.64});
                if (longest > sketch_.px(100))
                    sketch_.text({x + bar + sketch_.px(6), y + pitch / 2}, tr("masked"), number, theme.faint, HAlign::left,
                                 VAlign::middle);
                continue;
            }
            shown += w;
            // By hand a weight may lie outside of 0 to 1: its bar is as long as there is room, in a colour of its own.
            const bool above = Normalization().above(w), below = Normalization().below(w);
            const double length = std::max(1.0, std::min(std::abs(w), 1.0) * longest);
            const Color bar = above ? theme.over : below ? theme.under : at ? theme.selection : theme.accent;
            sketch_.rect({x, y + pitch * 0.18, length, pitch * 0.64}, bar, sketch_.px(2));
            sketch_.text({x + length + sketch_.px(6), y + pitch / 2}, fmt::format("{:.2f}", w), number,
                         at ? theme.selection : theme.secondary, HAlign::left, VAlign::middle, Font::mono);
            HitRegion region;
            region.box = {box.x, y, box.w, pitch};
            region.ref = {n_.weights->info.name, v_.cell};
            region.ref.index.back() = j;
            region.editable = n_.weights->info.role == Role::weights;
            sketch_.region(region);
        }
        if (all) return;
        double sum = 0;
        for (const float w : row)
            if (std::isfinite(w)) sum += static_cast<double>(w);
        const double y = box.y + line + static_cast<double>(keys.size()) * pitch;
        const std::string more = tr("{} more keys", axis.extent - static_cast<Index>(keys.size())),
                          whole = more + tr(": {:.2f} in all", std::max(0.0, sum - shown));
        // Under the bars, or from the left where that is too narrow for it.
        const bool under = x + sketch_.text_width(whole, number) <= box.right();
        sketch_.text({under ? x : box.x, y + pitch / 2}, fitting({whole, more}, box.w, number), number, theme.secondary,
                     HAlign::left, VAlign::middle);
    }

    Sketch& sketch_;
    const Neuron& n_;
    const NeuronNumbers& v_;
    HiddenCells hidden_;
};

class NeuronView : public View {
 public:
    std::string id() const override { return "neuron"; }
    std::string title() const override { return "Neuron view"; }
    std::string explains() const override {
        return "One weight from the inside: query ⊙ key, dimension by dimension; their sum over √d is the score, and softmax "
               "of the scores the weights.";
    }
    bool accepts(const Trace& trace, const TraceTensor& tensor) const override { return neuron_of(trace, tensor).has_value(); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const Neuron n = *neuron_of(trace, tensor_for(*this, trace, state));
        const NeuronNumbers v = numbers_of(n, state);
        Sketch sketch(state, measure);
        std::string where;
        for (const int axis : {n.axes.layer, n.axes.head})
            if (axis >= 0)
                where +=
                    position_text(*n.axis(axis), v.cell[static_cast<std::size_t>(axis)]) + (axis == n.axes.head ? " · " : ", ");
        if (where.ends_with(", ")) where.replace(where.size() - 2, 2, " · ");
        Box content = sketch.begin(tr(title()) + ": " + name_of_token(*n.axis(n.axes.query), v.query) + " → " +
                                       name_of_token(*n.axis(n.axes.key), v.key),
                                   where + "d_head " + std::to_string(n.size()));
        std::vector<Index> row = v.cell;
        row.back() = -1;
        sketch.caption(block_said(*n.weights, std::move(row)), content);
        NeuronSketch(sketch, n, v, HiddenCells(trace, *n.weights, state.memo)).draw(content);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const Neuron n = *neuron_of(trace, tensor_for(*this, trace, state));
        const NeuronNumbers v = numbers_of(n, state);
        const auto values = [&](const char* name, const std::vector<float>& of) {
            return ShownValues{name, {n.unit()}, Tensor<float>::from(Shape{n.size()}, std::span<const float>(of))};
        };
        std::vector<Index> first = v.cell;
        first.back() = 0;
        const Tensor<float> line = n.weights->values.line(first);
        const float* row = line.data();
        const Index keys = n.axis(n.axes.key)->extent;
        ShownValues weights{"weights",
                            {n.axis(n.axes.key)},
                            Tensor<float>::from(Shape{keys}, std::span<const float>(row, static_cast<std::size_t>(keys)))};
        const HiddenCells hidden(trace, *n.weights, state.memo);
        if (hidden.any()) {
            weights.mask = Tensor<float>(Shape{keys});
            for (first.back() = 0; first.back() < keys; ++first.back())
                if (hidden(first)) weights.mask.data()[first.back()] = -std::numeric_limits<float>::infinity();
        }
        return {values("product", v.product), values("query", v.q), values("key", v.k), weights};
    }
};

}  // namespace

const View& neuron_view() {
    static const NeuronView view;
    return view;
}

}  // namespace saccade
