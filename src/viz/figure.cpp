#include "viz/figure.hpp"

#include <algorithm>

namespace saccade {

bool PartPlace::is_cut() const {
    return std::ranges::any_of(axes, &PartAxis::is_cut);
}

bool PartPlace::is_of_run() const {
    return !axes.empty() && std::ranges::all_of(axes, [](const PartAxis& one) { return one.axis->part.whole > 0; });
}

std::optional<Hit> Figure::hit(Point p) const {
    for (auto region = regions.rbegin(); region != regions.rend(); ++region) {
        if (!region->box.contains(p) || region->rows < 1 || region->cols < 1) continue;
        const Box& box = region->box;
        const double cell_w = box.w / static_cast<double>(region->cols), cell_h = box.h / static_cast<double>(region->rows);
        const Index row = std::min(static_cast<Index>((p.y - box.y) / cell_h), region->rows - 1);
        const Index col = std::min(static_cast<Index>((p.x - box.x) / cell_w), region->cols - 1);
        Hit hit;
        hit.ref = region->ref;
        hit.editable = region->editable;
        hit.px_per_unit = region->px_per_unit;
        hit.cell = {box.x + static_cast<double>(col) * cell_w, box.y + static_cast<double>(row) * cell_h, cell_w, cell_h};
        const auto set = [&hit](int axis, Index position) {
            if (axis >= 0 && static_cast<std::size_t>(axis) < hit.ref.index.size())
                hit.ref.index[static_cast<std::size_t>(axis)] = position;
        };
        const auto mapped = [](const std::vector<Index>& map, Index i) {
            return static_cast<std::size_t>(i) < map.size() ? map[static_cast<std::size_t>(i)] : i;
        };
        set(region->row_axis, mapped(region->row_map, row));
        set(region->col_axis, mapped(region->col_map, col));
        return hit;
    }
    return std::nullopt;
}

Point text_start(const TextItem& item, const TextMeasure& measure) {
    Point start;
    if (item.halign != HAlign::left) {
        const double width = measure.width(item.text, item.size, item.font);
        start.x = item.halign == HAlign::center ? -width / 2 : -width;
    }
    switch (item.valign) {
        case VAlign::top:
            start.y = measure.ascent(item.size, item.font);
            break;
        // Half the height of a capital: what the eye takes for the middle of a line, in Latin and in Chinese.
        case VAlign::middle:
            start.y = 0.36 * item.size;
            break;
        case VAlign::bottom:
            start.y = -measure.descent(item.size, item.font);
            break;
        case VAlign::baseline:
            break;
    }
    return start;
}

}  // namespace saccade
