#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "viz/view.hpp"

namespace saccade {

/// The numbers that a page carries, and the axes that they stand on: each once, however many of its figures show them.
class PageValues {
 public:
    PageValues(const Trace& trace, Reuse* memo) : trace_(trace), memo_(memo) {}

    /// The axis' place in axes().
    std::size_t axis(const AxisPtr& axis);

    /// The cells of a region's tensor over its one or two axes of -1, at the positions that the region shows of them. Their
    /// place in planes(); -1: there are no such cells (more axes run, or none), or there is no room for them.
    /// `seen`: the cells as a heatmap draws them over the region: what is not finite there is masked. Null: the run's mask
    /// says.
    int plane(const HitRegion& region, const Tensor<float>* seen = nullptr);
    /// Does it hold these cells, but for what is masked?
    bool holds(int plane, const Tensor<float>& seen) const;
    /// Cells that a heatmap draws and no tensor holds (a share of the largest of its row).
    int plane_of(const Tensor<float>& seen);

    /// How many cells are left to be taken.
    Index room() const { return room_; }
    /// Was something left out for want of room?
    bool full() const { return full_; }

    /// [{name, title, kind, places: ["source 1: 她", ..], labels}], labels as choices have them.
    const nlohmann::json& axes() const { return axes_; }
    /// [{title, unit, tensor, at, axes: [row, col] or [col], of: [[positions] or null, ..], rows, cols, values, masked}]:
    /// values as base64 of little-endian float32, masked as base64 of bytes, or left out.
    const nlohmann::json& planes() const { return planes_; }

 private:
    int read(const HitRegion& region, const Tensor<float>* seen);
    int keep(nlohmann::json plane, Tensor<float> values, const std::vector<char>& masked);

    const Trace& trace_;
    Reuse* memo_;
    nlohmann::json axes_ = nlohmann::json::array(), planes_ = nlohmann::json::array();
    std::vector<AxisPtr> known_axes_;
    std::map<std::pair<std::string, std::vector<Index>>, int> known_;  // by tensor and index
    std::vector<Tensor<float>> values_;                                // of planes_
    Index room_ = Index{4} << 20;                                      // cells: 16 MiB, a third more in base64
    bool full_ = false;
};

}  // namespace saccade
