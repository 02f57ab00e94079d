#include "tensor/conv.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/parallel.hpp"
#include "tensor/conv_kernel.hpp"
#include "tensor/conv_planar.hpp"
#include "tensor/conv_rows.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

using namespace conv_kernel;

/// A correlation of a picture `from` [batch, rows, cols, channels] with a window, steps of `stride` pixels, written to pixels
/// of `to` that may lie apart: the forward pass, and the gradient of the input for each residue of a pixel modulo the stride.
struct Correlation {
    Index batch, rows, cols, channels;  // of `from`, channels of this group
    Index from_channels;                // of a whole pixel of `from`
    Index kernel_height, kernel_width, stride;
    Index top, left;                   // the first window starts at (-top, -left)
    Index to_rows, to_cols, out;       // pixels that are written, channels of this group
    Index to_image, to_row, to_pixel;  // how far they lie apart
};

/// Steps of one pixel to a few channels.
template <class T>
bool is_planar(const Correlation& c) {
    return c.stride == 1 && c.out <= conv_planar::most_channels<T>;
}

/// Weights [out][channel][row][column].
template <class T, class Weight>
std::shared_ptr<T[]> pack_taps(const Correlation& c, const Weight& weight) {
    auto packed = allocate_storage<T>(static_cast<std::size_t>(c.out * c.channels * c.kernel_height * c.kernel_width));
    T* to = packed.get();
    for (Index o = 0; o < c.out; ++o) {
        for (Index in = 0; in < c.channels; ++in) {
            for (Index i = 0; i < c.kernel_height; ++i) {
                for (Index j = 0; j < c.kernel_width; ++j) *to++ = weight(o, in, i, j);
            }
        }
    }
    return packed;
}

/// Weights in panels of output channels [panel][row][column][channel][panel's lanes], the last panel padded with zeros.
/// weight(out, in, row, column) tells them.
template <class T, class Weight>
std::shared_ptr<T[]> pack_weights(const Correlation& c, const Weight& weight) {
    if (is_planar<T>(c)) return pack_taps<T>(c, weight);
    constexpr Index lanes = simd::lanes<T>, wide = panel_vectors * lanes;
    const Index depth = c.kernel_height * c.kernel_width * c.channels, vectors = (c.out + lanes - 1) / lanes;
    auto packed = allocate_storage<T>(static_cast<std::size_t>(vectors * depth * lanes));
    for (Index first = 0; first < c.out; first += wide) {
        const Index width = std::min(wide, vectors * lanes - first);
        T* const panel = packed.get() + first * depth;
        for (Index o = 0; o < width; ++o) {
            T* to = panel + o;
            if (first + o >= c.out) {
                for (Index k = 0; k < depth; ++k) to[k * width] = T(0);
                continue;
            }
            for (Index i = 0; i < c.kernel_height; ++i) {
                for (Index j = 0; j < c.kernel_width; ++j) {
                    for (Index in = 0; in < c.channels; ++in, to += width) *to = weight(first + o, in, i, j);
                }
            }
        }
    }
    return packed;
}

/// Rows of `to` that one piece of work computes: what their part of `from` takes stays in the second-level cache, and a large
/// picture has pieces for all threads. By the extents alone.
Index piece_rows(const Correlation& c, std::size_t element) {
    const Index row_bytes = (c.to_cols * c.stride + c.kernel_width) * c.channels * c.stride * static_cast<Index>(element);
    return std::clamp<Index>((Index{96} << 10) / std::max<Index>(1, row_bytes), 1, c.to_rows);
}

/// Everything of one piece of work: rows [first, first + count) of an image.
template <class T>
struct Piece {
    PictureView<T> picture;
    Index first, count;
    const T *weights, *bias;
    T* to;
    bool accumulate;
};

template <class T>
void correlate_vectors(const Correlation& c, const Piece<T>& p) {
    constexpr Index lanes = simd::lanes<T>, wide = panel_vectors * lanes;
    const Index depth = c.kernel_height * c.kernel_width * c.channels;
    const PaddedRows<T> x(p.picture, p.first * c.stride - c.top, (p.count - 1) * c.stride + c.kernel_height, -c.left,
                          (c.to_cols - 1) * c.stride + c.kernel_width);
    const Window window{c.kernel_height, c.kernel_width, c.channels, x.row_stride(), c.stride * c.channels};
    for (Index panel = 0; panel < c.out; panel += wide) {
        const int vectors = static_cast<int>((std::min(wide, c.out - panel) + lanes - 1) / lanes);
        const Index last = std::min(wide, c.out - panel) - (vectors - 1) * lanes;
        for (Index r = 0; r < p.count; ++r) {
            run_row<T>(window, x.row(r * c.stride), p.weights + panel * depth,
                       {p.to + (p.first + r) * c.to_row + panel, c.to_pixel, last, p.bias == nullptr ? nullptr : p.bias + panel,
                        p.accumulate},
                       c.to_cols, vectors);
        }
    }
}

template <class T>
void correlate_planes(const Correlation& c, const Piece<T>& p) {
    const conv_planar::Planes<T> planes(p.picture, p.first - c.top, p.count - 1 + c.kernel_height, -c.left,
                                        c.to_cols - 1 + c.kernel_width);
    for (Index o = 0; o < c.out; ++o) {
        conv_planar::correlate<T>(
            {p.weights + o * c.channels * c.kernel_height * c.kernel_width, c.channels, c.kernel_height, c.kernel_width},
            planes,
            {p.to + p.first * c.to_row + o, p.count, c.to_cols, c.to_row, c.to_pixel, p.bias == nullptr ? T(0) : p.bias[o],
             p.accumulate});
    }
}

template <class T>
void correlate(const Correlation& c, const T* from, const T* weights, const T* bias, T* to, bool accumulate) {
    if (c.to_rows < 1 || c.to_cols < 1) return;
    const Index rows = piece_rows(c, sizeof(T)), pieces = (c.to_rows + rows - 1) / rows;
    const auto work = [&](Index i) {
        const Index image = i / pieces, first = i % pieces * rows;
        const Piece<T> piece{{from + image * c.rows * c.cols * c.from_channels, c.rows, c.cols, c.channels, c.from_channels},
                             first,
                             std::min(rows, c.to_rows - first),
                             weights,
                             bias,
                             to + image * c.to_image,
                             accumulate};
        if (is_planar<T>(c)) {
            correlate_planes(c, piece);
        } else {
            correlate_vectors(c, piece);
        }
    };
    // Waking threads costs some microseconds.
    const Index products = c.batch * c.to_rows * c.to_cols * c.out * c.kernel_height * c.kernel_width * c.channels;
    if (products < Index{1} << 20) {
        for (Index i = 0; i < c.batch * pieces; ++i) work(i);
    } else {
        parallel_for(c.batch * pieces, work);
    }
}

/// The bias of a group as whole vectors.
template <class T>
std::shared_ptr<T[]> padded_bias(const T* bias, Index count) {
    if (bias == nullptr) return nullptr;
    constexpr Index lanes = simd::lanes<T>;
    const Index size = (count + lanes - 1) / lanes * lanes;
    auto padded = allocate_storage<T>(static_cast<std::size_t>(size));
    std::fill_n(std::copy_n(bias, count, padded.get()), size - count, T(0));
    return padded;
}

/// The gradient of the pixels of x that a window meets at residue (row, column) modulo the stride: such a pixel has met only
/// each stride-th row and column of the window, at neighbouring pixels of y, in falling order.
template <class T>
void grad_input_residue(const ConvShape& s, const T* grad_y, const T* weight, T* grad_x, bool accumulate, Index group,
                        Index row, Index col) {
    const Index stride = s.form.stride, padding = s.form.padding;
    const auto taken = [&](Index kernel, Index residue) { return kernel > residue ? (kernel - residue - 1) / stride + 1 : 0; };
    // The first pixel y >= 0 with (y + padding) mod stride = residue; it meets y's pixel (y + padding - residue) / stride last.
    const auto first = [&](Index residue) { return ((residue - padding) % stride + stride) % stride; };
    const auto count = [&](Index extent, Index residue) { return (extent - first(residue) + stride - 1) / stride; };
    const Index height = taken(s.kernel_height, row), width = taken(s.kernel_width, col);
    const Correlation c{s.batch,
                        s.out_height(),
                        s.out_width(),
                        s.group_out(),
                        s.out,
                        height,
                        width,
                        1,
                        height - 1 - (first(row) + padding - row) / stride,
                        width - 1 - (first(col) + padding - col) / stride,
                        count(s.height, row),
                        count(s.width, col),
                        s.group_in(),
                        s.height * s.width * s.in,
                        stride * s.width * s.in,
                        stride * s.in};
    const Index places = s.kernel_height * s.kernel_width;
    const T* const of_group = weight + group * s.group_out() * s.group_in() * places;
    const auto weights = pack_weights<T>(c, [&](Index in, Index out, Index i, Index j) {
        return of_group[(out * s.group_in() + in) * places + (row + (height - 1 - i) * stride) * s.kernel_width + col +
                        (width - 1 - j) * stride];
    });
    correlate<T>(c, grad_y + group * s.group_out(), weights.get(), nullptr,
                 grad_x + (first(row) * s.width + first(col)) * s.in + group * s.group_in(), accumulate);
}

}  // namespace

ConvShape conv_shape(const Shape& x, const Shape& weight, ConvForm form) {
    const auto fail = [&](const char* why) {
        return Error(ErrorCode::invalid_input, fmt::format("convolution of {} with {} (stride {}, padding {}, groups {}): {}",
                                                           x.str(), weight.str(), form.stride, form.padding, form.groups, why));
    };
    if (x.rank() != 4 || weight.rank() != 4) throw fail("[N, H, W, C] and [C_out, C_in / groups, h, w] are wanted");
    if (form.stride < 1 || form.padding < 0 || form.groups < 1) throw fail("stride and groups start at 1, padding at 0");
    if (weight[1] * form.groups != x[3] || weight[0] % form.groups != 0) throw fail("the channels do not fit");
    if (weight[2] < 1 || weight[3] < 1) throw fail("the window is empty");
    if (x[1] + 2 * form.padding < weight[2] || x[2] + 2 * form.padding < weight[3]) {
        throw fail("the window is larger than the picture");
    }
    return {x[0], x[1], x[2], x[3], weight[0], weight[2], weight[3], form};
}

template <class T>
void conv_forward(const ConvShape& s, const T* x, const T* weight, const T* bias, T* y) {
    const Index places = s.kernel_height * s.kernel_width;
    const Correlation c{s.batch,
                        s.height,
                        s.width,
                        s.group_in(),
                        s.in,
                        s.kernel_height,
                        s.kernel_width,
                        s.form.stride,
                        s.form.padding,
                        s.form.padding,
                        s.out_height(),
                        s.out_width(),
                        s.group_out(),
                        s.out_height() * s.out_width() * s.out,
                        s.out_width() * s.out,
                        s.out};
    for (Index g = 0; g < s.form.groups; ++g) {
        const T* const of_group = weight + g * s.group_out() * s.group_in() * places;
        const auto weights = pack_weights<T>(c, [&](Index out, Index in, Index i, Index j) {
            return of_group[(out * s.group_in() + in) * places + i * s.kernel_width + j];
        });
        const auto group_bias = padded_bias(bias == nullptr ? nullptr : bias + g * s.group_out(), s.group_out());
        correlate<T>(c, x + g * s.group_in(), weights.get(), group_bias.get(), y + g * s.group_out(), false);
    }
}

template <class T>
void conv_grad_input(const ConvShape& s, const T* grad_y, const T* weight, T* grad_x, bool accumulate) {
    for (Index g = 0; g < s.form.groups; ++g) {
        for (Index residue = 0; residue < s.form.stride * s.form.stride; ++residue) {
            grad_input_residue(s, grad_y, weight, grad_x, accumulate, g, residue / s.form.stride, residue % s.form.stride);
        }
    }
}

#define SACCADE_INSTANTIATE(T)                                                      \
    template void conv_forward(const ConvShape&, const T*, const T*, const T*, T*); \
    template void conv_grad_input(const ConvShape&, const T*, const T*, T*, bool);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
