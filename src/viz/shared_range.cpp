#include "viz/shared_range.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "viz/map_picture.hpp"

namespace saccade {

namespace {

struct ColourRange {
    const Colormap* map = nullptr;
    Normalization normalization;
};

/// That of all its pictures; none if they differ.
std::optional<ColourRange> range_of(const Figure& figure) {
    std::optional<ColourRange> one;
    bool same = true;
    const auto see = [&](const Colormap* map, const Normalization& n) {
        if (!one) one = ColourRange{map, n};
        same = same && one->map == map && one->normalization.low == n.low && one->normalization.high == n.high;
    };
    for (const FigureItem& item : figure.items) {
        if (const auto* heatmap = std::get_if<HeatmapItem>(&item)) see(heatmap->map, heatmap->normalization);
        if (const auto* grid = std::get_if<HeatmapGridItem>(&item)) see(grid->map, grid->normalization);
    }
    return same && one && one->normalization.scale != Normalization::Scale::per_row ? one : std::nullopt;
}

/// What is measured, as far as the trace knows: the first region of a figure is of what it shows.
std::string measured(const Trace& trace, const Figure& figure) {
    for (const HitRegion& region : figure.regions)
        if (const TraceTensor* tensor = trace.find(region.ref.tensor)) return measured_in(tensor->info);
    return {};
}

}  // namespace

void share_range(const Trace& trace, std::vector<ViewState>& states, const TextMeasure& measure) {
    using Kind = std::tuple<const Colormap*, Normalization::Scale, std::string>;
    std::map<Kind, std::vector<std::pair<ViewState*, Normalization>>> kinds;
    for (ViewState& state : states) {
        const Figure figure = view(state.view).layout(trace, state, measure);
        if (const auto range = range_of(figure))
            kinds[{range->map, range->normalization.scale, measured(trace, figure)}].emplace_back(&state, range->normalization);
    }
    for (auto& [kind, all] : kinds) {
        if (all.size() < 2) continue;
        std::array<double, 2> limits{all.front().second.low, all.front().second.high};
        for (const auto& [state, n] : all) limits = {std::min(limits[0], n.low), std::max(limits[1], n.high)};
        for (const auto& [state, n] : all) state->limits = limits;
    }
}

}  // namespace saccade
