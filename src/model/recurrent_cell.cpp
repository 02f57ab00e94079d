#include "model/recurrent_cell.hpp"

#include <fmt/core.h>

#include <cmath>

#include "autograd/ops.hpp"

namespace saccade {

namespace {

CellKind gated_kind(RecurrentKind kind) {
    return kind == RecurrentKind::gru ? CellKind::gru : CellKind::lstm;
}

}  // namespace

std::string to_string(RecurrentKind kind) {
    switch (kind) {
        case RecurrentKind::elman:
            return "elman";
        case RecurrentKind::gru:
            return "gru";
        case RecurrentKind::lstm:
            break;
    }
    return "lstm";
}

RecurrentKind recurrent_kind_from(const std::string& text) {
    for (const RecurrentKind kind : {RecurrentKind::elman, RecurrentKind::gru, RecurrentKind::lstm})
        if (to_string(kind) == text) return kind;
    throw Error(ErrorCode::bad_format, "there is no recurrent cell '" + text + "'", "elman, gru or lstm");
}

std::string recurrent_title(RecurrentKind kind) {
    switch (kind) {
        case RecurrentKind::elman:
            return "Elman";
        case RecurrentKind::gru:
            return "GRU";
        case RecurrentKind::lstm:
            break;
    }
    return "LSTM";
}

Index recurrent_blocks(RecurrentKind kind) {
    return kind == RecurrentKind::elman ? 1 : gate_count(gated_kind(kind));
}

std::string recurrent_source(RecurrentKind kind) {
    switch (kind) {
        case RecurrentKind::elman:
            return "Elman 1990, figure 2; tanh for the logistic function";
        case RecurrentKind::gru:
            return "Cho 2014, eq. 5 to 8; the reset gate acts after the product";
        case RecurrentKind::lstm:
            break;
    }
    return "Hochreiter and Schmidhuber 1997; forget gate: Gers 2000";
}

template <class T>
RecurrentCell<T>::RecurrentCell(const Weights<T>& w, const std::string& name, RecurrentKind kind) : kind_(kind) {
    const Shape input = w.get(name + ".input_weight").shape(), hidden = w.get(name + ".hidden_weight").shape();
    if (input.rank() != 2 || hidden.rank() != 2 || input.size() == 0 || hidden.size() == 0)
        throw Error(ErrorCode::bad_format,
                    fmt::format("weights: {0}.input_weight has shape {1}, {0}.hidden_weight {2}; both must be matrices", name,
                                input.str(), hidden.str()),
                    "choose a file of this model");
    const Index rows = recurrent_blocks(kind) * hidden[1];
    elman_ = {w.get(name + ".input_weight", {rows, input[1]}), w.get(name + ".hidden_weight", {rows, hidden[1]}),
              w.get(name + ".input_bias", {rows}), w.get(name + ".hidden_bias", {rows})};
    if (kind != RecurrentKind::elman) gated_ = GatedCell<T>(w, name, gated_kind(kind), input[1], hidden[1]);
}

template <class T>
CellState<T> RecurrentCell<T>::zero(Index batch) const {
    const Tensor<T> zeros(Shape{batch, hidden_size()});
    return {zeros, kind_ == RecurrentKind::lstm ? Var<T>(zeros) : Var<T>()};
}

template <class T>
Var<T> RecurrentCell<T>::project(const Var<T>& x) const {
    if (kind_ != RecurrentKind::elman) return gated_.project(x);
    return affine(x, elman_.input_weight, elman_.input_bias);
}

template <class T>
CellState<T> RecurrentCell<T>::step(const Var<T>& projected, const CellState<T>& state, std::span<const T> row_mask) const {
    if (kind_ == RecurrentKind::elman) return {elman_step(elman_, projected, state.h, row_mask), {}};
    return gated_.step(projected, state, row_mask);
}

template <class T>
CellState<T> RecurrentCell<T>::step(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                                    const std::function<CellReads()>& reads) const {
    if (kind_ != RecurrentKind::elman) return gated_.step(projected, state, observe, reads);
    return {observe("state", elman_step(elman_, projected, state.h),
                    [&] {
                        const CellReads r = reads();
                        return Shown{.role = Role::state,
                                     .symbol = r.state,
                                     .title = r.title + ": state",
                                     .axes = r.axes(),
                                     .step = r.activated("update", "state", r.state, {}, "tanh", "tanh"),
                                     .parameters =
                                         r.parameters({}, declared_values(elman_.hidden_weight),
                                                      declared_values(elman_.input_bias), declared_values(elman_.hidden_bias))};
                    }),
            {}};
}

template class RecurrentCell<float>;
template class RecurrentCell<double>;

void init_recurrent(WeightMap& weights, const std::string& name, RecurrentKind kind, Index input, Index hidden, Rng& rng) {
    const Index rows = recurrent_blocks(kind) * hidden;
    const auto uniform = [&](const std::string& part, Index columns) {
        Tensor<float> w(Shape{rows, columns});
        const double limit = 1 / std::sqrt(static_cast<double>(columns));
        for (float& v : w.values()) v = static_cast<float>(limit * (2 * rng.uniform() - 1));
        weights.emplace(name + "." + part, std::move(w));
    };
    uniform("input_weight", input);
    uniform("hidden_weight", hidden);
    Tensor<float> bias(Shape{rows});
    if (kind == RecurrentKind::lstm)
        for (Index k = hidden; k < 2 * hidden; ++k) bias.data()[k] = 1;
    weights.emplace(name + ".input_bias", bias);
    weights.emplace(name + ".hidden_bias", Tensor<float>(Shape{rows}));
}

}  // namespace saccade
