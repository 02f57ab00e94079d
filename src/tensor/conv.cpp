#include "tensor/conv.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/parallel.hpp"
#include "tensor/gemm.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

/// The convolution of one group as products of matrices: windows of the picture as rows ("im2col", Chellapilla 2006), a few
/// thousand numbers at a time so that they stay in the cache.
template <class T>
class Windows {
 public:
    explicit Windows(const ConvShape& shape)
        : s_(shape),
          depth_(shape.kernel_height * shape.kernel_width * shape.group_in()),
          rows_(std::clamp<Index>((Index{1} << 16) / std::max<Index>(1, depth_), 16, 1024)),
          columns_(allocate_storage<T>(static_cast<std::size_t>(rows_ * depth_))) {}

    Index depth() const { return depth_; }
    Index pixels() const { return s_.out_height() * s_.out_width(); }
    Index piece_rows() const { return rows_; }
    T* columns() { return columns_.get(); }

    /// Calls body(offset in x or -1 outside, column offset) for every place of the window of pixel p.
    template <class Body>
    void for_places(Index group, Index p, const Body& body) const {
        const Index y0 = p / s_.out_width() * s_.form.stride - s_.form.padding;
        const Index x0 = p % s_.out_width() * s_.form.stride - s_.form.padding;
        Index column = 0;
        for (Index i = 0; i < s_.kernel_height; ++i) {
            for (Index j = 0; j < s_.kernel_width; ++j, column += s_.group_in()) {
                const Index y = y0 + i, x = x0 + j;
                const bool inside = y >= 0 && y < s_.height && x >= 0 && x < s_.width;
                body(inside ? (y * s_.width + x) * s_.in + group * s_.group_in() : -1, column);
            }
        }
    }

    void gather(const T* image, Index group, Index start, Index count) {
        for (Index r = 0; r < count; ++r) {
            T* const row = columns_.get() + r * depth_;
            for_places(group, start + r, [&](Index from, Index column) {
                if (from < 0) {
                    std::fill_n(row + column, s_.group_in(), T(0));
                } else {
                    std::copy_n(image + from, s_.group_in(), row + column);
                }
            });
        }
    }
    void scatter(T* image, Index group, Index start, Index count) const {
        for (Index r = 0; r < count; ++r) {
            const T* const row = columns_.get() + r * depth_;
            for_places(group, start + r, [&](Index to, Index column) {
                for (Index c = 0; to >= 0 && c < s_.group_in(); ++c) image[to + c] += row[column + c];
            });
        }
    }

 private:
    const ConvShape& s_;
    Index depth_, rows_;
    std::shared_ptr<T[]> columns_;
};

/// weight [out, in / groups, places] -> [out, places, in / groups], as the windows' rows run; and back.
template <class T>
void turn_places(const T* from, Index rows, Index inner, Index outer, T* to, bool accumulate) {
    for (Index r = 0; r < rows; ++r, from += inner * outer, to += inner * outer) {
        for (Index i = 0; i < inner; ++i) {
            for (Index j = 0; j < outer; ++j) {
                T& element = to[j * inner + i];
                element = from[i * outer + j] + (accumulate ? element : T(0));
            }
        }
    }
}

template <class T>
std::shared_ptr<T[]> places_first(const ConvShape& s, const T* weight) {
    const Index places = s.kernel_height * s.kernel_width;
    auto turned = allocate_storage<T>(static_cast<std::size_t>(s.out * places * s.group_in()));
    turn_places(weight, s.out, s.group_in(), places, turned.get(), false);
    return turned;
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
    const auto turned = places_first(s, weight);
    parallel_for(s.batch, [&](Index n) {
        Windows<T> windows(s);
        for (Index start = 0; start < windows.pixels(); start += windows.piece_rows()) {
            const Index count = std::min(windows.piece_rows(), windows.pixels() - start);
            T* const to = y + (n * windows.pixels() + start) * s.out;
            for (Index r = 0; bias != nullptr && r < count; ++r) std::copy_n(bias, s.out, to + r * s.out);
            for (Index g = 0; g < s.form.groups; ++g) {
                windows.gather(x + n * s.height * s.width * s.in, g, start, count);
                gemm<T>({windows.columns(), count, windows.depth(), windows.depth()},
                        {turned.get() + g * s.group_out() * windows.depth(), s.group_out(), windows.depth(), windows.depth()},
                        {to + g * s.group_out(), count, s.group_out(), s.out},
                        {.transpose_b = true, .accumulate = bias != nullptr});
            }
        }
    });
}

template <class T>
void conv_grad_input(const ConvShape& s, const T* grad_y, const T* weight, T* grad_x, bool accumulate) {
    const auto turned = places_first(s, weight);
    parallel_for(s.batch, [&](Index n) {
        Windows<T> windows(s);
        T* const image = grad_x + n * s.height * s.width * s.in;
        if (!accumulate) std::fill_n(image, s.height * s.width * s.in, T(0));
        for (Index start = 0; start < windows.pixels(); start += windows.piece_rows()) {
            const Index count = std::min(windows.piece_rows(), windows.pixels() - start);
            const T* const from = grad_y + (n * windows.pixels() + start) * s.out;
            for (Index g = 0; g < s.form.groups; ++g) {
                gemm<T>({from + g * s.group_out(), count, s.group_out(), s.out},
                        {turned.get() + g * s.group_out() * windows.depth(), s.group_out(), windows.depth(), windows.depth()},
                        {windows.columns(), count, windows.depth(), windows.depth()});
                windows.scatter(image, g, start, count);
            }
        }
    });
}

template <class T>
void conv_grad_weight(const ConvShape& s, const T* x, const T* grad_y, T* grad_weight, bool accumulate) {
    Windows<T> windows(s);
    const Index places = s.kernel_height * s.kernel_width;
    Tensor<T> total(Shape{s.out, windows.depth()});
    for (Index n = 0; n < s.batch; ++n) {
        for (Index start = 0; start < windows.pixels(); start += windows.piece_rows()) {
            const Index count = std::min(windows.piece_rows(), windows.pixels() - start);
            const T* const from = grad_y + (n * windows.pixels() + start) * s.out;
            for (Index g = 0; g < s.form.groups; ++g) {
                windows.gather(x + n * s.height * s.width * s.in, g, start, count);
                gemm<T>({from + g * s.group_out(), count, s.group_out(), s.out},
                        {windows.columns(), count, windows.depth(), windows.depth()},
                        {total.data() + g * s.group_out() * windows.depth(), s.group_out(), windows.depth(), windows.depth()},
                        {.transpose_a = true, .accumulate = true});
            }
        }
    }
    turn_places<T>(total.data(), s.out, places, s.group_in(), grad_weight, accumulate);
}

#define SACCADE_INSTANTIATE(T)                                                      \
    template void conv_forward(const ConvShape&, const T*, const T*, const T*, T*); \
    template void conv_grad_input(const ConvShape&, const T*, const T*, T*, bool);  \
    template void conv_grad_weight(const ConvShape&, const T*, const T*, T*, bool);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
