#include "attention/grid_sampler.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/ops_common.hpp"

namespace saccade {

namespace {

/// A place on one axis of `extent` pixels: between which two it lies, and how far from the first.
template <class T>
struct Between {
    Index low, high;
    T share;       // of the second
    bool outside;  // beyond the outermost pixels' centres
};

template <class T>
Between<T> between(T place, Index extent) {
    // NaN becomes the first pixel, so that nothing is read outside.
    const T at = place * static_cast<T>(extent) - T(0.5), last = static_cast<T>(extent - 1);
    if (!(at > T(0))) return {0, 0, T(0), true};
    if (at >= last) return {extent - 1, extent - 1, T(0), true};
    const Index low = std::min(static_cast<Index>(std::floor(at)), extent - 2);
    return {low, low + 1, at - static_cast<T>(low), false};
}

template <class T>
struct Corners {
    Between<T> x, y;
    const T *a, *b, *c, *d;  // upper left, upper right, lower left, lower right
};

/// Of pixel i of the result, which is one of `pixels` a picture.
template <class T>
Corners<T> corners(const Tensor<T>& picture, const Tensor<T>& grid, Index i, Index pixels) {
    const Shape& s = picture.shape();
    const Index height = s[1], width = s[2], channels = s[3];
    Corners<T> at{between(grid.data()[2 * i], width), between(grid.data()[2 * i + 1], height), {}, {}, {}, {}};
    const T* const base = picture.data() + i / pixels * height * width * channels;
    const auto pixel = [&](Index y, Index x) { return base + (y * width + x) * channels; };
    at.a = pixel(at.y.low, at.x.low);
    at.b = pixel(at.y.low, at.x.high);
    at.c = pixel(at.y.high, at.x.low);
    at.d = pixel(at.y.high, at.x.high);
    return at;
}

/// What comes back to the picture: each pixel of the result gives to the four that it was read from.
template <class T>
void back_to_picture(Tape<T>& tape, int id, const Tensor<T>& picture, const Tensor<T>& grid, const Tensor<T>& grad) {
    if (id < 0) return;
    Tensor<T>& to = tape.grad_of(id);
    const Index channels = picture.shape()[3], pixels = grid.shape()[1] * grid.shape()[2];
    // Several pixels of the result may read one of the picture: a picture is one thread's.
    for_rows(picture.shape()[0], pixels * channels * 4, [&](Index start, Index count) {
        for (Index i = start * pixels; i < (start + count) * pixels; ++i) {
            const Corners<T> at = corners(picture, grid, i, pixels);
            const T x = at.x.share, y = at.y.share;
            const T* const g = grad.data() + i * channels;
            const auto give = [&](const T* pixel, T share) {
                T* const into = to.data() + (pixel - picture.data());
                for (Index c = 0; c < channels; ++c) into[c] += share * g[c];
            };
            give(at.a, (1 - x) * (1 - y));
            give(at.b, x * (1 - y));
            give(at.c, (1 - x) * y);
            give(at.d, x * y);
        }
    });
}

/// And to the grid: how the result changes as a place moves.
template <class T>
void back_to_grid(Tape<T>& tape, int id, const Tensor<T>& picture, const Tensor<T>& grid, const Tensor<T>& grad) {
    if (id < 0) return;
    Tensor<T>& to = tape.grad_of(id);
    const Index height = picture.shape()[1], width = picture.shape()[2], channels = picture.shape()[3];
    const Index pixels = grid.shape()[1] * grid.shape()[2];
    for_rows(grid.shape()[0] * pixels, channels * 4, [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) {
            const Corners<T> at = corners(picture, grid, i, pixels);
            const T* const g = grad.data() + i * channels;
            T across = 0, down = 0;
            for (Index c = 0; c < channels; ++c) {
                across += g[c] * ((at.b[c] - at.a[c]) * (1 - at.y.share) + (at.d[c] - at.c[c]) * at.y.share);
                down += g[c] * ((at.c[c] - at.a[c]) * (1 - at.x.share) + (at.d[c] - at.b[c]) * at.x.share);
            }
            if (!at.x.outside) to.data()[2 * i] += across * static_cast<T>(width);
            if (!at.y.outside) to.data()[2 * i + 1] += down * static_cast<T>(height);
        }
    });
}

}  // namespace

template <class T>
Var<T> grid_sample(const Var<T>& picture, const Var<T>& grid) {
    const Shape &p = picture.shape(), &g = grid.shape();
    if (p.rank() != 4 || g.rank() != 4 || p[0] != g[0] || g[3] != 2 || p[1] < 1 || p[2] < 1)
        throw shape_error("grid_sample", p, g);
    const Index channels = p[3], pixels = g[1] * g[2];
    Tensor<T> y = Tensor<T>::uninitialized({g[0], g[1], g[2], channels});
    for_rows(g[0] * pixels, channels * 4, [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) {
            const Corners<T> at = corners(picture.value(), grid.value(), i, pixels);
            T* const to = y.data() + i * channels;
            for (Index c = 0; c < channels; ++c) {
                const T above = at.a[c] + at.x.share * (at.b[c] - at.a[c]), below = at.c[c] + at.x.share * (at.d[c] - at.c[c]);
                to[c] = above + at.y.share * (below - above);
            }
        }
    });
    Tape<T>* tape = common_tape<T>({&picture, &grid});
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [from = picture.value(), places = grid.value(), picture_id = picture.id(),
                                       grid_id = grid.id()](Tape<T>& t, const Tensor<T>& grad) {
        back_to_picture(t, picture_id, from, places, grad);
        back_to_grid(t, grid_id, from, places, grad);
    });
}

template Var<float> grid_sample(const Var<float>&, const Var<float>&);
template Var<double> grid_sample(const Var<double>&, const Var<double>&);

}  // namespace saccade
