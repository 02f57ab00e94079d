#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

namespace {

/// A batched product: `batch` matrices a [m, k] times b [k, n] (stored [n, k] if transposed). An operand without leading axes
/// is shared: all batches use the same.
struct BatchedProduct {
    Shape result;
    Index batch = 1, m = 0, n = 0, k = 0;
    bool transpose_b = false, shared_a = false, shared_b = false;
};

BatchedProduct plan_product(const Shape& a, const Shape& b, bool transpose_b) {
    if (a.rank() < 2 || b.rank() < 2) throw shape_error("matmul", a, b);
    BatchedProduct p;
    p.transpose_b = transpose_b;
    p.m = a[-2];
    p.k = a[-1];
    p.n = transpose_b ? b[-2] : b[-1];
    const Index k_b = transpose_b ? b[-1] : b[-2];
    p.shared_a = a.rank() == 2;
    p.shared_b = b.rank() == 2;
    bool fits = p.k == k_b && (p.shared_a || p.shared_b || a.rank() == b.rank());
    for (int i = 0; fits && !p.shared_a && !p.shared_b && i < a.rank() - 2; ++i) fits = a[i] == b[i];
    if (!fits) throw shape_error(transpose_b ? "matmul (second operand transposed)" : "matmul", a, b);
    const Shape& leading = p.shared_a ? b : a;
    p.result = leading.with_extent(leading.rank() - 2, p.m).with_extent(leading.rank() - 1, p.n);
    p.batch = leading.span_size(0, leading.rank() - 2);
    if (p.shared_b) {
        // All rows of all batches meet one matrix: a single tall product.
        p.m *= p.batch;
        p.batch = 1;
        p.shared_a = true;
    }
    return p;
}

/// Calls body(i) for each batch; in parallel if that is worth it, by the extents alone.
template <class Body>
void for_batches(const BatchedProduct& p, const Body& body) {
    for_rows(p.batch, std::max<Index>(1, p.m * p.n * p.k / 16), [&](Index start, Index count) {
        for (Index i = start; i < start + count; ++i) body(i);
    });
}

/// grad_a += grad b^T for each batch; summed over them if a is shared.
template <class T>
void backward_a(const BatchedProduct& p, const T* grad, const T* b, T* grad_a, bool fresh) {
    const GemmForm form{.transpose_b = !p.transpose_b, .accumulate = !fresh};
    if (p.shared_a) {
        for (Index i = 0; i < p.batch; ++i) {
            gemm<T>(grad + i * p.m * p.n, b + i * p.k * p.n, grad_a, p.m, p.k, p.n,
                    {.transpose_b = form.transpose_b, .accumulate = !fresh || i > 0});
        }
        return;
    }
    for_batches(
        p, [&](Index i) { gemm<T>(grad + i * p.m * p.n, b + i * p.k * p.n, grad_a + i * p.m * p.k, p.m, p.k, p.n, form); });
}

/// grad_b += a^T grad (grad^T a if b is stored transposed).
template <class T>
void backward_b(const BatchedProduct& p, const T* grad, const T* a, T* grad_b, bool fresh) {
    const GemmForm form{.transpose_a = true, .accumulate = !fresh};
    for_batches(p, [&](Index i) {
        const T* const a_i = p.shared_a ? a : a + i * p.m * p.k;
        const T* const grad_i = grad + i * p.m * p.n;
        T* const to = grad_b + i * p.k * p.n;
        if (p.transpose_b) {
            gemm<T>(grad_i, a_i, to, p.n, p.k, p.m, form);
        } else {
            gemm<T>(a_i, grad_i, to, p.k, p.n, p.m, form);
        }
    });
}

}  // namespace

template <class T>
Var<T> matmul(const Var<T>& a, const Var<T>& b, bool transpose_b) {
    const BatchedProduct p = plan_product(a.shape(), b.shape(), transpose_b);
    Tensor<T> y = Tensor<T>::uninitialized(p.result);
    for_batches(p, [&](Index i) {
        const T* const a_i = a.value().data() + (p.shared_a ? 0 : i * p.m * p.k);
        gemm<T>(a_i, b.value().data() + i * p.k * p.n, y.data() + i * p.m * p.n, p.m, p.n, p.k, {.transpose_b = transpose_b});
    });
    Tape<T>* tape = common_tape({&a, &b});
    if (tape == nullptr) return y;
    const int id_a = a.id(), id_b = b.id();
    return tape->record(std::move(y), [=, va = a.value(), vb = b.value()](Tape<T>& t, const Tensor<T>& grad) {
        bool fresh = false;
        if (id_a >= 0) {
            Tensor<T>& grad_a = t.grad_buffer(id_a, fresh);
            backward_a(p, grad.data(), vb.data(), grad_a.data(), fresh);
        }
        if (id_b >= 0) {
            Tensor<T>& grad_b = t.grad_buffer(id_b, fresh);
            backward_b(p, grad.data(), va.data(), grad_b.data(), fresh);
        }
    });
}

template <class T>
Var<T> affine(const Var<T>& x, const Var<T>& weight, const Var<T>& bias) {
    const Shape& w = weight.shape();
    if (x.shape().rank() < 1 || w.rank() != 2 || x.shape()[-1] != w[1]) throw shape_error("affine", x.shape(), w);
    const Index out = w[0], in = w[1], rows = view_rows(x.shape()).rows;
    if (!bias.empty() && bias.shape() != Shape{out}) throw shape_error("affine (bias)", bias.shape(), w);
    Tensor<T> y = Tensor<T>::uninitialized(x.shape().with_extent(-1, out));
    if (!bias.empty()) {
        for (Index i = 0; i < rows; ++i) std::copy_n(bias.value().data(), out, y.data() + i * out);
    }
    gemm<T>(x.value().data(), weight.value().data(), y.data(), rows, out, in,
            {.transpose_b = true, .accumulate = !bias.empty()});
    Tape<T>* tape = common_tape({&x, &weight, &bias});
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [=, x_id = x.id(), w_id = weight.id(), b_id = bias.id(), xv = x.value(),
                                       wv = weight.value()](Tape<T>& t, const Tensor<T>& grad) {
        bool fresh = false;
        if (x_id >= 0) {
            Tensor<T>& grad_x = t.grad_buffer(x_id, fresh);
            gemm<T>(grad.data(), wv.data(), grad_x.data(), rows, in, out, {.accumulate = !fresh});
        }
        if (w_id >= 0) {
            Tensor<T>& grad_w = t.grad_buffer(w_id, fresh);
            gemm<T>(grad.data(), xv.data(), grad_w.data(), out, in, rows, {.transpose_a = true, .accumulate = !fresh});
        }
        if (b_id >= 0) add_column_sums(grad.data(), rows, out, t.grad_of(b_id).data());
    });
}

#define SACCADE_INSTANTIATE(T)                                  \
    template Var<T> matmul(const Var<T>&, const Var<T>&, bool); \
    template Var<T> affine(const Var<T>&, const Var<T>&, const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
