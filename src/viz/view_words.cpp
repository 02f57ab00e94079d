#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viz/color_space.hpp"
#include "viz/layout.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr std::string_view probabilities_end = ".probabilities";

/// The ids whose probabilities these are: "lens.id" beside "lens.probabilities", along the same axes; null: there are none.
const TraceTensor* ids_of(const Trace& trace, const TraceTensor& tensor) {
    const std::string& name = tensor.info.name;
    if (tensor.info.role != Role::probabilities || tensor.values.shape().rank() != 2 || !name.ends_with(probabilities_end))
        return nullptr;
    const TraceTensor* ids = trace.find(name.substr(0, name.size() - probabilities_end.size()) + ".id");
    return ids != nullptr && ids->info.role == Role::output && ids->info.axes == tensor.info.axes ? ids : nullptr;
}

/// What the ids are ids of: the classes that the run has logits of, which name all of them. (A run may have other vocabularies,
/// as a translator's source has.)
AxisPtr classes_of(const Trace& trace, const TraceTensor& ids) {
    const auto values = ids.values.values();
    const float most = values.empty() ? 0 : *std::ranges::max_element(values);
    for (const TraceTensor* logits : trace.with_role(Role::logits)) {
        const AxisPtr& axis = logits->info.axes.back();
        if (axis->kind == AxisKind::class_ && !axis->labels.empty() && most < static_cast<float>(axis->extent)) return axis;
    }
    return nullptr;
}

/// Which rows have room: all, or some of them evenly, the last always.
std::vector<Index> rows_shown(Index rows, double height, double least) {
    const Index fit = std::clamp<Index>(static_cast<Index>(height / least), 1, rows);
    std::vector<Index> shown;
    for (Index k = 0; k < fit; ++k) shown.push_back(fit == 1 ? rows - 1 : k * (rows - 1) / (fit - 1));
    return shown;
}

Color mixed(Color from, Color to, double share) {
    const Lab a = lab_from(from), b = lab_from(to);
    return color_from({a.l + (b.l - a.l) * share, a.a + (b.a - a.a) * share, a.b + (b.b - a.b) * share});
}

struct Words {
    const TraceTensor &probabilities, &ids;
    AxisPtr classes;

    std::string word(Index row, Index rank) const {
        const auto id = static_cast<Index>(ids.values.row(row).data()[rank]);
        return classes ? drawn_label(*classes, id) : fmt::format("#{}", id);
    }
};

/// A word on a ground the brighter, the likelier it is, and its probability.
void draw_word(Sketch& sketch, const Words& words, Index row, Index rank, const Box& box, bool numbered) {
    const Theme& theme = sketch.theme();
    const auto p = static_cast<double>(words.probabilities.values.row(row).data()[rank]);
    // By the root, so that small probabilities differ; never so bright that the word could not be read.
    sketch.rect(box, mixed(theme.raised, theme.accent, 0.62 * std::sqrt(std::clamp(p, 0.0, 1.0))), sketch.px(4));
    const double size = std::min(sketch.px(13), box.h * 0.62), inset = sketch.px(8), middle = box.y + box.h / 2;
    const std::string word = words.word(row, rank), number = share_text(p);
    const double small = size * 0.85, taken = sketch.text_width(number, small, Font::mono) + sketch.px(8);
    const double room = box.w - 2 * inset - (numbered ? taken : 0);
    if (room < size) return;
    sketch.text({box.x + inset, middle}, cut_to_fit(word, room, size, Font::ui, sketch.measure()), size, theme.text,
                HAlign::left, VAlign::middle);
    if (numbered)
        sketch.text({box.right() - inset, middle}, number, small, theme.text, HAlign::right, VAlign::middle, Font::mono);
}

void draw_words(Sketch& sketch, const Words& words, const Box& content) {
    const auto& axes = words.probabilities.info.axes;
    const Index all_rows = axes[0]->extent, ranks = axes[1]->extent;
    const std::vector<Index> rows = rows_shown(all_rows, content.h, sketch.px(24));
    const double pitch = std::min(content.h / static_cast<double>(rows.size()), sketch.px(38));
    double names = 0;
    for (const Index row : rows) names = std::max(names, sketch.text_width(axes[0]->label(row), sketch.px(12)));
    names = std::min(names + sketch.px(10), content.w * 0.3);
    const Index cols = std::clamp<Index>(static_cast<Index>((content.w - names) / sketch.px(58)), 1, ranks);
    const double width = std::min((content.w - names) / static_cast<double>(cols), sketch.px(190)), gap = sketch.px(4);
    const double top = content.y + (content.h - pitch * static_cast<double>(rows.size())) / 2;
    const double left = content.x + (content.w - names - width * static_cast<double>(cols)) / 2 + names;
    // Numbers where all of them have room beside their words.
    double widest = 0;
    for (const Index row : rows)
        for (Index rank = 0; rank < cols; ++rank)
            widest = std::max(widest, sketch.text_width(words.word(row, rank), sketch.px(13)));
    const bool numbered =
        std::min(widest, sketch.px(90)) + sketch.text_width("0.00", sketch.px(11), Font::mono) + sketch.px(30) <= width;
    for (std::size_t k = 0; k < rows.size(); ++k) {
        const double y = top + pitch * static_cast<double>(k);
        sketch.text({left - sketch.px(8), y + pitch / 2},
                    cut_to_fit(axes[0]->label(rows[k]), names - sketch.px(8), sketch.px(12), Font::ui, sketch.measure()),
                    sketch.px(12), sketch.focus_color(axes[0], rows[k], sketch.theme().secondary), HAlign::right,
                    VAlign::middle);
        for (Index rank = 0; rank < cols; ++rank) {
            const Box box{left + width * static_cast<double>(rank) + gap / 2, y + gap / 2, width - gap, pitch - gap};
            draw_word(sketch, words, rows[k], rank, box, numbered);
            const Theme& theme = sketch.theme();
            if (sketch.selected(axes[0], rows[k]) && sketch.selected(axes[1], rank))
                sketch.outline(box, theme.selection, sketch.px(2), sketch.px(4));
            else if (sketch.hovered(axes[0], rows[k]) && sketch.hovered(axes[1], rank))
                sketch.outline(box, sketch.hover_color(), sketch.px(1.5), sketch.px(4));
        }
    }
    HitRegion region;
    region.box = {left, top, width * static_cast<double>(cols), pitch * static_cast<double>(rows.size())};
    region.ref = {words.probabilities.info.name, {-1, -1}};
    region.rows = static_cast<Index>(rows.size());
    region.cols = cols;
    region.row_axis = 0;
    region.col_axis = 1;
    region.row_map = rows;
    sketch.region(region);
}

class WordsView : public View {
 public:
    std::string id() const override { return "words"; }
    std::string title() const override { return "Words"; }
    std::string explains() const override {
        return "The likeliest words of each row, the likeliest first; the brighter its ground, the likelier a word is.";
    }
    bool accepts(const Trace& trace, const TraceTensor& tensor) const override { return ids_of(trace, tensor) != nullptr; }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Words words{tensor, *ids_of(trace, tensor), classes_of(trace, *ids_of(trace, tensor))};
        Sketch sketch(state, measure);
        const std::string subtitle = axis_caption(*tensor.info.axes[0]) + ", the likeliest first";
        const Box content = sketch.begin(tensor.info.title.empty() ? tensor.info.name : tensor.info.title, subtitle);
        draw_words(sketch, words, content);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const TraceTensor& ids = *ids_of(trace, tensor);
        return {{tensor.info.name, tensor.info.axes, tensor.values}, {ids.info.name, ids.info.axes, ids.values}};
    }
};

}  // namespace

const View& words_view() {
    static const WordsView view;
    return view;
}

}  // namespace saccade
