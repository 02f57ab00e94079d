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
    return affine(x, elman_.input_weight, elman_.input_bias);
}

template <class T>
CellState<T> RecurrentCell<T>::step(const Var<T>& projected, const CellState<T>& state, std::span<const T> row_mask) const {
    if (kind_ == RecurrentKind::elman) return {elman_step(elman_, projected, state.h, row_mask), {}};
    return gated_.step(projected, state, row_mask);
}

template <class T>
CellState<T> RecurrentCell<T>::shown_step(const Var<T>& projected, const CellState<T>& state, Probe& probe,
                                          const CellSites& sites, Index row) const {
    if (kind_ == RecurrentKind::elman) return {show(&probe, sites.state, row, elman_step(elman_, projected, state.h)), {}};
    return gated_.shown_step(projected, state, probe, sites, row);
}

template class RecurrentCell<float>;
template class RecurrentCell<double>;

CellSites recurrent_sites(RecurrentKind kind, const std::string& name, const std::string& arrow,
                          const std::string& state_symbol, const std::string& title, const std::vector<std::string>& axes) {
    if (kind != RecurrentKind::elman) return cell_sites(gated_kind(kind), name, arrow, state_symbol, title, axes);
    CellSites sites;
    sites.state = {name + ".state", Role::state, state_symbol, title + ": state", "", axes};
    return sites;
}

void describe_recurrent(Probe& probe, const RecurrentCell<float>& cell, const CellText& t, const std::string& input_axis) {
    if (cell.kind() != RecurrentKind::elman) return describe_cell(probe, cell.gated(), t, input_axis);
    const ElmanCell<float>& p = cell.parameters();
    const std::string& axis = t.unit_axis;
    probe.parameter(t.name + ".input_weight", t.arrow + "W", {axis, input_axis}, p.input_weight.value());
    probe.parameter(t.name + ".hidden_weight", t.arrow + "U", {axis, axis}, p.hidden_weight.value());
    probe.parameter(t.name + ".input_bias", t.arrow + "b", {axis}, p.input_bias.value());
    probe.parameter(t.name + ".hidden_bias", t.arrow + "d", {axis}, p.hidden_bias.value());
    std::string input_formula = t.input_formula;
    if (const auto at = input_formula.find("_?"); at != std::string::npos) input_formula.erase(at, 2);
    probe.step({"update", t.name + ".state",
                fmt::format("{0} = tanh({1} + {2}U {3} + {2}b + {2}d)", t.h, input_formula, t.arrow, t.h_previous),
                fmt::format("{0}.state[{1},k] = tanh({2} + {0}.input_bias[k] + sum_l({0}.hidden_weight[k,l] * {3}) + "
                            "{0}.hidden_bias[k])",
                            t.name, t.position, t.input(""), t.previous_state('l')),
                t.source});
}

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
