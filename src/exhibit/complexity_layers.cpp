#include "exhibit/complexity_layers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "attention/scaled_dot_product.hpp"
#include "autograd/ops.hpp"
#include "base/rng.hpp"
#include "base/stop.hpp"
#include "tensor/gemm.hpp"
#include "tensor/softmax_row.hpp"

namespace saccade {

namespace {

Tensor<float> drawn(const Shape& shape, std::uint64_t index) {
    Rng rng = Rng(7).fork("complexity", index);
    Tensor<float> values(shape);
    const double bound = std::sqrt(3.0 / static_cast<double>(shape[-1]));
    for (float& v : values.values()) v = static_cast<float>((2 * rng.uniform() - 1) * bound);
    return values;
}

/// Adds up what matrix products do.
struct Counter {
    double multiply_adds = 0;

    Var<float> affine(const Var<float>& x, const Var<float>& weight) {
        multiply_adds += static_cast<double>(x.value().size()) * static_cast<double>(weight.shape()[0]);
        return saccade::affine<float>(x, weight, {});
    }
    /// q, k, v [B, 1, m, d].
    Var<float> attention(const Var<float>& q, const Var<float>& k, const Var<float>& v, const Tensor<float>& mask) {
        const auto pairs = static_cast<double>(q.shape()[0] * q.shape()[2] * k.shape()[2]);
        multiply_adds += pairs * static_cast<double>(k.shape()[3]) + pairs * static_cast<double>(v.shape()[3]);
        return scaled_dot_product<float>(q, k, v, {}, mask).context;
    }
};

std::function<double(std::stop_token)> self_attention(const LayerSize& size) {
    const Shape shape{1, 1, size.n, size.d};
    return [q = drawn(shape, 1), k = drawn(shape, 2), v = drawn(shape, 3)](const std::stop_token&) {
        Counter counter;
        counter.attention(q, k, v, {});
        return counter.multiply_adds;
    };
}

/// h_t = tanh(W_x x_t + W_h h_t-1), Elman 1990: the plainest recurrence.
std::function<double(std::stop_token)> recurrent(const LayerSize& size) {
    return [x = drawn({size.n, size.d}, 1), input = drawn({size.d, size.d}, 2),
            hidden = drawn({size.d, size.d}, 3)](const std::stop_token& stop) {
        Counter counter;
        const Var<float> projected = counter.affine(x, input);
        Var<float> h = Tensor<float>(Shape{1, x.shape()[1]});
        for (Index t = 0; t < x.shape()[0]; ++t) {
            if (t % 64 == 0) check_stop(stop);
            h = tanh<float>(add<float>(slice<float>(projected, 0, t, 1), counter.affine(h, hidden)));
        }
        return counter.multiply_adds;
    };
}

/// d filters of k tokens, the sequence padded with zeros at both ends.
std::function<double(std::stop_token)> convolution(const LayerSize& size) {
    Tensor<float> padded(Shape{size.n + size.k - 1, size.d});
    const Tensor<float> x = drawn({size.n, size.d}, 1);
    std::ranges::copy(x.values(), padded.rows(size.k / 2, size.n).values().begin());
    std::vector<Var<float>> taps;
    for (Index t = 0; t < size.k; ++t) taps.emplace_back(drawn({size.d, size.d}, 2 + static_cast<std::uint64_t>(t)));
    return [padded, taps, n = size.n](const std::stop_token& stop) {
        Counter counter;
        Var<float> y;
        for (std::size_t t = 0; t < taps.size(); ++t) {
            check_stop(stop);
            const Var<float> part = counter.affine(padded.rows(static_cast<Index>(t), n), taps[t]);
            y = t == 0 ? part : add<float>(y, part);
        }
        return counter.multiply_adds;
    };
}

/// The first of the r tokens that token i looks at: half of them before it, as far as there are so many; at the ends of the
/// sequence more on the other side.
Index first_neighbour(const LayerSize& s, Index i) {
    return std::clamp<Index>(i - s.r / 2, 0, std::max<Index>(s.n - s.r, 0));
}

/// Each query at its own r keys, and at no other: two products of r by d, scores and read.
std::function<double(std::stop_token)> restricted(const LayerSize& size) {
    return [q = drawn({size.n, size.d}, 1), k = drawn({size.n, size.d}, 2), v = drawn({size.n, size.d}, 3),
            size](const std::stop_token& stop) {
        double multiply_adds = 0;
        const Index r = std::min(size.r, size.n), d = size.d;
        const float scale = 1 / std::sqrt(static_cast<float>(d));
        Tensor<float> scores(Shape{r}), weights(Shape{r}), context(Shape{size.n, d});
        for (Index i = 0; i < size.n; ++i) {
            if (i % 64 == 0) check_stop(stop);
            const Index first = first_neighbour(size, i);
            gemm<float>(k.data() + first * d, q.data() + i * d, scores.data(), r, 1, d);
            for (float& score : scores.values()) score *= scale;
            softmax_row<float>(scores.data(), nullptr, weights.data(), r);
            gemm<float>(weights.data(), v.data() + first * d, context.data() + i * d, 1, d, r);
            multiply_adds += 2 * static_cast<double>(r) * static_cast<double>(d);
        }
        return multiply_adds;
    };
}

Index one(const LayerSize&) {
    return 1;
}

std::vector<Index> range(Index from, Index to, Index n) {
    std::vector<Index> places;
    for (Index j = std::max<Index>(from, 0); j <= std::min(to, n - 1); ++j) places.push_back(j);
    return places;
}

std::vector<Index> all_of(const LayerSize& s, Index, Index) {
    return range(0, s.n - 1, s.n);
}
std::vector<Index> step_before(const LayerSize& s, Index i, Index) {
    return range(i - 1, i, s.n);
}
/// Dilated, each token looking back: at each depth at k places, k times as far apart as at the one before (Kalchbrenner 2016).
std::vector<Index> dilated(const LayerSize& s, Index i, Index depth) {
    std::vector<Index> places;
    const double apart = std::pow(static_cast<double>(s.k), static_cast<double>(depth));
    for (Index t = 0; t < s.k; ++t) {
        const double j = static_cast<double>(i) - static_cast<double>(t) * apart;
        if (j >= 0) places.push_back(static_cast<Index>(j));
    }
    return places;
}
std::vector<Index> neighbours(const LayerSize& s, Index i, Index) {
    const Index first = first_neighbour(s, i);
    return range(first, first + s.r - 1, s.n);
}

}  // namespace

const std::vector<LayerKind>& layer_kinds() {
    static const std::vector<LayerKind> all = {
        {"self_attention", "self-attention · n²d", "n² d", "1", "1", 2, 1, 2, "2 * N ^ 2 * D", self_attention, one, all_of},
        {"recurrent", "recurrent · nd²", "n d²", "n", "n", 1, 2, 2, "2 * N * D ^ 2", recurrent,
         [](const LayerSize& s) { return s.n; }, step_before},
        {"convolution", "convolution · knd²", "k n d²", "1", "log_k n", 1, 2, 1, "K * N * D ^ 2", convolution, one, dilated},
        {"restricted", "restricted · rnd", "r n d", "1", "2 n / r", 1, 1, 2, "2 * R * N * D", restricted, one, neighbours},
    };
    return all;
}

Index path_length(const LayerKind& kind, const LayerSize& size) {
    std::vector<char> reached(static_cast<std::size_t>(size.n));
    reached[0] = 1;
    Index depth = 0;
    for (; reached.back() == 0 && depth <= size.n; ++depth) {
        std::vector<char> next = reached;
        for (Index i = 0; i < size.n; ++i)
            for (const Index j : kind.looks_at(size, i, depth))
                if (reached[static_cast<std::size_t>(j)] != 0) {
                    next[static_cast<std::size_t>(i)] = 1;
                    break;
                }
        reached = std::move(next);
    }
    return depth;
}

}  // namespace saccade
