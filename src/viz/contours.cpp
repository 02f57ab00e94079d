#include "viz/contours.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "viz/heatmap_grid.hpp"

namespace saccade {

namespace {

constexpr Index most_cells = 96;  // on a side

/// The matrix at its cells' centres, and once more at its edges.
struct Nodes {
    std::vector<double> x, y;  // in cells of the matrix as it was given
    Tensor<float> values;
    Index block_rows = 1, block_cols = 1;

    Index rows() const { return static_cast<Index>(y.size()); }
    Index cols() const { return static_cast<Index>(x.size()); }
    double at(Index r, Index c) const {
        const Index row = std::clamp<Index>(r - 1, 0, values.shape()[0] - 1),
                    col = std::clamp<Index>(c - 1, 0, values.shape()[1] - 1);
        return static_cast<double>(values.data()[row * values.shape()[1] + col]);
    }
};

/// 0, the centres, the extent.
std::vector<double> places(Index extent, Index block) {
    std::vector<double> at{0};
    for (Index i = 0; i < extent; i += block)
        at.push_back((static_cast<double>(i) + static_cast<double>(std::min(extent, i + block))) / 2);
    at.push_back(static_cast<double>(extent));
    return at;
}

Index block_for(Index extent) {
    Index block = 1;
    while (extent > most_cells * block) block *= 2;
    return block;
}

Nodes nodes_of(const Tensor<float>& values) {
    const Index rows = values.shape()[0], cols = values.shape()[1];
    const GridBlock block{block_for(rows), block_for(cols)};
    Nodes nodes;
    nodes.x = places(cols, block.cols);
    nodes.y = places(rows, block.rows);
    nodes.values = values;
    if (block.rows == 1 && block.cols == 1) return nodes;
    HeatmapGridItem means;
    means.values = values.reshape(Shape{1, rows, cols});
    means.largest = false;
    nodes.values = grid_atlas(means, block).values;
    return nodes;
}

/// Segments that meet on the sides of squares, joined to lines. A side is named by its first node: twice its number, and one
/// more if it goes down.
class Joiner {
 public:
    void add(Index from, Point from_at, Index to, Point to_at) {
        const auto segment = static_cast<Index>(ends_.size());
        ends_.push_back({from, to});
        for (const auto& [side, at] : {std::pair{from, from_at}, {to, to_at}}) {
            Side& here = sides_[side];
            here.at = at;
            here.segments[here.segments[0] < 0 ? 0 : 1] = segment;
        }
    }

    std::vector<Polyline> lines() {
        std::vector<Polyline> all;
        used_.assign(ends_.size(), false);
        // Lines with ends first: from what is left only rings remain.
        for (const bool open : {true, false})
            for (std::size_t i = 0; i < ends_.size(); ++i)
                for (const Index side : ends_[i])
                    if (!used_[i] && (!open || sides_[side].segments[1] < 0)) all.push_back(walk(static_cast<Index>(i), side));
        return all;
    }

 private:
    struct Side {
        Point at;
        std::array<Index, 2> segments{-1, -1};
    };

    Polyline walk(Index segment, Index side) {
        Polyline line{sides_[side].at};
        while (segment >= 0 && !used_[static_cast<std::size_t>(segment)]) {
            used_[static_cast<std::size_t>(segment)] = true;
            const auto& ends = ends_[static_cast<std::size_t>(segment)];
            side = ends[0] == side ? ends[1] : ends[0];
            const Side& here = sides_[side];
            line.push_back(here.at);
            segment = here.segments[0] == segment ? here.segments[1] : here.segments[0];
        }
        return line;
    }

    std::unordered_map<Index, Side> sides_;
    std::vector<std::array<Index, 2>> ends_;
    std::vector<bool> used_;
};

}  // namespace

std::vector<Polyline> contour_lines(const Tensor<float>& values, double level) {
    if (values.empty()) return {};
    const Nodes nodes = nodes_of(values);
    Joiner joiner;
    for (Index r = 0; r + 1 < nodes.rows(); ++r)
        for (Index c = 0; c + 1 < nodes.cols(); ++c) {
            // Corners clockwise from the upper left, sides likewise from the top.
            const std::array<std::array<Index, 2>, 4> corner{{{r, c}, {r, c + 1}, {r + 1, c + 1}, {r + 1, c}}};
            std::array<double, 4> v{};
            for (std::size_t k = 0; k < 4; ++k) v[k] = nodes.at(corner[k][0], corner[k][1]);
            if (!std::isfinite(v[0] + v[1] + v[2] + v[3])) continue;
            const std::array<Index, 4> side{2 * (r * nodes.cols() + c), 2 * (r * nodes.cols() + c + 1) + 1,
                                            2 * ((r + 1) * nodes.cols() + c), 2 * (r * nodes.cols() + c) + 1};
            std::vector<std::size_t> crossed;
            for (std::size_t k = 0; k < 4; ++k)
                if ((v[k] < level) != (v[(k + 1) % 4] < level)) crossed.push_back(k);
            const auto at = [&](std::size_t k) {
                const auto& a = corner[k];
                const auto& b = corner[(k + 1) % 4];
                const double t = (level - v[k]) / (v[(k + 1) % 4] - v[k]);
                const auto x = [&](const auto& n) { return nodes.x[static_cast<std::size_t>(n[1])]; };
                const auto y = [&](const auto& n) { return nodes.y[static_cast<std::size_t>(n[0])]; };
                return Point{x(a) + t * (x(b) - x(a)), y(a) + t * (y(b) - y(a))};
            };
            const auto join = [&](std::size_t a, std::size_t b) { joiner.add(side[a], at(a), side[b], at(b)); };
            if (crossed.size() == 2) join(crossed[0], crossed[1]);
            if (crossed.size() != 4) continue;
            // A saddle: its middle says which corners hang together.
            const bool low_middle = (v[0] + v[1] + v[2] + v[3]) / 4 < level;
            if ((v[0] < level) == low_middle) {
                join(0, 1);
                join(2, 3);
            } else {
                join(3, 0);
                join(1, 2);
            }
        }
    return joiner.lines();
}

}  // namespace saccade
