#include "exhibit/capture_mask.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "trace/observer.hpp"
#include "trace/unchangeable.hpp"

namespace saccade {

namespace {

/// Key j is seen from query i if j <= i + this: by their positions of the whole; where a prefix was cached, the last query
/// stands beside the last key.
Index shift_of(const Axis& query, const Axis& key) {
    return query.at(0) - key.at(0) + key.whole() - query.whole();
}

/// Are all keys that come later exactly 0, and most of the others not?
bool looks_causal(const Tensor<float>& weights, Index queries, Index keys, Index shift) {
    Index later = 0, seen = 0, used = 0;
    for (Index row = 0; row < weights.size() / keys; ++row) {
        const float* cells = weights.data() + row * keys;
        const Index end = std::min(keys, row % queries + shift + 1);
        for (Index j = 0; j < end; ++j) used += cells[j] > 0 ? 1 : 0;
        seen += std::max<Index>(end, 0);
        for (Index j = std::max<Index>(end, 0); j < keys; ++j, ++later)
            if (cells[j] != 0) return false;
    }
    return later > 0 && 2 * used > seen;
}

/// Calls use(cell, later) for every block: do all of its keys come after all of its queries?
template <class Use>
void each_block(const Axis& query, const Axis& key, Use use) {
    const Index shift = key.whole() - query.whole();
    for (Index i = 0; i < query.extent; ++i) {
        const Index last = std::min(query.at(i) + query.part.each, query.end()) - 1;
        for (Index j = 0; j < key.extent; ++j) use(i * key.extent + j, key.at(j) > last + shift);
    }
}

}  // namespace

void mask_later_blocks(Tensor<float>& peaks, const std::vector<Axis>& axes) {
    if (axes.size() < 2 || peaks.empty()) return;
    const Axis &query = axes[axes.size() - 2], &key = axes.back();
    if (query.kind != AxisKind::query || key.kind != AxisKind::key) return;
    const Index cells = query.extent * key.extent, maps = peaks.size() / cells;
    Index seen = 0, used = 0, later = 0, looked_at = 0;
    for (Index map = 0; map < maps && looked_at == 0; ++map)
        each_block(query, key, [&](Index cell, bool is_later) {
            const Index any = peaks.data()[map * cells + cell] != 0 ? 1 : 0;
            (is_later ? later : seen) += 1;
            (is_later ? looked_at : used) += any;
        });
    if (looked_at > 0 || later == 0 || 2 * used <= seen) return;
    for (Index map = 0; map < maps; ++map)
        each_block(query, key, [&](Index cell, bool is_later) {
            if (is_later) peaks.data()[map * cells + cell] = std::numeric_limits<float>::quiet_NaN();
        });
}

void show_causal_mask(Probe& probe, const Tensor<float>& weights, const std::vector<Axis>& axes) {
    if (axes.size() < 2 || weights.empty()) return;
    const Axis &query = axes[axes.size() - 2], &key = axes.back();
    if (query.kind != AxisKind::query || key.kind != AxisKind::key || query.part.each != 1 || key.part.each != 1) return;
    const Index shift = shift_of(query, key);
    if (!looks_causal(weights, query.extent, key.extent, shift)) return;
    Tensor<float> mask(Shape{query.extent, key.extent});
    for (Index i = 0; i < query.extent; ++i)
        for (Index j = std::max<Index>(i + shift + 1, 0); j < key.extent; ++j)
            mask.data()[i * key.extent + j] = -std::numeric_limits<float>::infinity();
    const Tensor<float> shown = Observer{probe}("mask", mask, [&] {
        return Shown{.role = Role::mask,
                     .symbol = "M",
                     .title = "Causal mask, as the captured zeros show it",
                     .axes = {query.name, key.name},
                     .step = {"mask", "−∞ where key j comes after query i, and nothing was captured",
                              fmt::format("@mask[i,j] = where(j <= i {} {}, 0, -inf)", shift < 0 ? "-" : "+",
                                          shift < 0 ? -shift : shift)}};
    });
    require_unchanged("mask", mask, shown, "it is read off the captured weights", "change the weights themselves");
}

}  // namespace saccade
