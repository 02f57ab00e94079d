#include "autograd/ops_common.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

template <class T>
Var<T> conv2d(const Var<T>& x, const Var<T>& weight, const Var<T>& bias, ConvForm form) {
    const ConvShape s = conv_shape(x.shape(), weight.shape(), form);
    if (!bias.empty() && bias.shape() != Shape{s.out}) throw shape_error("conv2d (bias)", bias.shape(), weight.shape());
    Tensor<T> y = Tensor<T>::uninitialized(Shape{s.batch, s.out_height(), s.out_width(), s.out});
    conv_forward(s, x.value().data(), weight.value().data(), bias.empty() ? nullptr : bias.value().data(), y.data());
    Tape<T>* tape = common_tape({&x, &weight, &bias});
    if (tape == nullptr) return y;
    // What only the other's gradient needs is not kept.
    return tape->record(
        std::move(y), [s, x_id = x.id(), w_id = weight.id(), b_id = bias.id(), xv = weight.tracked() ? x.value() : Tensor<T>(),
                       wv = x.tracked() ? weight.value() : Tensor<T>()](Tape<T>& t, const Tensor<T>& grad) {
            bool fresh = false;
            if (w_id >= 0) {
                Tensor<T>& grad_w = t.grad_buffer(w_id, fresh);
                conv_grad_weight(s, xv.data(), grad.data(), grad_w.data(), !fresh);
            }
            if (b_id >= 0) {
                Tensor<T>& grad_b = t.grad_of(b_id);
                if (s.out == 1) {
                    *grad_b.data() += array(grad).sum();
                } else {
                    add_column_sums(grad.data(), grad.size() / s.out, s.out, grad_b.data());
                }
            }
            if (x_id >= 0) {
                Tensor<T>& grad_x = t.grad_buffer(x_id, fresh);
                conv_grad_input(s, grad.data(), wv.data(), grad_x.data(), !fresh);
            }
        });
}

template <class T>
Var<T> subsample(const Var<T>& x, Index stride, Index channels) {
    if (x.shape().rank() != 4 || stride < 1 || channels < x.shape()[3]) {
        throw shape_error("subsample", x.shape(), fmt::format("not by {} pixels to {} channels", stride, channels));
    }
    const Index batch = x.shape()[0], height = x.shape()[1], width = x.shape()[2], in = x.shape()[3];
    const Index rows = (height + stride - 1) / stride, cols = (width + stride - 1) / stride;
    // Calls body(offset in x, offset in y) for each pixel that is kept.
    const auto for_kept = [=](const auto& body) {
        for_rows(batch * rows, cols * channels, [&](Index start, Index count) {
            for (Index r = start; r < start + count; ++r) {
                const Index from = (r / rows * height + r % rows * stride) * width;
                for (Index c = 0; c < cols; ++c) body((from + c * stride) * in, (r * cols + c) * channels);
            }
        });
    };
    Tensor<T> y = Tensor<T>::uninitialized(Shape{batch, rows, cols, channels});
    for_kept([&](Index from, Index to) {
        std::copy_n(x.value().data() + from, in, y.data() + to);
        std::fill_n(y.data() + to + in, channels - in, T(0));
    });
    if (!x.tracked()) return y;
    return x.tape()->record(std::move(y), [=, id = x.id()](Tape<T>& t, const Tensor<T>& grad) {
        T* const grad_x = t.grad_of(id).data();
        for_kept([&](Index to, Index from) { array(grad_x + to, in) += array(grad.data() + from, in); });
    });
}

#define SACCADE_INSTANTIATE(T)                                                     \
    template Var<T> conv2d(const Var<T>&, const Var<T>&, const Var<T>&, ConvForm); \
    template Var<T> subsample(const Var<T>&, Index, Index);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
