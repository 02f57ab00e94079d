#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "viz/map_picture.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// Small pictures of their own, [steps, rows, y, x]: a column a step, a row a scale.
struct Patches {
    const TraceTensor* tensor = nullptr;

    AxisPtr steps() const { return tensor->info.axes[0]; }
    AxisPtr rows() const { return tensor->info.axes[1]; }
};

bool are_patches(const TraceTensor& tensor) {
    const auto& axes = tensor.info.axes;
    return axes.size() == 4 && axes[0]->kind == AxisKind::step && is_map(tensor) && tensor.info.role != Role::weights;
}

/// Where they stand: as large as they can be, in one block of rows or, where that makes them larger, in several below each
/// other.
struct Grid {
    double side = 0, pitch_x = 0, pitch_y = 0, left = 0, top = 0, head = 0, block = 0;
    Index columns = 1;  // steps in a block

    Box place(Index step, Index row) const {
        return {left + static_cast<double>(step % columns) * pitch_x,
                top + static_cast<double>(step / columns) * block + head + static_cast<double>(row) * pitch_y, side, side};
    }
};

Grid arrange(const Sketch& sketch, const Patches& patches, const Box& room, double names) {
    const Index steps = patches.steps()->extent, rows = patches.rows()->extent;
    Grid best;
    for (Index columns = 1; columns <= steps; ++columns) {
        const auto blocks = static_cast<double>((steps + columns - 1) / columns), n = static_cast<double>(columns),
                   r = static_cast<double>(rows);
        Grid grid;
        grid.columns = columns;
        grid.head = sketch.px(18);
        const double gap = std::min(sketch.px(8), room.w / n * 0.1), between = sketch.px(10);
        const double high = (room.h - blocks * grid.head - (blocks - 1) * between) / blocks;
        grid.side = std::min((room.w - names + gap) / n - gap, (high + gap) / r - gap);
        if (grid.side < 2) continue;
        grid.side = std::floor(grid.side);
        grid.pitch_x = grid.pitch_y = grid.side + gap;
        grid.block = grid.head + r * grid.pitch_y - gap + between;
        if (grid.side <= best.side) continue;
        grid.left = room.x + names + std::max(0.0, (room.w - names - (n * grid.pitch_x - gap)) / 2);
        grid.top = room.y + std::max(0.0, (room.h - (blocks * grid.block - between)) / 2);
        best = grid;
    }
    return best;
}

class PatchesView : public View {
 public:
    std::string id() const override { return "patches"; }
    std::string title() const override { return "Patches"; }
    std::string explains() const override {
        return "What is seen at each step: one picture a scale, the finest above. All have the same number of cells.";
    }
    bool accepts(const Trace&, const TraceTensor& tensor) const override { return are_patches(tensor); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const Patches patches{&tensor_for(*this, trace, state)};
        const TensorInfo& info = patches.tensor->info;
        const Index steps = patches.steps()->extent, rows = patches.rows()->extent;
        Sketch sketch(state, measure);
        const Shape& shape = patches.tensor->values.shape();
        const Box content = sketch.begin(
            info.title.empty() ? info.name : info.title,
            rows > 1 ? tr("{} × {} cells at each scale", shape[3], shape[2]) : tr("{} × {} cells", shape[3], shape[2]));
        double names = 0;
        const double size = sketch.px(12);
        for (Index s = 0; s < rows && rows > 1; ++s)
            names = std::max(names, sketch.text_width(drawn_label(*patches.rows(), s), size) + sketch.px(10));
        if (names > content.w * 0.25) names = 0;
        const Grid grid = arrange(sketch, patches, content, names);
        if (grid.side <= 0) return sketch.take();
        for (Index t = 0; t < steps; ++t) draw_step(sketch, patches, grid, t);
        if (names > 0)
            for (Index t = 0; t < steps; t += grid.columns)
                for (Index s = 0; s < rows; ++s) {
                    const Box box = grid.place(t, s);
                    sketch.text({box.x - sketch.px(8), box.y + box.h / 2}, drawn_label(*patches.rows(), s), size,
                                sketch.theme().secondary, HAlign::right, VAlign::middle);
                }
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        return {{tensor.info.name, tensor.info.axes, tensor.values}};
    }

 private:
    static void draw_step(Sketch& sketch, const Patches& patches, const Grid& grid, Index t) {
        const AxisPtr steps = patches.steps();
        const Box first = grid.place(t, 0);
        const bool selected = sketch.selected(steps, t), hovered = sketch.hovered(steps, t);
        sketch.text({first.x + first.w / 2, first.y - sketch.px(5)}, fmt::format("{}", t + 1), sketch.px(12),
                    sketch.focus_color(steps, t, sketch.theme().secondary), HAlign::center);
        const Index rows = patches.rows()->extent;
        for (Index s = 0; s < rows; ++s) {
            const Box box = grid.place(t, s);
            HeatmapItem item;
            item.box = box;
            item.values = patches.tensor->values.row(t).row(s);
            item.map = &colormap("grey", theme("dark"));
            item.normalization.low = 0;
            item.normalization.high = 1;
            sketch.add(item);
            draw_cell_focus(sketch, patches.tensor->info.axes[2], patches.tensor->info.axes[3], selected ? box : Box{}, true);
            if (selected || hovered)
                sketch.outline({box.x - sketch.px(2), box.y - sketch.px(2), box.w + sketch.px(4), box.h + sketch.px(4)},
                               selected ? sketch.theme().selection : sketch.hover_color(), sketch.px(selected ? 2 : 1.5), 2);
            sketch.region(map_region({patches.tensor->info.name, {t, s, -1, -1}}, *patches.tensor, box));
        }
    }
};

}  // namespace

const View& patches_view() {
    static const PatchesView view;
    return view;
}

}  // namespace saccade
