#include "nn/lstm.hpp"

#include <utility>

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "nn/linear.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

namespace {

template <class T>
void check_lstm(const LstmCell<T>& cell, const Shape& gi, const Shape& state, const Shape& cell_state,
                std::span<const T> row_mask) {
    const Shape& w = cell.hidden_weight.shape();
    if (w.rank() != 2 || w[0] != 4 * w[1]) throw shape_error("lstm_step (hidden weight)", w, "it must be [4H, H]");
    if (cell.hidden_bias.shape() != Shape{w[0]}) throw shape_error("lstm_step (hidden bias)", cell.hidden_bias.shape(), w);
    if (state.rank() != 2 || state[1] != w[1]) throw shape_error("lstm_step (state)", state, w);
    if (cell_state != state) throw shape_error("lstm_step (cell state)", cell_state, state);
    if (gi.rank() != 2 || gi[0] != state[0] || gi[1] != w[0]) throw shape_error("lstm_step (projected input)", gi, state);
    if (!row_mask.empty() && static_cast<Index>(row_mask.size()) != state[0]) {
        throw shape_error("lstm_step", state, fmt::format("a row mask of {}", row_mask.size()));
    }
}

/// gi + W_h h + b_h for every row: [batch, 4H].
template <class T>
Tensor<T> pre_activations(const LstmCell<T>& cell, const Tensor<T>& gi, const Tensor<T>& h) {
    const Index batch = h.shape()[0], size = h.shape()[1];
    Tensor<T> a = Tensor<T>::uninitialized(gi.shape());
    for (Index b = 0; b < batch; ++b) {
        array(a.data() + b * 4 * size, 4 * size) = array(gi.data() + b * 4 * size, 4 * size) + array(cell.hidden_bias.value());
    }
    add_product_with(cell.packed.get(), cell.hidden_weight.value(), h, a);
    return a;
}

/// One row of a step: pre-activations i, f, g, o become the gates in place; carried through if the row does not count.
template <class T>
void lstm_row(T* gates, const T* old_cell, const T* old_state, bool counts, Index size, T* next_cell, T* next_state) {
    Array<T> i = array(gates, size), f = array(gates + size, size), g = array(gates + 2 * size, size),
             o = array(gates + 3 * size, size);
    i = i.logistic();
    f = f.logistic();
    g = g.tanh();
    o = o.logistic();
    if (counts) {
        Array<T> c = array(next_cell, size);
        c = f * array(old_cell, size) + i * g;
        array(next_state, size) = o * c.tanh();
    } else {
        std::copy_n(old_cell, size, next_cell);
        std::copy_n(old_state, size, next_state);
    }
}

/// What backward needs of one step: gates [batch, 4H] after their functions, c and c' [batch, H].
template <class T>
struct LstmSaved {
    Tensor<T> gates, state, old_cell, cell, hidden_weight;
    std::vector<T> row_mask;

    bool counts(Index row) const { return row_mask.empty() || row_mask[static_cast<std::size_t>(row)] != T(0); }
};

struct LstmIds {
    int input, state, cell_state, hidden_weight, hidden_bias;
};

/// From dL/dh' and dL/dc' of one row to dL/d(pre-activations) [4H], and dL/dc.
template <class T>
void lstm_row_backward(const T* grad_state, const T* grad_cell, const T* gates, const T* old_cell, const T* new_cell,
                       Index size, T* d_a, T* d_c, bool fresh_c) {
    const auto i = array(gates, size), f = array(gates + size, size), g = array(gates + 2 * size, size),
               o = array(gates + 3 * size, size);
    Array<T> d_i = array(d_a, size), d_f = array(d_a + size, size), d_g = array(d_a + 2 * size, size),
             d_o = array(d_a + 3 * size, size);
    const auto d_h = array(grad_state, size);
    d_o = array(new_cell, size).tanh();
    d_i = array(grad_cell, size) + d_h * o * (T(1) - d_o.square());  // all of dL/dc', kept here for a moment
    if (d_c != nullptr) put(array(d_c, size), fresh_c, d_i * f);
    d_o = d_h * d_o * o * (T(1) - o);
    d_g = d_i * i * (T(1) - g.square());
    d_f = d_i * array(old_cell, size) * f * (T(1) - f);
    d_i = d_i * g * i * (T(1) - i);
}

/// `grad` holds dL/dc' and dL/dh', [2, batch, H].
template <class T>
void lstm_backward(Tape<T>& tape, const LstmSaved<T>& saved, const LstmIds& ids, const Tensor<T>& grad) {
    const Index batch = saved.state.shape()[0], size = saved.state.shape()[1];
    bool fresh_h = false, fresh_c = false;
    T* const d_h = ids.state < 0 ? nullptr : tape.grad_buffer(ids.state, fresh_h).data();
    T* const d_c = ids.cell_state < 0 ? nullptr : tape.grad_buffer(ids.cell_state, fresh_c).data();
    Tensor<T> d_a = Tensor<T>::uninitialized(Shape{batch, 4 * size});
    for (Index b = 0; b < batch; ++b) {
        const Index at = b * size;
        const T* const g_cell = grad.data() + at;
        const T* const g_state = grad.data() + batch * size + at;
        T* const to_a = d_a.data() + 4 * at;
        T* const to_c = d_c == nullptr ? nullptr : d_c + at;
        if (saved.counts(b)) {
            lstm_row_backward(g_state, g_cell, saved.gates.data() + 4 * at, saved.old_cell.data() + at, saved.cell.data() + at,
                              size, to_a, to_c, fresh_c);
            if (d_h != nullptr && fresh_h) array(d_h + at, size).setZero();
        } else {
            array(to_a, 4 * size).setZero();
            if (to_c != nullptr) put(array(to_c, size), fresh_c, array(g_cell, size));
            if (d_h != nullptr) put(array(d_h + at, size), fresh_h, array(g_state, size));
        }
    }
    if (d_h != nullptr) gemm<T>(d_a.data(), saved.hidden_weight.data(), d_h, batch, size, 4 * size, {.accumulate = true});
    if (ids.hidden_weight >= 0) {
        bool fresh = false;
        Tensor<T>& d_w = tape.grad_buffer(ids.hidden_weight, fresh);
        gemm<T>(d_a.data(), saved.state.data(), d_w.data(), 4 * size, size, batch, {.transpose_a = true, .accumulate = !fresh});
    }
    if (ids.hidden_bias >= 0) add_column_sums(d_a.data(), batch, 4 * size, tape.grad_of(ids.hidden_bias).data());
    tape.add_grad(ids.input, std::move(d_a));
}

}  // namespace

template <class T>
LstmStep<T> lstm_step(const LstmCell<T>& cell, const Var<T>& projected_input, const Var<T>& state, const Var<T>& cell_state,
                      std::span<const T> row_mask) {
    check_lstm(cell, projected_input.shape(), state.shape(), cell_state.shape(), row_mask);
    const Shape& shape = state.shape();
    const Index batch = shape[0], size = shape[1];
    Tensor<T> gates = pre_activations(cell, projected_input.value(), state.value());
    Tensor<T> both = Tensor<T>::uninitialized(shape.with_inserted(0, 2));  // c' and h', so that a tape has one result to follow
    for (Index b = 0; b < batch; ++b) {
        const Index at = b * size;
        const bool counts = row_mask.empty() || row_mask[static_cast<std::size_t>(b)] != T(0);
        lstm_row(gates.data() + 4 * at, cell_state.value().data() + at, state.value().data() + at, counts, size,
                 both.data() + at, both.data() + batch * size + at);
    }
    LstmStep<T> step;
    Tape<T>* tape = common_tape({&projected_input, &state, &cell_state, &cell.hidden_weight, &cell.hidden_bias});
    if (tape == nullptr) {
        const auto gate = [&](Index k) { return slice(Var<T>(gates), 1, k * size, size); };
        return {gate(0), gate(1), gate(2), gate(3), both.row(0), both.row(1)};
    }
    LstmSaved<T> saved{
        gates, state.value(), cell_state.value(), both.row(0), cell.hidden_weight.value(), {row_mask.begin(), row_mask.end()}};
    const LstmIds ids{projected_input.id(), state.id(), cell_state.id(), cell.hidden_weight.id(), cell.hidden_bias.id()};
    const Var<T> result = tape->record(std::move(both), [saved = std::move(saved), ids](Tape<T>& t, const Tensor<T>& grad) {
        lstm_backward(t, saved, ids, grad);
    });
    step.cell = reshape(slice(result, 0, 0, 1), shape);
    step.state = reshape(slice(result, 0, 1, 1), shape);
    return step;
}

template LstmStep<float> lstm_step(const LstmCell<float>&, const Var<float>&, const Var<float>&, const Var<float>&,
                                   std::span<const float>);
template LstmStep<double> lstm_step(const LstmCell<double>&, const Var<double>&, const Var<double>&, const Var<double>&,
                                    std::span<const double>);

}  // namespace saccade
