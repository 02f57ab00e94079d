#include "viz/cell_numbers.hpp"

#include <algorithm>
#include <cmath>

#include "viz/heatmap_image.hpp"
#include "viz/layout.hpp"
#include "viz/theme.hpp"

namespace saccade {

void write_cell_numbers(Figure& figure, const ViewState& state, const TextMeasure& measure) {
    if (state.options.numbers == ViewOptions::Part::off) return;
    const auto found = std::find_if(figure.items.begin(), figure.items.end(),
                                    [](const FigureItem& item) { return std::holds_alternative<HeatmapItem>(item); });
    if (found == figure.items.end()) return;
    const HeatmapItem grid = std::get<HeatmapItem>(*found);
    const Index rows = grid.values.shape()[0], cols = grid.values.shape()[1];
    const double w = grid.box.w / static_cast<double>(cols), h = grid.box.h / static_cast<double>(rows);
    const double size = std::min(13 * state.text_scale, h * 0.5);
    if (size < 9 || measure.width("00.0", size, Font::mono) + 6 > w) return;
    // All cells or none: a number that is missing reads as one that is not there.
    for (const float v : grid.values.values())
        if (std::isfinite(v) && measure.width(number_text(static_cast<double>(v)), size, Font::mono) + 4 > w) return;
    const Theme& colors = theme(state.theme);
    std::vector<FigureItem> numbers;
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            const double v = static_cast<double>(grid.values.data()[r * cols + c]), t = grid.normalization(v);
            if (std::isnan(t)) continue;
            const Color ground = heatmap_color(grid, v);
            TextItem number;
            number.at = {grid.box.x + (static_cast<double>(c) + 0.5) * w, grid.box.y + (static_cast<double>(r) + 0.5) * h};
            number.text = number_text(v);
            number.size = size;
            number.color = contrast(colors.text, ground) >= contrast(colors.panel, ground) ? colors.text : colors.panel;
            number.font = Font::mono;
            number.halign = HAlign::center;
            number.valign = VAlign::middle;
            numbers.emplace_back(std::move(number));
        }
    // Over the cells, under the outlines of the focus.
    figure.items.insert(found + 1, numbers.begin(), numbers.end());
}

}  // namespace saccade
