#include "tensor/conv_correlation.hpp"

#include <algorithm>

#include "base/parallel.hpp"
#include "tensor/conv_kernel.hpp"
#include "tensor/conv_planar.hpp"
#include "tensor/conv_rows.hpp"

namespace saccade {

namespace {

using namespace conv_kernel;

/// Steps of one pixel to a few channels.
template <class T>
bool is_planar(const Correlation& c) {
    return c.stride == 1 && c.out <= conv_planar::most_channels<T>;
}

/// Rows of `to` that one piece of work computes: what their part of `from` takes stays in the second-level cache; and a few
/// pictures, if they are worth it, have pieces for several threads. All of about the same size.
Index piece_rows(const Correlation& c, std::size_t element) {
    constexpr Index cache = Index{96} << 10, worth_cutting = Index{1} << 19;
    const Index row_bytes = (c.to_cols * c.stride + c.kernel_width) * c.channels * c.stride * static_cast<Index>(element);
    const Index by_cache = (c.to_rows * row_bytes + cache - 1) / cache;
    const Index by_work = std::min<Index>(c.products() / worth_cutting, 8) / c.batch;
    const Index pieces = std::clamp<Index>(std::max(by_cache, by_work), 1, c.to_rows);
    return (c.to_rows + pieces - 1) / pieces;
}

/// One piece of work: rows [first, first + count) of an image; end and `to` are of that image.
template <class T>
struct Piece {
    PictureView<T> picture;
    Index first, count;
    const T* weights;
    CorrelationEnd<T> end;
    T* to;

    /// Where the sums of channels from `channel` on go, for the row-th row of the piece.
    Target<T> target(const Correlation& c, Index row, Index channel, Index last) const {
        const Index at = (first + row) * c.to_row + channel;
        return {to + at,
                c.to_pixel,
                last,
                end.bias == nullptr ? nullptr : end.bias + channel,
                end.add == nullptr ? nullptr : end.add + at,
                end.cut};
    }
};

template <class T>
void correlate_vectors(const Correlation& c, const Piece<T>& p) {
    constexpr Index lanes = simd::lanes<T>, wide = panel_vectors * lanes;
    const PaddedRows<T> x(p.picture, p.first * c.stride - c.top, (p.count - 1) * c.stride + c.kernel_height, -c.left,
                          (c.to_cols - 1) * c.stride + c.kernel_width);
    const Window window{c.kernel_height, c.kernel_width, c.channels, x.row_stride(), c.stride * c.channels};
    for (Index panel = 0; panel < c.out; panel += wide) {
        const int vectors = static_cast<int>((std::min(wide, c.out - panel) + lanes - 1) / lanes);
        const Index last = std::min(wide, c.out - panel) - (vectors - 1) * lanes;
        for (Index r = 0; r < p.count; ++r) {
            run_row<T>(window, x.row(r * c.stride), p.weights + panel * c.depth(), p.target(c, r, panel, last), c.to_cols,
                       vectors);
        }
    }
}

template <class T>
void correlate_planes(const Correlation& c, const Piece<T>& p) {
    const conv_planar::Planes<T> planes(p.picture, p.first - c.top, p.count - 1 + c.kernel_height, -c.left,
                                        c.to_cols - 1 + c.kernel_width);
    for (Index o = 0; o < c.out; ++o) {
        conv_planar::correlate<T>({p.weights + o * c.depth(), c.channels, c.kernel_height, c.kernel_width}, planes,
                                  {p.target(c, 0, o, 1), p.count, c.to_cols, c.to_row});
    }
}

}  // namespace

template <class T>
std::shared_ptr<T[]> pack_weights(const Correlation& c, const WeightView<T>& weight) {
    constexpr Index lanes = simd::lanes<T>, wide = panel_vectors * lanes;
    // Planes: [out][channel][row][column]. Else panels of output channels, [panel][row][column][channel][channel of the panel],
    // the last padded with zeros.
    const bool planar = is_planar<T>(c);
    const Index vectors = planar ? 1 : (c.out + lanes - 1) / lanes, size = planar ? c.out : vectors * lanes;
    auto packed = allocate_storage<T>(static_cast<std::size_t>(size * c.depth()));
    const Index places = c.kernel_height * c.kernel_width;
    for (Index o = 0; o < size; ++o) {
        const Index panel = planar ? o : o / wide * wide, width = planar ? 1 : std::min(wide, size - panel);
        T* const to = packed.get() + panel * c.depth() + o - panel;
        const Index next_place = planar ? 1 : c.channels * width, next_channel = planar ? places : width;
        for (Index place = 0; place < places; ++place) {
            const T* from =
                weight.data + o * weight.out + place / c.kernel_width * weight.row + place % c.kernel_width * weight.col;
            T* element = to + place * next_place;
            for (Index in = 0; in < c.channels; ++in, element += next_channel, from += weight.in)
                *element = o < c.out ? *from : T(0);
        }
    }
    return packed;
}

template <class T>
std::shared_ptr<T[]> pack_bias(const T* bias, Index count) {
    if (bias == nullptr) return nullptr;
    constexpr Index lanes = simd::lanes<T>;
    const Index size = (count + lanes - 1) / lanes * lanes;
    auto padded = allocate_storage<T>(static_cast<std::size_t>(size));
    std::fill_n(std::copy_n(bias, count, padded.get()), size - count, T(0));
    return padded;
}

template <class T>
void correlate(const Correlation& c, const T* from, const T* weights, const CorrelationEnd<T>& end, T* to) {
    if (c.batch < 1 || c.to_rows < 1 || c.to_cols < 1) return;
    const Index rows = piece_rows(c, sizeof(T)), pieces = (c.to_rows + rows - 1) / rows;
    const auto work = [&](Index i) {
        const Index image = i / pieces, first = i % pieces * rows;
        const T* const add = end.add == nullptr ? nullptr : end.add + image * c.to_image;
        const Piece<T> piece{{from + image * c.rows * c.cols * c.from_pixel, c.rows, c.cols, c.channels, c.from_pixel},
                             first,
                             std::min(rows, c.to_rows - first),
                             weights,
                             {end.bias, add, end.cut},
                             to + image * c.to_image};
        if (is_planar<T>(c)) {
            correlate_planes(c, piece);
        } else {
            correlate_vectors(c, piece);
        }
    };
    // Waking threads costs some microseconds.
    if (c.products() < Index{1} << 20) {
        for (Index i = 0; i < c.batch * pieces; ++i) work(i);
    } else {
        parallel_for(c.batch * pieces, work);
    }
}

#define SACCADE_INSTANTIATE(T)                                                            \
    template std::shared_ptr<T[]> pack_weights(const Correlation&, const WeightView<T>&); \
    template std::shared_ptr<T[]> pack_bias(const T*, Index);                             \
    template void correlate(const Correlation&, const T*, const T*, const CorrelationEnd<T>&, T*);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
