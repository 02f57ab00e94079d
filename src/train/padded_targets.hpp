#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Target sequences padded to one length, time-major (id of (i, b) at i * size + b), and which of the ids count in the loss.
struct PaddedTargets {
    Ids ids;
    std::vector<float> counts;
    Index length = 0;

    static PaddedTargets from(std::span<const Ids> targets, Index pad) {
        PaddedTargets p;
        for (const Ids& t : targets) p.length = std::max(p.length, static_cast<Index>(t.size()));
        const std::size_t size = targets.size();
        p.ids.assign(size * static_cast<std::size_t>(p.length), pad);
        p.counts.assign(p.ids.size(), 0.0f);
        for (std::size_t b = 0; b < size; ++b)
            for (std::size_t i = 0; i < targets[b].size(); ++i) {
                p.ids[i * size + b] = targets[b][i];
                p.counts[i * size + b] = 1.0f;
            }
        return p;
    }

    /// The same with the ids of a sequence side by side: id of (i, b) at b * length + i.
    PaddedTargets batch_major() const {
        PaddedTargets p = *this;
        const std::size_t steps = static_cast<std::size_t>(length), size = steps == 0 ? 0 : ids.size() / steps;
        for (std::size_t b = 0; b < size; ++b)
            for (std::size_t i = 0; i < steps; ++i) {
                p.ids[b * steps + i] = ids[i * size + b];
                p.counts[b * steps + i] = counts[i * size + b];
            }
        return p;
    }
};

}  // namespace saccade
