#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "tensor/simd.hpp"

namespace saccade {

namespace {

template <class T>
struct LayerNormSaved {
    Tensor<T> normalised;         // (x - mean) / deviation
    Tensor<T> inverse_deviation;  // one per row
};

template <class T>
void layer_norm_backward(Tape<T>& tape, const RowView& v, const LayerNormSaved<T>& saved, const Tensor<T>& gain, int x_id,
                         int gain_id, int bias_id, const Tensor<T>& grad) {
    const auto row_of = [&](const Tensor<T>& t, Index i) { return array(t.data() + i * v.width, v.width); };
    if (gain_id >= 0) {
        Array<T> to = array(tape.grad_of(gain_id));
        for (Index i = 0; i < v.rows; ++i) to += row_of(grad, i) * row_of(saved.normalised, i);
    }
    if (bias_id >= 0) {
        Array<T> to = array(tape.grad_of(bias_id));
        for (Index i = 0; i < v.rows; ++i) to += row_of(grad, i);
    }
    if (x_id < 0) return;
    // With n the normalised row and h = gain * g:  dL/dx = (h - mean(h) - n mean(h n)) / deviation
    T* const to = tape.grad_of(x_id).data();
    for_rows(v.rows, v.width, [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) {
            const auto n = row_of(saved.normalised, i);
            const auto h = array(gain) * row_of(grad, i);
            const T mean_h = h.mean();
            const T mean_hn = (h * n).mean();
            array(to + i * v.width, v.width) += (h - mean_h - n * mean_hn) * saved.inverse_deviation.data()[i];
        }
    });
}

/// out = (row - mean) / deviation; returns 1 / deviation. The same bits wherever the row lies.
template <class T>
T normalise_row(const T* row, T* out, Index width, T eps) {
    using namespace Eigen::internal;
    using simd::Packet;
    const T mean = simd::fold(row, width, T(0), [](const Packet<T>& total, const Packet<T>& v) { return padd(total, v); }) /
                   static_cast<T>(width);
    const Packet<T> means = simd::all(mean);
    const T squares = simd::fold(row, width, mean, [&](const Packet<T>& total, const Packet<T>& v) {
        const Packet<T> d = psub(v, means);
        return pmadd(d, d, total);
    });
    const T inverse = T(1) / std::sqrt(squares / static_cast<T>(width) + eps);
    const Packet<T> inverses = simd::all(inverse);
    simd::map(row, out, width, [&](const Packet<T>& v) { return pmul(psub(v, means), inverses); });
    return inverse;
}

/// out = out * gain + bias
template <class T>
void scale_row(T* out, const T* gain, const T* bias, Index width) {
    using simd::load, simd::load_part;
    Index i = 0;
    for (; i + simd::lanes<T> <= width; i += simd::lanes<T>)
        simd::store(out + i, Eigen::internal::pmadd(load(out + i), load(gain + i), load(bias + i)));
    if (const Index rest = width - i; rest > 0) {
        simd::store_part(out + i,
                         Eigen::internal::pmadd(load_part(out + i, rest, T(0)), load_part(gain + i, rest, T(0)),
                                                load_part(bias + i, rest, T(0))),
                         rest);
    }
}

}  // namespace

template <class T>
Var<T> layer_norm(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, T eps) {
    const RowView v = view_rows(x.shape());
    if (x.shape().rank() < 1 || v.width == 0) throw shape_error("layer_norm", x.shape(), "there is nothing to normalise");
    if (gain.shape() != Shape{v.width}) throw shape_error("layer_norm (gain)", x.shape(), gain.shape());
    if (bias.shape() != Shape{v.width}) throw shape_error("layer_norm (bias)", x.shape(), bias.shape());
    Tape<T>* tape = common_tape({&x, &gain, &bias});
    Tensor<T> y = Tensor<T>::uninitialized(x.shape());
    LayerNormSaved<T> saved;
    if (tape != nullptr) {
        saved.normalised = Tensor<T>::uninitialized(x.shape());
        saved.inverse_deviation = Tensor<T>::uninitialized(Shape{v.rows});
    }
    for_rows(v.rows, v.width, [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) {
            const T* const row = x.value().data() + i * v.width;
            T* const out = y.data() + i * v.width;
            const T inverse = normalise_row(row, out, v.width, eps);
            if (tape != nullptr) {
                std::copy_n(out, v.width, saved.normalised.data() + i * v.width);
                saved.inverse_deviation.data()[i] = inverse;
            }
            scale_row(out, gain.value().data(), bias.value().data(), v.width);
        }
    });
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [v, saved, g = gain.value(), x_id = x.id(), gain_id = gain.id(), bias_id = bias.id()](
                                          Tape<T>& t, const Tensor<T>& grad) {
        layer_norm_backward(t, v, saved, g, x_id, gain_id, bias_id, grad);
    });
}

template <class T>
Var<T> rms_norm(const Var<T>& x, const Var<T>& gain, T eps) {
    const RowView v = view_rows(x.shape());
    if (x.shape().rank() < 1 || v.width == 0) throw shape_error("rms_norm", x.shape(), "there is nothing to normalise");
    if (gain.shape() != Shape{v.width}) throw shape_error("rms_norm (gain)", x.shape(), gain.shape());
    Tape<T>* tape = common_tape({&x, &gain});
    Tensor<T> y = Tensor<T>::uninitialized(x.shape());
    Tensor<T> inverse = Tensor<T>::uninitialized(Shape{v.rows});  // 1 / sqrt(mean(x^2) + eps), a row
    for_rows(v.rows, v.width, [&](Index start, Index count) {
        using namespace Eigen::internal;
        using simd::Packet;
        for (Index i = start; i < start + count; ++i) {
            const T* const row = x.value().data() + i * v.width;
            const T squares =
                simd::fold(row, v.width, T(0), [](const Packet<T>& total, const Packet<T>& p) { return pmadd(p, p, total); });
            inverse.data()[i] = T(1) / std::sqrt(squares / static_cast<T>(v.width) + eps);
            array(y.data() + i * v.width, v.width) =
                array(row, v.width) * inverse.data()[i] * array(gain.value().data(), v.width);
        }
    });
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [v, inverse, from = x.value(), g = gain.value(), x_id = x.id(), gain_id = gain.id()](
                                          Tape<T>& t, const Tensor<T>& grad) {
        const auto row_of = [&](const Tensor<T>& of, Index i) { return array(of.data() + i * v.width, v.width); };
        for (Index i = 0; i < v.rows; ++i) {
            const T r = inverse.data()[i];
            if (gain_id >= 0) array(t.grad_of(gain_id)) += row_of(grad, i) * row_of(from, i) * r;
            if (x_id < 0) continue;
            // With n = x r and h = gain * g:  dL/dx = r (h - n mean(h n))
            const Eigen::Array<T, Eigen::Dynamic, 1> n = row_of(from, i) * r, h = row_of(g, 0) * row_of(grad, i);
            array(t.grad_of(x_id).data() + i * v.width, v.width) += r * (h - n * (h * n).mean());
        }
    });
}

template Var<float> rms_norm(const Var<float>&, const Var<float>&, float);
template Var<double> rms_norm(const Var<double>&, const Var<double>&, double);
template Var<float> layer_norm(const Var<float>&, const Var<float>&, const Var<float>&, float);
template Var<double> layer_norm(const Var<double>&, const Var<double>&, const Var<double>&, double);

}  // namespace saccade
