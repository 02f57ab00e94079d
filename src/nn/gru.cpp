#include "nn/gru.hpp"

#include <utility>

#include "autograd/ops_common.hpp"
#include "nn/linear.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

namespace {

template <class T>
void check_gru(const GruCell<T>& cell, const Shape& gi, const Shape& state, std::span<const T> row_mask) {
    const Shape& w = cell.hidden_weight.shape();
    if (w.rank() != 2 || w[0] != 3 * w[1]) throw shape_error("gru_step (hidden weight)", w, "it must be [3H, H]");
    if (cell.hidden_bias.shape() != Shape{w[0]}) throw shape_error("gru_step (hidden bias)", cell.hidden_bias.shape(), w);
    if (state.rank() != 2 || state[1] != w[1]) throw shape_error("gru_step (state)", state, w);
    if (gi.rank() != 2 || gi[0] != state[0] || gi[1] != w[0]) throw shape_error("gru_step (projected input)", gi, state);
    if (!row_mask.empty() && static_cast<Index>(row_mask.size()) != state[0]) {
        throw shape_error("gru_step", state, fmt::format("a row mask of {}", row_mask.size()));
    }
}

/// W_h h + b_h for every row: [batch, 3H].
template <class T>
Tensor<T> project_state(const GruCell<T>& cell, const Tensor<T>& h) {
    const Index batch = h.shape()[0], size = h.shape()[1];
    Tensor<T> gh = Tensor<T>::uninitialized(Shape{batch, 3 * size});
    for (Index b = 0; b < batch; ++b) std::copy_n(cell.hidden_bias.value().data(), 3 * size, gh.data() + b * 3 * size);
    add_product_with(cell.packed.get(), cell.hidden_weight.value(), h, gh);
    return gh;
}

/// One row of a step. gi, gh: pre-activations [3H] of input and state; r, z, n, next: results [H].
template <class T>
void gru_row(const T* gi, const T* gh, const T* old_state, bool counts, Index size, T* reset, T* update, T* candidate,
             T* next) {
    Array<T> r = array(reset, size), z = array(update, size), n = array(candidate, size);
    const auto h = array(old_state, size);
    r = (array(gi, size) + array(gh, size)).logistic();
    z = (array(gi + size, size) + array(gh + size, size)).logistic();
    n = (array(gi + 2 * size, size) + r * array(gh + 2 * size, size)).tanh();
    if (counts) {
        array(next, size) = n + z * (h - n);
    } else {
        array(next, size) = h;
    }
}

/// What backward needs of one step. `gates` [batch, 4H] holds a row r, z, n and u = W_hn h + b_hn.
template <class T>
struct GruSaved {
    Tensor<T> gates, state, hidden_weight;
    std::vector<T> row_mask;

    bool counts(Index row) const { return row_mask.empty() || row_mask[static_cast<std::size_t>(row)] != T(0); }
};

/// From g = dL/dh' of one row to dL/d(gi) and dL/d(gh) [3H] each, and the part of dL/dh that does not pass through W_h.
template <class T>
void gru_row_backward(const T* grad, const T* gates, const T* old_state, Index size, T* d_gi, bool fresh_gi, T* d_gh, T* d_h,
                      bool fresh_h) {
    const auto g = array(grad, size);
    const auto r = array(gates, size), z = array(gates + size, size), n = array(gates + 2 * size, size),
               u = array(gates + 3 * size, size);
    Array<T> d_r = array(d_gh, size), d_z = array(d_gh + size, size), d_n = array(d_gh + 2 * size, size);
    d_n = g * (T(1) - z) * (T(1) - n.square());
    d_z = g * (array(old_state, size) - n) * z * (T(1) - z);
    d_r = d_n * u * r * (T(1) - r);
    if (d_gi != nullptr) put(array(d_gi, 3 * size), fresh_gi, array(std::as_const(d_gh), 3 * size));
    d_n *= r;
    if (d_h != nullptr) put(array(d_h, size), fresh_h, g * z);
}

/// A row that does not count: its state was carried through, and so is its gradient.
template <class T>
void carried_row_backward(const T* grad, Index size, T* d_gi, bool fresh_gi, T* d_gh, T* d_h, bool fresh_h) {
    array(d_gh, 3 * size).setZero();
    if (d_gi != nullptr && fresh_gi) array(d_gi, 3 * size).setZero();
    if (d_h != nullptr) put(array(d_h, size), fresh_h, array(grad, size));
}

struct GruIds {
    int input, state, hidden_weight, hidden_bias;
};

template <class T>
void gru_backward(Tape<T>& tape, const GruSaved<T>& saved, const GruIds& ids, const Tensor<T>& grad) {
    const Index batch = saved.state.shape()[0], size = saved.state.shape()[1];
    bool fresh_gi = false, fresh_h = false;
    T* const d_gi = ids.input < 0 ? nullptr : tape.grad_buffer(ids.input, fresh_gi).data();
    T* const d_h = ids.state < 0 ? nullptr : tape.grad_buffer(ids.state, fresh_h).data();
    Tensor<T> d_gh = Tensor<T>::uninitialized(Shape{batch, 3 * size});
    for (Index b = 0; b < batch; ++b) {
        const T* const g = grad.data() + b * size;
        T* const to_gi = d_gi == nullptr ? nullptr : d_gi + b * 3 * size;
        T* const to_gh = d_gh.data() + b * 3 * size;
        T* const to_h = d_h == nullptr ? nullptr : d_h + b * size;
        if (saved.counts(b)) {
            gru_row_backward(g, saved.gates.data() + b * 4 * size, saved.state.data() + b * size, size, to_gi, fresh_gi, to_gh,
                             to_h, fresh_h);
        } else {
            carried_row_backward(g, size, to_gi, fresh_gi, to_gh, to_h, fresh_h);
        }
    }
    if (d_h != nullptr) {
        gemm<T>(d_gh.data(), saved.hidden_weight.data(), d_h, batch, size, 3 * size, {.accumulate = true});
    }
    if (ids.hidden_weight >= 0) {
        bool fresh = false;
        Tensor<T>& d_w = tape.grad_buffer(ids.hidden_weight, fresh);
        gemm<T>(d_gh.data(), saved.state.data(), d_w.data(), 3 * size, size, batch,
                {.transpose_a = true, .accumulate = !fresh});
    }
    if (ids.hidden_bias >= 0) add_column_sums(d_gh.data(), batch, 3 * size, tape.grad_of(ids.hidden_bias).data());
}

}  // namespace

template <class T>
GruStep<T> gru_step(const GruCell<T>& cell, const Var<T>& projected_input, const Var<T>& state, std::span<const T> row_mask) {
    check_gru(cell, projected_input.shape(), state.shape(), row_mask);
    const Shape& shape = state.shape();
    const Index batch = shape[0], size = shape[1];
    const Tensor<T>& gi = projected_input.value();
    const Tensor<T>& h = state.value();
    const Tensor<T> gh = project_state(cell, h);
    Tensor<T> next = Tensor<T>::uninitialized(shape);
    const auto counts = [&](Index b) { return row_mask.empty() || row_mask[static_cast<std::size_t>(b)] != T(0); };

    Tape<T>* tape = common_tape({&projected_input, &state, &cell.hidden_weight, &cell.hidden_bias});
    if (tape == nullptr) {
        Tensor<T> r = Tensor<T>::uninitialized(shape), z = Tensor<T>::uninitialized(shape), n = Tensor<T>::uninitialized(shape);
        for (Index b = 0; b < batch; ++b) {
            const Index at = b * size;
            gru_row(gi.data() + 3 * at, gh.data() + 3 * at, h.data() + at, counts(b), size, r.data() + at, z.data() + at,
                    n.data() + at, next.data() + at);
        }
        return {r, z, n, next};
    }
    Tensor<T> gates = Tensor<T>::uninitialized(Shape{batch, 4 * size});
    for (Index b = 0; b < batch; ++b) {
        const Index at = b * size;
        T* const row = gates.data() + 4 * at;
        gru_row(gi.data() + 3 * at, gh.data() + 3 * at, h.data() + at, counts(b), size, row, row + size, row + 2 * size,
                next.data() + at);
        std::copy_n(gh.data() + 3 * at + 2 * size, size, row + 3 * size);
    }
    GruSaved<T> saved{gates, h, cell.hidden_weight.value(), {row_mask.begin(), row_mask.end()}};
    const GruIds ids{projected_input.id(), state.id(), cell.hidden_weight.id(), cell.hidden_bias.id()};
    Var<T> result = tape->record(std::move(next), [saved = std::move(saved), ids](Tape<T>& t, const Tensor<T>& grad) {
        gru_backward(t, saved, ids, grad);
    });
    return {{}, {}, {}, std::move(result)};
}

template GruStep<float> gru_step(const GruCell<float>&, const Var<float>&, const Var<float>&, std::span<const float>);
template GruStep<double> gru_step(const GruCell<double>&, const Var<double>&, const Var<double>&, std::span<const double>);

}  // namespace saccade
