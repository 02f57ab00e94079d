#include "nn/elman.hpp"

#include <utility>

#include "autograd/ops_common.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

namespace {

template <class T>
void check_elman(const ElmanCell<T>& cell, const Shape& gi, const Shape& state, std::span<const T> row_mask) {
    const Shape& w = cell.hidden_weight.shape();
    if (w.rank() != 2 || w[0] != w[1]) throw shape_error("elman_step (hidden weight)", w, "it must be [H, H]");
    if (cell.hidden_bias.shape() != Shape{w[0]}) throw shape_error("elman_step (hidden bias)", cell.hidden_bias.shape(), w);
    if (state.rank() != 2 || state[1] != w[1]) throw shape_error("elman_step (state)", state, w);
    if (gi != state) throw shape_error("elman_step (projected input)", gi, state);
    if (!row_mask.empty() && static_cast<Index>(row_mask.size()) != state[0])
        throw shape_error("elman_step", state, fmt::format("a row mask of {}", row_mask.size()));
}

/// What backward needs of one step; all [batch, H] but the weight.
template <class T>
struct ElmanSaved {
    Tensor<T> next, state, hidden_weight;
    std::vector<T> row_mask;

    bool counts(Index row) const { return row_mask.empty() || row_mask[static_cast<std::size_t>(row)] != T(0); }
};

struct ElmanIds {
    int input, state, hidden_weight, hidden_bias;
};

template <class T>
void elman_backward(Tape<T>& tape, const ElmanSaved<T>& saved, const ElmanIds& ids, const Tensor<T>& grad) {
    const Index batch = saved.state.shape()[0], size = saved.state.shape()[1];
    bool fresh_h = false;
    T* const d_h = ids.state < 0 ? nullptr : tape.grad_buffer(ids.state, fresh_h).data();
    Tensor<T> d_a = Tensor<T>::uninitialized(Shape{batch, size});  // of what is inside tanh
    for (Index b = 0; b < batch; ++b) {
        const auto g = array(grad.data() + b * size, size);
        Array<T> a = array(d_a.data() + b * size, size);
        if (saved.counts(b)) {
            a = g * (T(1) - array(saved.next.data() + b * size, size).square());
            if (d_h != nullptr && fresh_h) array(d_h + b * size, size).setZero();
        } else {
            a.setZero();
            if (d_h != nullptr) put(array(d_h + b * size, size), fresh_h, g);
        }
    }
    if (d_h != nullptr) gemm<T>(d_a.data(), saved.hidden_weight.data(), d_h, batch, size, size, {.accumulate = true});
    if (ids.hidden_weight >= 0) {
        bool fresh = false;
        Tensor<T>& d_w = tape.grad_buffer(ids.hidden_weight, fresh);
        gemm<T>(d_a.data(), saved.state.data(), d_w.data(), size, size, batch, {.transpose_a = true, .accumulate = !fresh});
    }
    if (ids.hidden_bias >= 0) add_column_sums(d_a.data(), batch, size, tape.grad_of(ids.hidden_bias).data());
    tape.add_grad(ids.input, std::move(d_a));
}

}  // namespace

template <class T>
Var<T> elman_step(const ElmanCell<T>& cell, const Var<T>& projected_input, const Var<T>& state, std::span<const T> row_mask) {
    check_elman(cell, projected_input.shape(), state.shape(), row_mask);
    const Index batch = state.shape()[0], size = state.shape()[1];
    const Tensor<T>& h = state.value();
    Tensor<T> next = Tensor<T>::uninitialized(state.shape());
    for (Index b = 0; b < batch; ++b)
        array(next.data() + b * size, size) =
            array(projected_input.value().data() + b * size, size) + array(cell.hidden_bias.value());
    gemm<T>(h.data(), cell.hidden_weight.value().data(), next.data(), batch, size, size,
            {.transpose_b = true, .accumulate = true});
    for (Index b = 0; b < batch; ++b) {
        Array<T> row = array(next.data() + b * size, size);
        if (row_mask.empty() || row_mask[static_cast<std::size_t>(b)] != T(0))
            row = row.tanh();
        else
            row = array(h.data() + b * size, size);
    }

    Tape<T>* tape = common_tape({&projected_input, &state, &cell.hidden_weight, &cell.hidden_bias});
    if (tape == nullptr) return next;
    ElmanSaved<T> saved{next, h, cell.hidden_weight.value(), {row_mask.begin(), row_mask.end()}};
    const ElmanIds ids{projected_input.id(), state.id(), cell.hidden_weight.id(), cell.hidden_bias.id()};
    return tape->record(std::move(next), [saved = std::move(saved), ids](Tape<T>& t, const Tensor<T>& grad) {
        elman_backward(t, saved, ids, grad);
    });
}

template Var<float> elman_step(const ElmanCell<float>&, const Var<float>&, const Var<float>&, std::span<const float>);
template Var<double> elman_step(const ElmanCell<double>&, const Var<double>&, const Var<double>&, std::span<const double>);

}  // namespace saccade
