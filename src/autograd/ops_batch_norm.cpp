#include <cmath>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "autograd/ops_channels.hpp"
#include "autograd/ops_common.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

namespace {

using namespace Eigen::internal;
using simd::Packet;

/// Rows of a block: what the first-level cache holds, by the number of channels alone.
Index block_rows(Index channels) {
    return std::max<Index>(16, 4096 / std::max<Index>(1, channels));
}

/// Two sums per channel over blocks of rows: sum(first row, rows, to_first, to_second) fills one block's. The blocks' sums come
/// in order, whoever computes them.
template <class T, class Sum>
std::vector<T> block_sums(Index rows, Index channels, const Sum& sum) {
    const Index block = block_rows(channels), blocks = (rows + block - 1) / block;
    std::vector<T> sums(static_cast<std::size_t>(blocks * 2 * channels));
    for_pieces(
        blocks,
        [&](Index start, Index count) {
            for (Index b = start; b < start + count; ++b) {
                T* const to = sums.data() + b * 2 * channels;
                sum(b * block, std::min(block, rows - b * block), to, to + channels);
            }
        },
        8);
    return sums;
}

/// Mean and biased variance in one pass over memory: each block's by two passes in the cache, joined by the formula of Chan,
/// Golub and LeVeque (1979), which loses nothing where the mean is large.
template <class T>
BatchStatistics<T> statistics_of(const T* x, Index rows, Index channels) {
    const std::vector<T> sums = block_sums<T>(rows, channels, [&](Index first, Index count, T* means, T* squares) {
        for_channels<T>(channels, [&](Index c, const auto& lanes) {
            const T* const from = x + first * channels + c;
            const auto row = [&](Index r) { return lanes.load(from + r * channels); };
            const Packet<T> total = sum_rows<T>(count, [&](Index r, const Packet<T>& t) { return padd(t, row(r)); });
            const Packet<T> mean = pmul(total, simd::all<T>(T(1) / static_cast<T>(count)));
            lanes.store(means + c, mean);
            lanes.store(squares + c, sum_rows<T>(count, [&](Index r, const Packet<T>& t) {
                            const Packet<T> d = psub(row(r), mean);
                            return pmadd(d, d, t);
                        }));
        });
    });
    BatchStatistics<T> result{Tensor<T>(Shape{channels}), Tensor<T>(Shape{channels})};
    Array<T> mean = array(result.mean), squares = array(result.variance);
    const Index block = block_rows(channels);
    for (Index first = 0; first < rows; first += block) {
        const T* const from = sums.data() + first / block * 2 * channels;
        const T count = static_cast<T>(std::min(block, rows - first)), before = static_cast<T>(first), after = before + count;
        const auto step = (array(from, channels) - mean).eval();
        squares += array(from + channels, channels) + step.square() * (before * count / after);
        mean += step * (count / after);
    }
    squares /= static_cast<T>(rows);
    return result;
}

/// What the backward step needs of the forward.
template <class T>
struct NormSaved {
    Index rows, channels;
    Tensor<T> x;  // empty if only the gradient of x by fixed statistics is wanted
    Tensor<T> y;  // where relu cut; empty without
    Tensor<T> gain, mean, inverse_deviation;
    bool own_statistics;  // of x itself: they have a gradient
    int x_id, gain_id, bias_id, residual_id;
};

/// The gradient through relu: 0 where it cut.
template <class T, class Lanes>
Packet<T> passed(const Lanes& lanes, const NormSaved<T>& s, const T* grad, Index at) {
    const Packet<T> g = lanes.load(grad + at);
    if (s.y.empty()) return g;
    return pand(g, pcmp_lt(simd::all<T>(T(0)), lanes.load(s.y.data() + at)));
}

/// sum of g and of g n over the rows, n being the normalised x.
template <class T>
std::pair<Tensor<T>, Tensor<T>> gradient_sums(const NormSaved<T>& s, const T* grad) {
    const std::vector<T> sums = block_sums<T>(s.rows, s.channels, [&](Index first, Index count, T* to_g, T* to_gn) {
        for_channels<T>(s.channels, [&](Index c, const auto& lanes) {
            const Packet<T> mean = lanes.load(s.mean.data() + c);
            Packet<T> g_sum[2] = {simd::all<T>(T(0)), simd::all<T>(T(0))}, gx_sum[2] = {g_sum[0], g_sum[0]};
            for (Index r = 0; r < count; ++r) {
                const Index at = (first + r) * s.channels + c;
                const Packet<T> g = passed(lanes, s, grad, at);
                g_sum[r & 1] = padd(g_sum[r & 1], g);
                gx_sum[r & 1] = pmadd(g, psub(lanes.load(s.x.data() + at), mean), gx_sum[r & 1]);
            }
            lanes.store(to_g + c, padd(g_sum[0], g_sum[1]));
            lanes.store(to_gn + c, pmul(padd(gx_sum[0], gx_sum[1]), lanes.load(s.inverse_deviation.data() + c)));
        });
    });
    std::pair<Tensor<T>, Tensor<T>> result{Tensor<T>(Shape{s.channels}), Tensor<T>(Shape{s.channels})};
    for (std::size_t b = 0; b < sums.size(); b += static_cast<std::size_t>(2 * s.channels)) {
        array(result.first) += array(sums.data() + b, s.channels);
        array(result.second) += array(sums.data() + b + s.channels, s.channels);
    }
    return result;
}

/// With n the normalised x and g the gradient:  dL/dx = (g - mean(g) - n mean(g n)) gain / deviation, which is
/// g scale + x factor + term, channel by channel.
template <class T>
void norm_backward_x(Tape<T>& tape, const NormSaved<T>& s, const T* grad, const Tensor<T>& sum_g, const Tensor<T>& sum_gn) {
    Tensor<T> scale(Shape{s.channels}), factor(Shape{s.channels}), term(Shape{s.channels});
    Array<T> a_scale = array(scale), a_factor = array(factor), a_term = array(term);
    a_scale = array(s.gain) * array(s.inverse_deviation);
    if (s.own_statistics) {
        a_factor = -a_scale * array(sum_gn) * array(s.inverse_deviation) / static_cast<T>(s.rows);
        a_term = -a_scale * array(sum_g) / static_cast<T>(s.rows) - a_factor * array(s.mean);
    }
    bool fresh_x = false, fresh_residual = false;
    T* const to_x = s.x_id >= 0 ? tape.grad_buffer(s.x_id, fresh_x).data() : nullptr;
    T* const to_residual = s.residual_id >= 0 ? tape.grad_buffer(s.residual_id, fresh_residual).data() : nullptr;
    for_rows(s.rows, s.channels, [&](Index start, Index count) {
        for_channels<T>(s.channels, [&](Index c, const auto& lanes) {
            const Packet<T> a = lanes.load(scale.data() + c), b = lanes.load(factor.data() + c),
                            d = lanes.load(term.data() + c);
            for (Index at = start * s.channels + c; at < (start + count) * s.channels; at += s.channels) {
                const Packet<T> g = passed(lanes, s, grad, at);
                if (to_x != nullptr) {
                    Packet<T> value = pmul(g, a);
                    if (s.own_statistics) value = padd(value, pmadd(lanes.load(s.x.data() + at), b, d));
                    lanes.store(to_x + at, fresh_x ? value : padd(value, lanes.load(to_x + at)));
                }
                if (to_residual != nullptr)
                    lanes.store(to_residual + at, fresh_residual ? g : padd(g, lanes.load(to_residual + at)));
            }
        });
    });
}

template <class T>
void norm_backward(Tape<T>& tape, const NormSaved<T>& s, const Tensor<T>& grad) {
    Tensor<T> sum_g, sum_gn;
    if (s.gain_id >= 0 || s.bias_id >= 0 || s.own_statistics) {
        std::tie(sum_g, sum_gn) = gradient_sums(s, grad.data());
        if (s.gain_id >= 0) array(tape.grad_of(s.gain_id)) += array(std::as_const(sum_gn));
        if (s.bias_id >= 0) array(tape.grad_of(s.bias_id)) += array(std::as_const(sum_g));
    }
    if (s.x_id >= 0 || s.residual_id >= 0) norm_backward_x(tape, s, grad.data(), sum_g, sum_gn);
}

/// y = x scale + shift (+ residual), cut at 0 with `cut`.
template <class T>
void scale_and_shift(const T* x, const Tensor<T>& scale, const Tensor<T>& shift, const T* residual, bool cut, Index rows,
                     T* y) {
    const Index channels = scale.size();
    for_rows(rows, channels, [&](Index start, Index count) {
        for_channels<T>(channels, [&](Index c, const auto& lanes) {
            const Packet<T> a = lanes.load(scale.data() + c), b = lanes.load(shift.data() + c), zero = simd::all<T>(T(0));
            for (Index at = start * channels + c; at < (start + count) * channels; at += channels) {
                Packet<T> value = pmadd(lanes.load(x + at), a, b);
                if (residual != nullptr) value = padd(value, lanes.load(residual + at));
                lanes.store(y + at, cut ? pmax(value, zero) : value);
            }
        });
    });
}

template <class T>
struct NormForm {
    bool cut;
    T eps;
    const BatchStatistics<T>* fixed;
    BatchStatistics<T>* seen;
};

template <class T>
Var<T> normalise(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, const Var<T>& residual, const NormForm<T>& form) {
    const RowView v = view_rows(x.shape());
    if (x.shape().rank() < 1 || x.empty()) throw shape_error("batch_norm", x.shape(), "there is nothing to normalise");
    if (gain.shape() != Shape{v.width}) throw shape_error("batch_norm (gain)", x.shape(), gain.shape());
    if (bias.shape() != Shape{v.width}) throw shape_error("batch_norm (bias)", x.shape(), bias.shape());
    if (!residual.empty() && residual.shape() != x.shape()) throw shape_error("batch_norm", x.shape(), residual.shape());
    if (form.fixed != nullptr && (form.fixed->mean.shape() != gain.shape() || form.fixed->variance.shape() != gain.shape()))
        throw shape_error("batch_norm (statistics)", x.shape(), form.fixed->mean.shape());

    const BatchStatistics<T> statistics =
        form.fixed != nullptr ? *form.fixed : statistics_of(x.value().data(), v.rows, v.width);
    if (form.seen != nullptr) *form.seen = statistics;
    Tensor<T> inverse(gain.shape()), scale(gain.shape()), shift(gain.shape());
    array(inverse) = (array(statistics.variance) + form.eps).sqrt().inverse();
    array(scale) = array(gain.value()) * array(std::as_const(inverse));
    array(shift) = array(bias.value()) - array(statistics.mean) * array(std::as_const(scale));
    Tensor<T> y = Tensor<T>::uninitialized(x.shape());
    scale_and_shift(x.value().data(), scale, shift, residual.empty() ? nullptr : residual.value().data(), form.cut, v.rows,
                    y.data());

    Tape<T>* tape = common_tape({&x, &gain, &bias, &residual});
    if (tape == nullptr) return y;
    const bool own = form.fixed == nullptr;
    const bool keep_x = own || gain.tracked() || bias.tracked();
    NormSaved<T> saved{v.rows,
                       v.width,
                       keep_x ? x.value() : Tensor<T>(),
                       form.cut ? y : Tensor<T>(),
                       gain.value(),
                       statistics.mean,
                       inverse,
                       own,
                       x.id(),
                       gain.id(),
                       bias.id(),
                       residual.id()};
    return tape->record(std::move(y), [saved = std::make_shared<const NormSaved<T>>(std::move(saved))](
                                          Tape<T>& t, const Tensor<T>& grad) { norm_backward(t, *saved, grad); });
}

}  // namespace

template <class T>
Var<T> batch_norm(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, T eps, BatchStatistics<T>* seen) {
    return normalise(x, gain, bias, {}, NormForm<T>{false, eps, nullptr, seen});
}

template <class T>
Var<T> batch_norm_relu(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, const Var<T>& residual, T eps,
                       BatchStatistics<T>* seen) {
    return normalise(x, gain, bias, residual, NormForm<T>{true, eps, nullptr, seen});
}

template <class T>
Var<T> batch_norm_fixed(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, const Tensor<T>& mean,
                        const Tensor<T>& variance, T eps) {
    const BatchStatistics<T> fixed{mean, variance};
    return normalise(x, gain, bias, {}, NormForm<T>{false, eps, &fixed, nullptr});
}

template <class T>
Var<T> batch_norm_fixed_relu(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, const Var<T>& residual,
                             const Tensor<T>& mean, const Tensor<T>& variance, T eps) {
    const BatchStatistics<T> fixed{mean, variance};
    return normalise(x, gain, bias, residual, NormForm<T>{true, eps, &fixed, nullptr});
}

namespace {
/// This many numbers of a few tensors stay in the first-level cache.
constexpr Index cached_piece = 1024;
}  // namespace

template <class T>
Var<T> add_relu(const Var<T>& a, const Var<T>& b) {
    if (a.shape() != b.shape()) throw shape_error("add_relu", a.shape(), b.shape());
    Tensor<T> y = Tensor<T>::uninitialized(a.shape());
    for_pieces(y.size(), [&](Index start, Index count) {
        array(y.data() + start, count) =
            (array(a.value().data() + start, count) + array(b.value().data() + start, count)).max(T(0));
    });
    Tape<T>* tape = common_tape({&a, &b});
    if (tape == nullptr) return y;
    return tape->record(y, [y, a = a.id(), b = b.id()](Tape<T>& t, const Tensor<T>& grad) {
        const auto passed = [&](Index start, Index count) {
            return (array(y.data() + start, count) > T(0)).select(array(grad.data() + start, count), T(0));
        };
        if (a < 0 || b < 0 || a == b) {
            for (const int id : {a, b}) add_to_grad(t, id, passed);
            return;
        }
        // Both in one pass over memory.
        bool fresh_a = false, fresh_b = false;
        T* const to_a = t.grad_buffer(a, fresh_a).data();
        T* const to_b = t.grad_buffer(b, fresh_b).data();
        for_pieces(grad.size(), [&](Index start, Index count) {
            for (Index at = start; at < start + count; at += cached_piece) {
                const Index size = std::min(cached_piece, start + count - at);
                put(array(to_a + at, size), fresh_a, passed(at, size));
                put(array(to_b + at, size), fresh_b, passed(at, size));
            }
        });
    });
}

#define SACCADE_INSTANTIATE(T)                                                                                            \
    template Var<T> batch_norm(const Var<T>&, const Var<T>&, const Var<T>&, T, BatchStatistics<T>*);                      \
    template Var<T> batch_norm_relu(const Var<T>&, const Var<T>&, const Var<T>&, const Var<T>&, T, BatchStatistics<T>*);  \
    template Var<T> batch_norm_fixed(const Var<T>&, const Var<T>&, const Var<T>&, const Tensor<T>&, const Tensor<T>&, T); \
    template Var<T> batch_norm_fixed_relu(const Var<T>&, const Var<T>&, const Var<T>&, const Var<T>&, const Tensor<T>&,   \
                                          const Tensor<T>&, T);                                                           \
    template Var<T> add_relu(const Var<T>&, const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
