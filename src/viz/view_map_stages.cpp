#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/translate.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/map_stack.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// One map on the way: a plane, or the mean over its channels, or the channel that is selected.
struct Stage {
    const TraceTensor* tensor = nullptr;
    Tensor<float> values;  // [y, x]
    CellRef ref;           // -1 on y and x, and on the channels if the mean is shown
    std::string what;      // "mean over c", "channel 17"; empty for a plane
    std::string formula;
};

/// [channels, y, x] -> [y, x], masked cells left out.
Tensor<float> mean_over_channels(const Tensor<float>& maps) {
    const Index n = maps.shape()[0], cells = maps.shape()[1] * maps.shape()[2];
    Tensor<float> mean(Shape{maps.shape()[1], maps.shape()[2]});
    std::vector<float> counts(static_cast<std::size_t>(cells), 0);
    for (Index c = 0; c < n; ++c)
        for (Index i = 0; i < cells; ++i) {
            const float v = maps.data()[c * cells + i];
            if (!std::isfinite(v)) continue;
            mean.data()[i] += v;
            counts[static_cast<std::size_t>(i)] += 1;
        }
    for (Index i = 0; i < cells; ++i) mean.data()[i] /= counts[static_cast<std::size_t>(i)];  // none finite: NaN
    return mean;
}

/// What a name belongs to: "stage3.block2" for "stage3.block2.spatial".
std::string_view owner_of(std::string_view name) {
    return name.substr(0, std::min(name.rfind('.'), name.size()));
}

bool is_stage(const TraceTensor& tensor) {
    const auto& axes = tensor.info.axes;
    return is_map(tensor) && (axes.size() == 2 || (axes.size() == 3 && axes[0]->kind == AxisKind::channel));
}

/// Planes and channels of the chosen tensor's cells and of the same part of the model; other axes (words, networks) are another
/// story, and so is what was made of the maps afterwards (Grad-CAM). Where several say how they came about, those that do.
std::vector<const TraceTensor*> on_the_way(const Trace& trace, const TraceTensor& chosen) {
    std::vector<const TraceTensor*> all, explained;
    for (const TraceTensor& tensor : trace.tensors()) {
        if (owner_of(tensor.info.name) != owner_of(chosen.info.name)) continue;
        if (!is_stage(tensor) || !same_cells(tensor, chosen) || tensor.values.empty()) continue;
        all.push_back(&tensor);
        if (&tensor == &chosen || trace.step_of(tensor.info.name) != nullptr) explained.push_back(&tensor);
    }
    return explained.size() > 2 ? explained : all;
}

std::vector<Stage> stages_of(const Trace& trace, const TraceTensor& chosen, const ViewState& state) {
    std::vector<Stage> stages;
    for (const TraceTensor* one : on_the_way(trace, chosen)) {
        const TraceTensor& tensor = *one;
        const auto& axes = tensor.info.axes;
        const bool plane = axes.size() == 2;
        Stage stage;
        stage.tensor = &tensor;
        stage.ref = {tensor.info.name, std::vector<Index>(axes.size(), -1)};
        if (const Step* step = trace.step_of(tensor.info.name)) stage.formula = step->formula;
        if (plane) {
            stage.values = tensor.values;
        } else if (const auto channel = state.selected.on(axes[0]); channel && *channel < axes[0]->extent) {
            stage.values = tensor.values.row(*channel);
            stage.ref.index[0] = *channel;
            stage.what = tr(to_string(axes[0]->kind)) + " " + drawn_label(*axes[0], *channel);
        } else {
            stage.values = *remembered<Tensor<float>>(state.memo, tensor.values, "mean over channels",
                                                      [&] { return mean_over_channels(tensor.values); });
            stage.what = tr("mean over {}", axes[0]->symbol.empty() ? tr(to_string(axes[0]->kind)) : axes[0]->symbol);
        }
        stages.push_back(std::move(stage));
    }
    return stages;
}

/// Where the maps stand: as large as they can be.
struct Rows {
    Box first;
    Index cols = 1;
    double pitch_x = 0, pitch_y = 0;
    double head = 0, foot = 0;  // room for the caption above and the formula below
    double size = 13;           // px of the em
    int lines = 1;              // of the caption

    Box place(std::size_t i) const {
        const auto at = static_cast<Index>(i);
        return {first.x + static_cast<double>(at % cols) * pitch_x, first.y + static_cast<double>(at / cols) * pitch_y, first.w,
                first.h};
    }
};

std::string name_of(const Stage& stage) {
    const TensorInfo& info = stage.tensor->info;
    return info.title.empty() ? info.name : tr_composed(info.title);
}

Rows arrange(const Sketch& sketch, const std::vector<Stage>& stages, double shape, const Box& room) {
    const auto n = static_cast<Index>(stages.size());
    Rows best;
    const auto tried = [&](Index cols, bool captions, bool formulas) {
        Rows rows;
        rows.cols = cols;
        rows.size = sketch.em(sketch.px(13));
        // Names of two words may take two lines.
        const double width = room.w / static_cast<double>(cols) - sketch.px(10);
        if (captions && std::ranges::any_of(stages, [&](const Stage& stage) {
                return sketch.text_width(stage.tensor->info.symbol + " " + name_of(stage), rows.size) + sketch.px(7) > width;
            })) {
            rows.size = sketch.em(sketch.px(11));
            rows.lines = 2;
        }
        rows.head = captions ? rows.size * (rows.lines == 2 ? 2.5 : 1.5) : 0;
        rows.foot = formulas ? rows.size * 1.4 : 0;
        const auto c = static_cast<double>(cols), r = std::ceil(static_cast<double>(n) / c);
        const double gap_x = std::min(sketch.px(20), room.w / c * 0.15), gap_y = std::min(sketch.px(12), room.h / r * 0.1);
        const double taken = rows.head + rows.foot;
        const double h = (room.h + gap_y) / r - gap_y - taken, w = std::min((room.w + gap_x) / c - gap_x, h * shape);
        rows.first.w = w >= 8 ? std::floor(w) : std::max(w, 0.0);
        rows.first.h = rows.first.w / shape;
        // Captions have the whole pitch, not the map's width alone.
        rows.pitch_x = std::min((room.w + gap_x) / c, std::max(rows.first.w + gap_x, captions ? sketch.px(150) : 0.0));
        rows.pitch_y = rows.first.h + taken + gap_y;
        rows.first.x = std::round(room.x + std::max(0.0, (room.w - rows.pitch_x * c + gap_x) / 2));
        rows.first.y = std::round(room.y + rows.head + std::max(0.0, (room.h - rows.pitch_y * r + gap_y) / 2));
        return rows;
    };
    for (const auto& [captions, formulas, least] :
         {std::tuple{true, true, 64.0}, std::tuple{true, false, 32.0}, std::tuple{false, false, 0.0}}) {
        for (Index cols = 1; cols <= n; ++cols) {
            const Rows rows = tried(cols, captions, formulas);
            if (rows.first.w > best.first.w) best = rows;
        }
        if (best.first.w >= sketch.px(least)) return best;
        best = {};
    }
    return tried(n, false, false);
}

void draw_stage(Sketch& sketch, const Stage& stage, const Rows& rows, const Box& box) {
    const Theme& theme = sketch.theme();
    const MapLook look = map_look(*stage.tensor, stage.values, false, sketch.state(), true);
    sketch.add(map_item(sketch, look, stage.values, box, false));
    draw_cell_focus(sketch, stage.tensor->info.axes[stage.tensor->info.axes.size() - 2], stage.tensor->info.axes.back(), box,
                    false);
    sketch.region(map_region(stage.ref, *stage.tensor, box));
    const TensorInfo& info = stage.tensor->info;
    const double room = rows.pitch_x - sketch.px(10);
    const auto write = [&](double x, double y, const std::string& text, double size, Color color, double width) {
        const std::string cut = cut_to_fit(text, width, size, Font::ui, sketch.measure());
        if (cut.empty() || cut == "…") return 0.0;
        sketch.text({x, y}, cut, size, color, HAlign::left, VAlign::middle);
        return sketch.text_width(cut, size);
    };
    if (rows.head > 0) {
        const double y = box.y - rows.head + rows.size * 0.75;
        double x = box.x;
        if (!info.symbol.empty()) x += write(x, y, info.symbol, rows.size, theme.text, room) + sketch.px(7);
        const std::string name = name_of(stage);
        std::vector<std::string> lines = sketch.lines_of(name, box.x + room - x, rows.size);
        if (rows.lines == 1) lines = {name};
        // More than there are lines for is cut on the last.
        for (; lines.size() > 2; lines.erase(lines.begin() + 2)) lines[1] += " " + lines[2];
        for (std::size_t i = 0; i < lines.size() && i < 2; ++i)
            write(x, y + static_cast<double>(i) * rows.size * 1.2, lines[i], rows.size, theme.secondary, box.x + room - x);
    }
    if (rows.foot == 0) return;
    // What is computed stands in the caption: of a formula that is too long the right side may stand alone.
    const std::string formula = stage.what.empty() ? stage.formula : stage.what;
    const std::size_t equals = formula.find(" = ");
    const std::string right = equals == std::string::npos ? formula : formula.substr(equals + 3);
    const double y = box.bottom() + rows.foot * 0.6;
    for (const auto& [text, size] : {std::pair{formula, 12.0}, std::pair{right, 12.0}, std::pair{right, 10.5}})
        if (sketch.text_width(text, sketch.px(size)) <= room || size < 12)
            return void(write(box.x, y, text, sketch.px(size), theme.secondary, room));
}

class MapStagesView : public View {
 public:
    std::string id() const override { return "map-stages"; }
    std::string title() const override { return "Map by map"; }
    std::string explains() const override {
        return "What one block makes of the picture, step by step, each over the same cells.";
    }
    OptionNames options() const override { return {"smooth", "map_threshold", "percentile"}; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override { return is_stage(tensor); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const std::vector<Stage> stages = stages_of(trace, tensor, state);
        if (stages.empty())
            throw Error(ErrorCode::invalid_input, tensor.info.name + " " + tensor.values.shape().str() + " has no maps to show",
                        "choose another tensor");
        Sketch sketch(state, measure);
        const auto n = static_cast<Index>(stages.size());
        const Shape& shape = stages.front().values.shape();
        Box content = sketch.begin(
            title(), fmt::format("{} map{} of {} × {}, each on its own scale", n, n == 1 ? "" : "s", shape[0], shape[1]));
        sketch.caption(map_caption(state, false), content);
        const Rows rows = arrange(sketch, stages, shape_of(nullptr, tensor), content);
        for (std::size_t i = 0; i < stages.size(); ++i) draw_stage(sketch, stages[i], rows, rows.place(i));
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        std::vector<ShownValues> all;
        for (const Stage& stage : stages_of(trace, tensor, state)) {
            const auto& axes = stage.tensor->info.axes;
            ShownValues values{stage.tensor->info.name, {axes[axes.size() - 2], axes.back()}, stage.values};
            // The main tensor first.
            stage.tensor == &tensor ? void(all.insert(all.begin(), std::move(values))) : all.push_back(std::move(values));
        }
        return all;
    }
};

}  // namespace

const View& map_stages_view() {
    static const MapStagesView view;
    return view;
}

}  // namespace saccade
