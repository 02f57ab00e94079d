#include "model/recurrent_layer.hpp"

#include <algorithm>

#include "attention/mask.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

PaddedTexts PaddedTexts::from(std::span<const Ids> texts) {
    PaddedTexts batch;
    std::size_t longest = 0;
    for (const Ids& text : texts) {
        if (text.empty()) throw Error(ErrorCode::invalid_input, "a text is empty", "give at least one character");
        batch.lengths.push_back(static_cast<Index>(text.size()));
        longest = std::max(longest, text.size());
    }
    if (texts.empty()) throw Error(ErrorCode::invalid_input, "a batch has no texts", "give at least one");
    batch.ids.assign(texts.size() * longest, 0);
    for (std::size_t b = 0; b < texts.size(); ++b)
        for (std::size_t t = 0; t < texts[b].size(); ++t) batch.ids[t * texts.size() + b] = texts[b][t];
    return batch;
}

template <class T>
std::vector<CellState<T>> run_recurrent(const RecurrentLayer& layer, const RecurrentCell<T>& cell, const Var<T>& x,
                                        std::span<const Index> lengths, const Observer& observe, const std::stop_token& stop) {
    const auto size = static_cast<Index>(lengths.size());
    const Index length = x.shape()[0] / size;
    const bool padded = std::ranges::any_of(lengths, [&](Index n) { return n != length; });
    const Observer within = observe.named(observe.name(layer.name + "."));
    const Var<T> projected = cell.project(x);
    std::vector<CellState<T>> states(static_cast<std::size_t>(length));
    CellState<T> state = cell.zero(size);
    for (Index n = 0; n < length; ++n) {
        check_stop(stop);
        const Index t = layer.backward ? length - 1 - n : n;
        const Var<T> here = slice(projected, 0, t * size, size);
        if (observe) {
            state = cell.step(here, state, within.row(t), [&] { return layer_reads(layer, cell); });
        } else {
            const Tensor<T> inside = padded ? step_mask<T>(lengths, t) : Tensor<T>{};
            state = cell.step(here, state, std::span<const T>(inside.values()));
        }
        states[static_cast<std::size_t>(t)] = state;
    }
    return states;
}

template <class T>
CellReads layer_reads(const RecurrentLayer& layer, const RecurrentCell<T>& cell) {
    return {.title = layer.title,
            .state = layer.arrow + "h",
            .arrow = layer.arrow,
            .axis = layer.axis,
            .units = layer.units,
            .backward = layer.backward,
            .inputs = {{layer.input + "[j,m]", "x_j", layer.input_axis, declared_values(cell.parameters().input_weight)}},
            .source = recurrent_source(cell.kind())};
}

namespace {

/// One row of a tensor [1, n] repeated.
template <class T>
Tensor<T> repeated(const T* row, Index width, Index count) {
    Tensor<T> rows = Tensor<T>::uninitialized(Shape{count, width});
    for (Index i = 0; i < count; ++i) std::copy_n(row, width, rows.data() + i * width);
    return rows;
}

template <class T>
Tensor<T> identity(Index n, Index columns) {
    Tensor<T> one(Shape{n, columns});
    for (Index i = 0; i < n; ++i) one.data()[i * columns + i] = 1;
    return one;
}

/// Adjoints of the states before a step, and of its projected input.
template <class T>
struct StepAdjoint {
    Tensor<T> h, c, input;
};

/// From d h_T / d (h, c) after a step, [H, H] or [H, 2H] side by side, to what was before it.
template <class T>
StepAdjoint<T> back_through(const RecurrentCell<T>& cell, const T* projected, const CellState<T>& before,
                            const Tensor<T>& adjoint) {
    const Index units = adjoint.shape()[0], hidden = cell.hidden_size();
    Tape<T> tape;
    const Var<T> input = tape.leaf(repeated(projected, recurrent_blocks(cell.kind()) * hidden, units));
    CellState<T> state{tape.leaf(repeated(before.h.value().data(), hidden, units)), {}};
    const bool has_cell = cell.kind() == RecurrentKind::lstm;
    if (has_cell) state.c = tape.leaf(repeated(before.c.value().data(), hidden, units));
    const CellState<T> next = cell.step(input, state);
    if (has_cell) {
        const Var<T> both[] = {next.h, next.c};
        tape.backward(concat<T>(both, 1), adjoint);
    } else {
        tape.backward(next.h, adjoint);
    }
    return {tape.grad(state.h), has_cell ? tape.grad(state.c) : Tensor<T>{}, tape.grad(input)};
}

}  // namespace

template <class T>
Tensor<T> state_jacobian(const RecurrentCell<T>& cell, const Tensor<T>& x, bool backward, Index from,
                         const std::stop_token& stop) {
    const Index length = x.shape()[0], inputs = x.shape()[1], hidden = cell.hidden_size();
    const Index steps = backward ? length - from : from + 1;
    const auto position = [&](Index n) { return backward ? length - 1 - n : n; };
    const Tensor<T> projected = cell.project(x).value();
    const Index width = projected.shape()[1];
    std::vector<CellState<T>> before(static_cast<std::size_t>(steps));
    CellState<T> state = cell.zero(1);
    for (Index n = 0; n < steps; ++n) {
        check_stop(stop);
        before[static_cast<std::size_t>(n)] = state;
        state = cell.step(projected.rows(position(n), 1), state);
    }

    Tensor<T> jacobian(Shape{length, hidden, inputs});
    Tensor<T> adjoint = identity<T>(hidden, cell.kind() == RecurrentKind::lstm ? 2 * hidden : hidden);
    for (Index n = steps - 1; n >= 0; --n) {
        check_stop(stop);
        const Index t = position(n);
        StepAdjoint<T> back = back_through(cell, projected.data() + t * width, before[static_cast<std::size_t>(n)], adjoint);
        const Tensor<T> here = matmul<T>(back.input, cell.parameters().input_weight.value()).value();
        std::copy_n(here.data(), here.size(), jacobian.data() + t * here.size());
        if (back.c.empty()) {
            adjoint = std::move(back.h);
        } else {
            const Var<T> both[] = {back.h, back.c};
            adjoint = concat<T>(both, 1).value();
        }
    }
    return jacobian;
}

#define SACCADE_INSTANTIATE(T)                                                                                         \
    template std::vector<CellState<T>> run_recurrent(const RecurrentLayer&, const RecurrentCell<T>&, const Var<T>&,    \
                                                     std::span<const Index>, const Observer&, const std::stop_token&); \
    template CellReads layer_reads(const RecurrentLayer&, const RecurrentCell<T>&);                                    \
    template Tensor<T> state_jacobian(const RecurrentCell<T>&, const Tensor<T>&, bool, Index, const std::stop_token&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
