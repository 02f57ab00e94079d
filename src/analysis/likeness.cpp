#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/catalogue.hpp"
#include "analysis/join_maps.hpp"
#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

// Which heads do the same: how far apart the rows of two heads of a layer are in total variation, mean over the rows; 0: the
// same everywhere, 1: never a key in common. Maps of more than 64 positions are reduced to means of blocks first.
//
//   total_variation[l,h,g] = mean_i( 1/2 sum_j |A[l,h,i,j] - A[l,g,i,j]| )

namespace saccade {

namespace {

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;
constexpr Index most_compared = 64;  // positions on a side

bool accepts(const Trace&, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    return axes && axes->head >= 0 && tensor.info.role == Role::weights;
}

/// How many positions make one, a power of two.
Index block_of(Index positions) {
    Index block = 1;
    while (block * most_compared < positions) block *= 2;
    return block;
}

Index blocks(Index positions, Index block) {
    return (positions + block - 1) / block;
}

/// Mean of the finite cells of each block, 0 if it has none: a [rows, cols] -> [blocks down, blocks across].
void block_means(const float* a, Index rows, Index cols, Index tall, Index wide, float* out) {
    Line sum(cols), count(cols);
    for (Index y = 0; y * tall < rows; ++y) {
        sum.setZero();
        count.setZero();
        for (Index r = y * tall; r < std::min(rows, (y + 1) * tall); ++r) {
            const Eigen::Map<const Line> row(a + r * cols, cols);
            sum += (row.abs() <= std::numeric_limits<float>::max()).select(row, 0.0f);
            count += (row.abs() <= std::numeric_limits<float>::max()).select(Line::Ones(cols), 0.0f);
        }
        for (Index from = 0; from < cols; from += wide) {
            const Index n = std::min(wide, cols - from);
            const float finite = count.segment(from, n).sum();
            *out++ = finite > 0 ? sum.segment(from, n).sum() / finite : 0.0f;
        }
    }
}

/// maps [n, rows, cols] -> [n, n]
void compare(const float* maps, Index n, Index rows, Index cols, float* out) {
    const Index cells = rows * cols;
    for (Index a = 0; a < n; ++a)
        for (Index b = a + 1; b < n; ++b) {
            double sum = 0;
            const float *x = maps + a * cells, *y = maps + b * cells;
            for (Index i = 0; i < cells; ++i) {
                const double p = std::isfinite(x[i]) ? static_cast<double>(x[i]) : 0,
                             q = std::isfinite(y[i]) ? static_cast<double>(y[i]) : 0;
                sum += std::abs(p - q);
            }
            out[a * n + b] = out[b * n + a] = static_cast<float>(sum / 2 / static_cast<double>(rows));
        }
}

/// The heads' maps as they are compared.
struct Compared {
    Tensor<float> maps;  // [layers, heads, rows, cols]
    std::string cell_h, cell_g;
};

/// Large maps made small, as a tensor of its own.
Compared reduced(const Attention& a, const TraceTensor& source, Derived& derived) {
    const Index tall = block_of(a.queries()), wide = block_of(a.keys());
    const Index rows = blocks(a.queries(), tall), cols = blocks(a.keys(), wide);
    Tensor<float> maps = Tensor<float>::uninitialized(Shape{a.layers(), a.heads(), rows, cols});
    for (Index l = 0; l < a.layers(); ++l) {
        const Tensor<float> heads = a.of(l);
        parallel_for(a.heads(), [&](Index h) {
            block_means(heads.row(h).data(), a.queries(), a.keys(), tall, wide,
                        maps.data() + (l * a.heads() + h) * rows * cols);
        });
    }
    const auto own = [&](int axis, Index extent, const char* symbol) {
        const Axis& of = *source.info.axes[static_cast<std::size_t>(axis)];
        derived.axes.push_back({of.name + ".block", of.kind, extent, {}, symbol});
        return -static_cast<int>(derived.axes.size());
    };
    DerivedTensor coarse;
    coarse.suffix = "coarse";
    coarse.role = Role::state;
    coarse.symbol = source.info.symbol + "°";
    coarse.title = source.info.title + ", means of blocks";
    coarse.unit = source.info.unit;
    coarse.axes = a.axes_at("lh");
    coarse.axes.push_back(own(a.axes.query, rows, "p"));
    coarse.axes.push_back(own(a.axes.key, cols, "q"));
    coarse.values = a.has_layer() ? maps : maps.row(0);
    const std::string within = fmt::format("(i // {} == p) * (j // {} == q)", tall, wide);
    coarse.step = {"reduce",
                   {},
                   fmt::format("α°_pq = mean of the block of {} × {} cells", tall, wide),
                   fmt::format("@.coarse[{},p,q] = sum_i(sum_j(where({}, {}, 0))) / max(1, sum_i(sum_j({} * ({} > -inf))))",
                               a.letters("lh"), within, a.finite_cell(), within, a.cell()),
                   ""};
    derived.tensors.push_back(std::move(coarse));
    const std::string layer = a.has_layer() ? "l," : "";
    return {maps, "@.coarse[" + layer + "h,i,j]", "@.coarse[" + layer + "g,i,j]"};
}

Derived derive(const Trace&, const TraceTensor& source, const std::vector<Index>&) {
    const Attention a = attention_of(source);
    Derived derived;
    const bool large = a.queries() > most_compared || a.keys() > most_compared;
    const Compared compared = large ? reduced(a, source, derived) : Compared{a.maps(), a.finite_cell("h"), a.finite_cell("g")};
    const Index n = a.heads(), rows = compared.maps.shape()[2], cols = compared.maps.shape()[3];
    DerivedTensor result;
    result.suffix = "total_variation";
    result.role = Role::state;
    result.symbol = "TV";
    result.title = "How far apart two heads are";
    result.unit = "share";
    result.axes = a.axes_at("lh");
    Axis other =
        a.has_head() ? *source.info.axes[static_cast<std::size_t>(a.axes.head)] : Axis{"head", AxisKind::head, 1, {}, "h"};
    other.name += ".other";
    other.symbol = "g";
    derived.axes.push_back(std::move(other));
    result.axes.push_back(-static_cast<int>(derived.axes.size()));
    Tensor<float> apart(Shape{a.layers(), n, n});
    parallel_for(a.layers(), [&](Index l) {
        compare(compared.maps.data() + l * n * rows * cols, n, rows, cols, apart.data() + l * n * n);
    });
    result.values = a.has_layer() ? apart : apart.row(0);
    result.step = {"compare",
                   {},
                   likeness().formula,
                   fmt::format("@.total_variation[{}{}g] = mean_i(sum_j(abs({} - {})) / 2)", a.letters("lh"),
                               a.has_head() || a.has_layer() ? "," : "", compared.cell_h, compared.cell_g),
                   likeness().source};
    derived.tensors.push_back(std::move(result));
    return derived;
}

}  // namespace

Analysis likeness() {
    return {"likeness",
            "Which heads of a layer do the same: 0 everywhere, 1 nowhere",
            "",
            "TV_hg = mean_i (½ Σ_j |α_h,ij − α_g,ij|)",
            accepts,
            derive,
            {"total_variation", "coarse"}};
}

}  // namespace saccade
