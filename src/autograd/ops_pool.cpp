#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "autograd/ops_channels.hpp"
#include "autograd/ops_common.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

namespace {

using namespace Eigen::internal;
using simd::Packet;

/// Windows of size x size pixels over pictures [batch, height, width, channels].
struct PoolShape {
    Index batch, height, width, channels, size, stride, padding;

    Index rows() const { return (height + 2 * padding - size) / stride + 1; }
    Index cols() const { return (width + 2 * padding - size) / stride + 1; }
    Shape result() const { return {batch, rows(), cols(), channels}; }

    /// Calls body(offset in x of the pixel, offset in y of the window) for each pixel of each window, in reading order; the
    /// windows of one picture on one thread.
    template <class Body>
    void for_places(const Body& body) const {
        for_rows(batch, rows() * cols() * channels * size * size, [&](Index start, Index count) {
            for (Index w = start * rows() * cols(); w < (start + count) * rows() * cols(); ++w) {
                const Index y0 = w / cols() % rows() * stride - padding, x0 = w % cols() * stride - padding;
                const Index image = w / (rows() * cols()) * height;
                for (Index y = std::max<Index>(y0, 0); y < std::min(y0 + size, height); ++y) {
                    for (Index x = std::max<Index>(x0, 0); x < std::min(x0 + size, width); ++x)
                        body(((image + y) * width + x) * channels, w * channels);
                }
            }
        });
    }
};

PoolShape pool_shape(const char* operation, const Shape& x, Index size, Index stride, Index padding) {
    if (x.rank() != 4) throw shape_error(operation, x, "[N, H, W, C] is expected");
    if (size < 1 || stride < 1 || padding < 0 || 2 * padding > size || x[1] + 2 * padding < size || x[2] + 2 * padding < size) {
        throw shape_error(operation, x,
                          fmt::format("no window of {} pixels by steps of {}, padding {}", size, stride, padding));
    }
    return {x[0], x[1], x[2], x[3], size, stride, padding};
}

struct PictureRows {
    Index pictures, pixels, channels;
};

/// Pictures as rows of channels. Error if there is no pixel, or more than a float counts.
PictureRows global_shape(const char* operation, const Shape& x) {
    if (x.rank() != 4 || x[1] * x[2] < 1 || x[1] * x[2] > Index{1} << 24)
        throw shape_error(operation, x, "[N, H, W, C] with pixels is expected, and no more than 16 million");
    return {x[0], x[1] * x[2], x[3]};
}

/// Calls body(offset of the first pixel's vector, offset in [pictures, channels], Channels) for each vector of channels of each
/// picture.
template <class T, class Body>
void for_vectors_of_pictures(Index pictures, Index pixels, Index channels, const Body& body) {
    for_rows(pictures, pixels * channels, [&](Index start, Index count) {
        for (Index n = start; n < start + count; ++n) {
            for_channels<T>(channels,
                            [&](Index c, const auto& lanes) { body(n * pixels * channels + c, n * channels + c, lanes); });
        }
    });
}

/// y = max over the places of each window, and where in x it was (the first, if several).
template <class T, class ForPlaces>
Var<T> pool_max(const Var<T>& x, const Shape& result, Index channels, const ForPlaces& for_places) {
    Tensor<T> y(result, -std::numeric_limits<T>::infinity());
    if (!x.tracked()) {
        for_places([&](Index from, Index to) {
            array(y.data() + to, channels) = array(y.data() + to, channels).max(array(x.value().data() + from, channels));
        });
        return y;
    }
    auto where = std::make_shared<std::vector<std::int32_t>>(static_cast<std::size_t>(y.size()), -1);
    for_places([&](Index from, Index to) {
        for (Index c = 0; c < channels; ++c) {
            std::int32_t& place = (*where)[static_cast<std::size_t>(to + c)];
            const T value = x.value().data()[from + c];
            if (place >= 0 && !(value > y.data()[to + c])) continue;
            y.data()[to + c] = value;
            place = static_cast<std::int32_t>(from + c);
        }
    });
    return x.tape()->record(std::move(y), [where, id = x.id()](Tape<T>& t, const Tensor<T>& grad) {
        T* const grad_x = t.grad_of(id).data();
        for (Index i = 0; i < grad.size(); ++i) grad_x[(*where)[static_cast<std::size_t>(i)]] += grad.data()[i];
    });
}

/// y = factor times the sum over the places of each window.
template <class T, class ForPlaces>
Var<T> pool_sum(const Var<T>& x, const Shape& result, Index channels, T factor, const ForPlaces& for_places) {
    Tensor<T> y(result);
    for_places([&](Index from, Index to) { array(y.data() + to, channels) += array(x.value().data() + from, channels); });
    array(y) *= factor;
    if (!x.tracked()) return y;
    return x.tape()->record(std::move(y), [=, id = x.id()](Tape<T>& t, const Tensor<T>& grad) {
        T* const grad_x = t.grad_of(id).data();
        for_places([&](Index to, Index from) { array(grad_x + to, channels) += factor * array(grad.data() + from, channels); });
    });
}

}  // namespace

template <class T>
Var<T> max_pool2d(const Var<T>& x, Index size, Index stride, Index padding) {
    const PoolShape s = pool_shape("max_pool2d", x.shape(), size, stride, padding);
    return pool_max(x, s.result(), s.channels, [s](const auto& body) { s.for_places(body); });
}

template <class T>
Var<T> mean_pool2d(const Var<T>& x, Index size, Index stride, Index padding) {
    const PoolShape s = pool_shape("mean_pool2d", x.shape(), size, stride, padding);
    return pool_sum(x, s.result(), s.channels, T(1) / static_cast<T>(size * size),
                    [s](const auto& body) { s.for_places(body); });
}

template <class T>
Var<T> global_mean_pool(const Var<T>& x) {
    const auto [pictures, pixels, channels] = global_shape("global_mean_pool", x.shape());
    const T factor = T(1) / static_cast<T>(pixels);
    Tensor<T> y = Tensor<T>::uninitialized(Shape{pictures, channels});
    for_vectors_of_pictures<T>(
        pictures, pixels, channels, [&, px = pixels, ch = channels](Index first, Index to, const auto& lanes) {
            const Packet<T> sum = sum_rows<T>(
                px, [&](Index p, const Packet<T>& t) { return padd(t, lanes.load(x.value().data() + first + p * ch)); });
            lanes.store(y.data() + to, pmul(sum, simd::all<T>(factor)));
        });
    if (!x.tracked()) return y;
    return x.tape()->record(std::move(y), [factor, pictures = pictures, px = pixels, ch = channels, id = x.id()](
                                              Tape<T>& t, const Tensor<T>& grad) {
        bool fresh = false;
        T* const to = t.grad_buffer(id, fresh).data();
        for_vectors_of_pictures<T>(pictures, px, ch, [&](Index first, Index from, const auto& lanes) {
            const Packet<T> g = pmul(lanes.load(grad.data() + from), simd::all<T>(factor));
            for (Index at = first; at < first + px * ch; at += ch)
                lanes.store(to + at, fresh ? g : padd(g, lanes.load(to + at)));
        });
    });
}

template <class T>
Var<T> global_max_pool(const Var<T>& x) {
    const auto [pictures, pixels, channels] = global_shape("global_max_pool", x.shape());
    Tensor<T> y = Tensor<T>::uninitialized(Shape{pictures, channels}), where = Tensor<T>::uninitialized(y.shape());
    for_vectors_of_pictures<T>(pictures, pixels, channels,
                               [&, px = pixels, ch = channels](Index first, Index to, const auto& lanes) {
                                   Packet<T> largest = lanes.load(x.value().data() + first), at = simd::all<T>(T(0));
                                   for (Index p = 1; p < px; ++p) {
                                       const Packet<T> value = lanes.load(x.value().data() + first + p * ch);
                                       const Packet<T> larger = pcmp_lt(largest, value);
                                       largest = pselect(larger, value, largest);
                                       at = pselect(larger, simd::all<T>(static_cast<T>(p)), at);
                                   }
                                   lanes.store(y.data() + to, largest);
                                   lanes.store(where.data() + to, at);
                               });
    if (!x.tracked()) return y;
    return x.tape()->record(
        std::move(y), [where, picture = pixels * channels, ch = channels, id = x.id()](Tape<T>& t, const Tensor<T>& grad) {
            T* const to = t.grad_of(id).data();
            for (Index i = 0; i < grad.size(); ++i)
                to[i / ch * picture + static_cast<Index>(where.data()[i]) * ch + i % ch] += grad.data()[i];
        });
}

#define SACCADE_INSTANTIATE(T)                                       \
    template Var<T> max_pool2d(const Var<T>&, Index, Index, Index);  \
    template Var<T> mean_pool2d(const Var<T>&, Index, Index, Index); \
    template Var<T> global_mean_pool(const Var<T>&);                 \
    template Var<T> global_max_pool(const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
