#include "viz/heatmap_grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

namespace saccade {

namespace {

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;
constexpr float masked = std::numeric_limits<float>::quiet_NaN(), lowest = std::numeric_limits<float>::lowest(),
                highest = std::numeric_limits<float>::max();

Index smallest_block(double cell_px) {
    Index block = 1;
    while (cell_px * static_cast<double>(block) < 1 && block < (Index{1} << 30)) block *= 2;
    return block;
}

Index shown(const std::vector<Index>& kept, Index all) {
    return kept.empty() ? all : static_cast<Index>(kept.size());
}

Index pieces(Index n, Index block) {
    return (n + block - 1) / block;
}

/// The key that gets most over all rows of a map.
Index most_attended_key(const float* map, Index rows, Index cols) {
    Line sums = Line::Zero(cols);
    for (Index r = 0; r < rows; ++r) {
        const Eigen::Map<const Line> row(map + r * cols, cols);
        sums += (row.abs() <= highest).select(row, 0.0f);
    }
    Index most = 0;
    sums.maxCoeff(&most);
    return most;
}

/// What is done to the rows of one map before they are reduced.
class Rows {
 public:
    Rows(const HeatmapGridItem& item, Index map)
        : item_(item),
          cols_(item.values.shape()[2]),
          data_(item.values.data() + map * item.values.shape()[1] * cols_),
          per_row_(item.normalization.scale == Normalization::Scale::per_row) {
        using Sink = HeatmapGridItem::Sink;
        if (item.sink == Sink::first) sink_ = 0;
        if (item.sink == Sink::most) sink_ = most_attended_key(data_, item.values.shape()[1], cols_);
    }

    Index cols() const { return shown(item_.kept_cols, cols_); }
    Index rows() const { return shown(item_.kept_rows, item_.values.shape()[1]); }

    /// Row r as it is drawn; valid until the next call.
    const float* row(Index r) {
        const float* from = data_ + (item_.kept_rows.empty() ? r : item_.kept_rows[static_cast<std::size_t>(r)]) * cols_;
        if (sink_ < 0 && !per_row_ && item_.kept_cols.empty()) return from;
        line_ = Eigen::Map<const Line>(from, cols_);
        if (sink_ >= 0) {
            line_(sink_) = masked;
            const float left = (line_.abs() <= highest).select(line_, 0.0f).sum();
            if (left > 1e-9f) line_ /= left;
        }
        if (per_row_) {
            const float most = (line_.abs() <= highest).select(line_.abs(), 0.0f).maxCoeff();
            if (most > 0) line_ /= most;
        }
        for (std::size_t c = 0; c < item_.kept_cols.size(); ++c) line_(static_cast<Index>(c)) = line_(item_.kept_cols[c]);
        return line_.data();
    }

 private:
    const HeatmapGridItem& item_;
    Index cols_;
    const float* data_;
    bool per_row_;
    Index sink_ = -1;
    Line line_;
};

/// Largest finite value of each block.
void reduce_largest(Rows& rows, const GridBlock& block, float* out, Index stride) {
    const Index cols = rows.cols();
    Line most(cols);
    for (Index y = 0; y < pieces(rows.rows(), block.rows); ++y) {
        most.setConstant(lowest);
        for (Index r = y * block.rows; r < std::min(rows.rows(), (y + 1) * block.rows); ++r) {
            const Eigen::Map<const Line> row(rows.row(r), cols);
            most = (row.abs() <= highest).select(row, lowest).max(most);
        }
        for (Index x = 0; x < pieces(cols, block.cols); ++x) {
            const float v = most.segment(x * block.cols, std::min(block.cols, cols - x * block.cols)).maxCoeff();
            out[y * stride + x] = v == lowest ? masked : v;
        }
    }
}

/// Mean of the finite values of each block.
void reduce_mean(Rows& rows, const GridBlock& block, float* out, Index stride) {
    const Index cols = rows.cols();
    Line sum(cols), count(cols);
    for (Index y = 0; y < pieces(rows.rows(), block.rows); ++y) {
        sum.setZero();
        count.setZero();
        for (Index r = y * block.rows; r < std::min(rows.rows(), (y + 1) * block.rows); ++r) {
            const Eigen::Map<const Line> row(rows.row(r), cols);
            sum += (row.abs() <= highest).select(row, 0.0f);
            count += (row.abs() <= highest).select(Line::Ones(cols), 0.0f);
        }
        for (Index x = 0; x < pieces(cols, block.cols); ++x) {
            const Index from = x * block.cols, n = std::min(block.cols, cols - from);
            const float finite = count.segment(from, n).sum();
            out[y * stride + x] = finite > 0 ? sum.segment(from, n).sum() / finite : masked;
        }
    }
}

}  // namespace

GridBlock grid_block(const HeatmapGridItem& item, double width_px, double height_px, Index most) {
    const Index rows = shown(item.kept_rows, item.values.shape()[1]), cols = shown(item.kept_cols, item.values.shape()[2]);
    GridBlock block{smallest_block(height_px / static_cast<double>(rows)),
                    smallest_block(width_px / static_cast<double>(cols))};
    while (block.rows < rows && pieces(rows, block.rows) * item.map_rows > most) block.rows *= 2;
    while (block.cols < cols && pieces(cols, block.cols) * item.map_cols > most) block.cols *= 2;
    return block;
}

GridAtlas grid_atlas(const HeatmapGridItem& item, const GridBlock& block) {
    const Index rows = shown(item.kept_rows, item.values.shape()[1]), cols = shown(item.kept_cols, item.values.shape()[2]);
    GridAtlas atlas;
    atlas.tall = pieces(rows, block.rows);
    atlas.wide = pieces(cols, block.cols);
    const Index stride = atlas.wide * item.map_cols;
    atlas.values = Tensor<float>(Shape{atlas.tall * item.map_rows, stride}, masked);
    parallel_for(item.map_rows * item.map_cols, [&](Index place) {
        const Index map = item.order.empty() ? place : item.order[static_cast<std::size_t>(place)];
        if (map < 0 || map >= item.values.shape()[0]) return;
        float* out = atlas.values.data() + place / item.map_cols * atlas.tall * stride + place % item.map_cols * atlas.wide;
        Rows of(item, map);
        item.largest ? reduce_largest(of, block, out, stride) : reduce_mean(of, block, out, stride);
    });
    return atlas;
}

Index grid_places(const HeatmapGridItem& item) {
    Index count = item.map_rows * item.map_cols;
    if (item.order.empty()) return std::min(count, item.values.shape()[0]);
    while (count > 0 && item.order[static_cast<std::size_t>(count - 1)] < 0) --count;
    return count;
}

Box grid_place(const HeatmapGridItem& item, Index row, Index col) {
    const double w = (item.box.w + item.gap) / static_cast<double>(item.map_cols),
                 h = (item.box.h + item.gap) / static_cast<double>(item.map_rows);
    return {item.box.x + static_cast<double>(col) * w, item.box.y + static_cast<double>(row) * h, w - item.gap, h - item.gap};
}

HeatmapItem grid_picture(const HeatmapGridItem& item, const GridAtlas& atlas, Index row, Index col) {
    HeatmapItem picture;
    picture.box = grid_place(item, row, col);
    picture.values = Tensor<float>::uninitialized(Shape{atlas.tall, atlas.wide});
    const Index stride = atlas.values.shape()[1];
    for (Index y = 0; y < atlas.tall; ++y)
        std::copy_n(atlas.values.data() + (row * atlas.tall + y) * stride + col * atlas.wide, atlas.wide,
                    picture.values.data() + y * atlas.wide);
    picture.map = item.map;
    picture.normalization = item.normalization;
    picture.hatch = item.hatch;
    picture.masked_ground = item.masked_ground;
    picture.over = item.over;
    picture.under = item.under;
    return picture;
}

}  // namespace saccade
