#include "attention/context.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

template <class T>
Var<T> context(const Var<T>& weights, const Var<T>& values) {
    const Shape& w = weights.shape();
    const Shape& h = values.shape();
    if (w.rank() == 3 && h.rank() == 3) return matmul(weights, values);
    if (w.rank() != 2 || h.rank() != 3 || w[0] != h[0] || w[1] != h[1]) throw shape_error("context", w, h);
    const Index batch = h[0], keys = h[1], d = h[2];
    Tensor<T> y = Tensor<T>::uninitialized(Shape{batch, d});
    for_rows(batch, keys * d, [&](Index start, Index count) {
        for (Index b = start; b < start + count; ++b) {
            gemm<T>(weights.value().data() + b * keys, values.value().data() + b * keys * d, y.data() + b * d, 1, d, keys);
        }
    });
    Tape<T>* tape = common_tape({&weights, &values});
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [=, wv = weights.value(), hv = values.value(), w_id = weights.id(), h_id = values.id()](
                                          Tape<T>& t, const Tensor<T>& grad) {
        bool fresh = false;
        if (w_id >= 0) {
            T* const d_w = t.grad_buffer(w_id, fresh).data();
            for (Index b = 0; b < batch; ++b) {
                gemm<T>(grad.data() + b * d, hv.data() + b * keys * d, d_w + b * keys, 1, keys, d,
                        {.transpose_b = true, .accumulate = !fresh});
            }
        }
        if (h_id >= 0) {
            T* const d_h = t.grad_buffer(h_id, fresh).data();
            for (Index row = 0; row < batch * keys; ++row) {
                put(array(d_h + row * d, d), fresh, array(grad.data() + row / keys * d, d) * wv.data()[row]);
            }
        }
    });
}

template Var<float> context(const Var<float>&, const Var<float>&);
template Var<double> context(const Var<double>&, const Var<double>&);

}  // namespace saccade
