#include "model/gated_cell.hpp"

#include <fmt/core.h>

#include "autograd/ops.hpp"

namespace saccade {

namespace {

template <class T>
bool same_storage(const Var<T>& a, const Var<T>& b) {
    return a.value().data() == b.value().data();
}

template <class T>
LstmCell<T> as_lstm(const GruCell<T>& p) {
    return {p.input_weight, p.hidden_weight, p.input_bias, p.hidden_bias, p.packed};
}

}  // namespace

std::string to_string(CellKind kind) {
    return kind == CellKind::gru ? "gru" : "lstm";
}

CellKind cell_kind_from(const std::string& text) {
    if (text == "gru") return CellKind::gru;
    if (text == "lstm") return CellKind::lstm;
    throw Error(ErrorCode::bad_format, "there is no cell '" + text + "'", "gru or lstm");
}

Index gate_count(CellKind kind) {
    return kind == CellKind::gru ? 3 : 4;
}

template <class T>
GatedCell<T>::GatedCell(const Weights<T>& w, const std::string& name, CellKind kind, Index input, Index hidden) : kind_(kind) {
    const Index rows = gate_count(kind) * hidden;
    parameters_ = {w.get(name + ".input_weight", {rows, input}), w.get(name + ".hidden_weight", {rows, hidden}),
                   w.get(name + ".input_bias", {rows}), w.get(name + ".hidden_bias", {rows})};
    input_ = laid_out(Linear<T>{parameters_.input_weight, parameters_.input_bias});
    if (!parameters_.hidden_weight.tracked()) parameters_.packed = packed_transpose(parameters_.hidden_weight.value());
}

template <class T>
CellState<T> GatedCell<T>::zero(Index batch) const {
    const Tensor<T> zeros(Shape{batch, hidden_size()});
    return {zeros, kind_ == CellKind::lstm ? Var<T>(zeros) : Var<T>()};
}

template <class T>
Var<T> GatedCell<T>::project(const Var<T>& x) const {
    return input_(x);
}

template <class T>
CellState<T> GatedCell<T>::step(const Var<T>& projected, const CellState<T>& state, std::span<const T> row_mask) const {
    if (kind_ == CellKind::gru) return {gru_step(parameters_, projected, state.h, row_mask).state, {}};
    const LstmStep<T> next = lstm_step(as_lstm(parameters_), projected, state.h, state.c, row_mask);
    return {next.state, next.cell};
}

template <class T>
CellState<T> GatedCell<T>::step(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                                const std::function<CellReads()>& reads) const {
    if (!observe) return step(projected, state);
    return kind_ == CellKind::gru ? gru(projected, state, observe, reads) : lstm(projected, state, observe, reads);
}

template <class T>
Shown GatedCell<T>::activated(Role role, const std::string& part, const CellBlock& block, const std::string& what,
                              const CellReads& reads) const {
    const bool gate = role == Role::gate;
    const std::string symbol = reads.arrow + block.letter;
    return {.role = role,
            .symbol = symbol,
            .title = reads.title + ": " + what,
            .axes = reads.axes(),
            .step = reads.activated(gate ? "gate" : "candidate", part, symbol, block, gate ? "sigmoid" : "tanh",
                                    gate ? "σ" : "tanh"),
            .parameters = reads.parameters(block, declared_values(parameters_.hidden_weight),
                                           declared_values(parameters_.input_bias), declared_values(parameters_.hidden_bias))};
}

template <class T>
CellState<T> GatedCell<T>::gru(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                               const std::function<CellReads()>& reads) const {
    const GruStep<T> step = gru_step(parameters_, projected, state.h);
    const Index size = hidden_size();
    const Var<T> reset = observe("reset", step.reset, [&] {
        return activated(Role::gate, "reset", {"reset", "r", 0, 3}, "reset gate", reads());
    });
    const Var<T> update = observe("update", step.update, [&] {
        return activated(Role::gate, "update", {"update", "z", 1, 3}, "update gate", reads());
    });
    Var<T> candidate = step.candidate;
    if (!same_storage(reset, step.reset)) {
        const Var<T> remembered = affine(state.h, slice(parameters_.hidden_weight, 0, 2 * size, size),
                                         slice(parameters_.hidden_bias, 0, 2 * size, size));
        candidate = tanh(add(slice(projected, 1, 2 * size, size), mul(reset, remembered)));
    }
    const Var<T> shown_candidate = observe("candidate", candidate, [&] {
        const CellReads r = reads();
        const CellBlock block{"candidate", "n", 2, 3};
        Shown says = activated(Role::state, "candidate", block, "candidate state", r);
        says.step.formula = fmt::format("{0} = tanh({1} + {2}b_n + {3} ∘ ({2}U_n {4} + {2}d_n))", r.now(r.arrow + "n"),
                                        r.input_formula(block), r.arrow, r.now(r.arrow + "r"), r.before(r.state));
        says.step.rule = fmt::format("{} = tanh({} + {} * ({}))", r.at("candidate"), r.input_rule(block), r.at("reset"),
                                     r.recurrent_rule(block));
        return says;
    });
    Var<T> next = step.state;
    if (!same_storage(shown_candidate, step.candidate) || !same_storage(update, step.update))
        next = add(shown_candidate, mul(update, sub(state.h, shown_candidate)));
    return {observe("state", next,
                    [&] {
                        const CellReads r = reads();
                        const std::string z = r.now(r.arrow + "z"), n = r.now(r.arrow + "n");
                        return Shown{
                            .role = Role::state,
                            .symbol = r.state,
                            .title = r.title + ": state",
                            .axes = r.axes(),
                            .step = {"update",
                                     fmt::format("{} = (1 − {}) ∘ {} + {} ∘ {}", r.now(r.state), z, n, z, r.before(r.state)),
                                     fmt::format("{} = (1 - {}) * {} + {} * {}", r.at("state"), r.at("update"),
                                                 r.at("candidate"), r.at("update"), r.state_before('k')),
                                     r.source}};
                    }),
            {}};
}

template <class T>
CellState<T> GatedCell<T>::lstm(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                                const std::function<CellReads()>& reads) const {
    const LstmStep<T> step = lstm_step(as_lstm(parameters_), projected, state.h, state.c);
    const auto gate = [&](const std::string& name, const std::string& letter, Index at, const std::string& what) {
        return [=, this, &reads] { return activated(Role::gate, name, {name, letter, at, 4}, what, reads()); };
    };
    const Var<T> input = observe("input_gate", step.input_gate, gate("input_gate", "i", 0, "input gate"));
    const Var<T> forget = observe("forget_gate", step.forget_gate, gate("forget_gate", "f", 1, "forget gate"));
    const Var<T> candidate = observe("candidate", step.candidate, [&] {
        return activated(Role::state, "candidate", {"candidate", "g", 2, 4}, "candidate cell", reads());
    });
    Var<T> cell = step.cell;
    if (!same_storage(input, step.input_gate) || !same_storage(forget, step.forget_gate) ||
        !same_storage(candidate, step.candidate))
        cell = add(mul(forget, state.c), mul(input, candidate));
    const Var<T> shown_cell = observe("cell", cell, [&] {
        const CellReads r = reads();
        const auto now = [&r](const char* letter) { return r.now(r.arrow + letter); };
        return Shown{
            .role = Role::state,
            .symbol = r.arrow + "c",
            .title = r.title + ": cell",
            .axes = r.axes(),
            .step = {"remember",
                     fmt::format("{} = {} ∘ {} + {} ∘ {}", now("c"), now("f"), r.before(r.arrow + "c"), now("i"), now("g")),
                     fmt::format("{} = {} * {} + {} * {}", r.at("cell"), r.at("forget_gate"), r.cell_before(),
                                 r.at("input_gate"), r.at("candidate")),
                     r.source}};
    });
    const Var<T> output = observe("output_gate", step.output_gate, gate("output_gate", "o", 3, "output gate"));
    Var<T> next = step.state;
    if (!same_storage(shown_cell, step.cell) || !same_storage(output, step.output_gate)) next = mul(output, tanh(shown_cell));
    return {observe("state", next,
                    [&] {
                        const CellReads r = reads();
                        return Shown{
                            .role = Role::state,
                            .symbol = r.state,
                            .title = r.title + ": state",
                            .axes = r.axes(),
                            .step = {
                                "update",
                                fmt::format("{} = {} ∘ tanh({})", r.now(r.state), r.now(r.arrow + "o"), r.now(r.arrow + "c")),
                                fmt::format("{} = {} * tanh({})", r.at("state"), r.at("output_gate"), r.at("cell")), r.source}};
                    }),
            shown_cell};
}

template class GatedCell<float>;
template class GatedCell<double>;

}  // namespace saccade
