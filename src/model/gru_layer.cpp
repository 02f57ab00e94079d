#include "model/gru_layer.hpp"

#include <fmt/core.h>

#include <array>

#include "attention/mask.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

namespace {

struct Gate {
    const char* name;
    const char* letter;  // subscript of its matrices
};
constexpr std::array<Gate, 3> gates = {{{"reset", "r"}, {"update", "z"}, {"candidate", "n"}}};

ProbeSite site_of(const GruLayer& layer, const std::string& part, Role role, const std::string& symbol,
                  const std::string& title) {
    return {layer.name + "." + part, role, symbol, layer.title + ": " + title, "", {layer.axis, layer.units}};
}

struct Sites {
    ProbeSite reset, update, candidate, state;

    explicit Sites(const GruLayer& layer)
        : reset(site_of(layer, "reset", Role::gate, layer.arrow + "r", "reset gate")),
          update(site_of(layer, "update", Role::gate, layer.arrow + "z", "update gate")),
          candidate(site_of(layer, "candidate", Role::state, layer.arrow + "n", "candidate state")),
          state(site_of(layer, "state", Role::state, layer.arrow + "h", "state")) {}
};

template <class T>
bool same_storage(const Var<T>& a, const Var<T>& b) {
    return a.value().data() == b.value().data();
}

/// What an intervention changes is carried on; nothing is computed twice without one.
template <class T>
Var<T> shown_step(const GruCell<T>& cell, const Var<T>& projected, const Var<T>& state, Probe* probe, const Sites& sites,
                  Index row) {
    GruStep<T> step = gru_step(cell, projected, state);
    const Index size = cell.hidden_size();
    const Var<T> reset = show(probe, sites.reset, row, step.reset);
    const Var<T> update = show(probe, sites.update, row, step.update);
    Var<T> candidate = step.candidate;
    if (!same_storage(reset, step.reset)) {
        const Var<T> remembered =
            affine(state, slice(cell.hidden_weight, 0, 2 * size, size), slice(cell.hidden_bias, 0, 2 * size, size));
        candidate = tanh(add(slice(projected, 1, 2 * size, size), mul(reset, remembered)));
    }
    candidate = show(probe, sites.candidate, row, candidate);
    Var<T> next = step.state;
    if (!same_storage(candidate, step.candidate) || !same_storage(update, step.update))
        next = add(candidate, mul(update, sub(state, candidate)));
    return show(probe, sites.state, row, next);
}

/// The blocks of a stacked parameter [3H, ...], each under its gate's name: rows of the same storage.
void gate_parameters(Probe& probe, const Tensor<float>& stacked, const std::string& name, const std::string& symbol,
                     const std::vector<std::string>& axes) {
    const Index size = stacked.shape()[0] / 3;
    for (Index g = 0; g < 3; ++g) {
        const Gate& gate = gates[static_cast<std::size_t>(g)];
        probe.parameter(name + "." + gate.name, symbol + "_" + gate.letter, axes, stacked.rows(g * size, size));
    }
}

}  // namespace

template <class T>
GruCell<T> gru_of(const Weights<T>& w, const std::string& name, Index inputs, Index hidden) {
    return {w.get(name + ".input_weight", {3 * hidden, inputs}), w.get(name + ".hidden_weight", {3 * hidden, hidden}),
            w.get(name + ".input_bias", {3 * hidden}), w.get(name + ".hidden_bias", {3 * hidden})};
}

template <class T>
std::vector<Var<T>> run_gru_layer(const GruLayer& layer, const GruCell<T>& cell, const Var<T>& embedded,
                                  std::span<const Index> lengths, Probe* probe, const std::stop_token& stop) {
    const auto size = static_cast<Index>(lengths.size());
    const Index length = embedded.shape()[0] / size;
    const Sites sites(layer);
    const Var<T> projected = affine(embedded, cell.input_weight, cell.input_bias);
    std::vector<Var<T>> states(static_cast<std::size_t>(length));
    Var<T> state = Tensor<T>(Shape{size, cell.hidden_size()});
    for (Index n = 0; n < length; ++n) {
        check_stop(stop);
        const Index t = layer.backward ? length - 1 - n : n;
        const Var<T> gates_in = slice(projected, 0, t * size, size);
        const Tensor<T> inside = layer.backward && probe == nullptr ? step_mask<T>(lengths, t) : Tensor<T>{};
        state = probe != nullptr ? shown_step(cell, gates_in, state, probe, sites, t)
                                 : gru_step(cell, gates_in, state, std::span<const T>(inside.values())).state;
        states[static_cast<std::size_t>(t)] = state;
    }
    return states;
}

void describe_gru_layer(Probe& probe, const GruLayer& layer, const GruCell<float>& cell, const std::string& source) {
    const std::string& name = layer.name;
    const std::string& arrow = layer.arrow;
    gate_parameters(probe, cell.input_weight.value(), name + ".input_weight", arrow + "W", {layer.units, layer.inputs});
    gate_parameters(probe, cell.hidden_weight.value(), name + ".hidden_weight", arrow + "U", {layer.units, layer.units});
    gate_parameters(probe, cell.input_bias.value(), name + ".input_bias", arrow + "b", {layer.units});
    gate_parameters(probe, cell.hidden_bias.value(), name + ".hidden_bias", arrow + "d", {layer.units});

    const std::string before = layer.backward ? "j+1" : "j-1";
    const std::string h = fmt::format("{}h_({})", arrow, before);
    const auto input = [&](const char* gate) {
        return fmt::format("sum_m({0}.input_weight.{1}[k,m] * {2}[j,m]) + {0}.input_bias.{1}[k]", name, gate, layer.input);
    };
    const auto recurrent = [&](const char* gate) {
        return fmt::format("sum_l({0}.hidden_weight.{1}[k,l] * ({0}.state[{2},l] else 0)) + {0}.hidden_bias.{1}[k]", name, gate,
                           before);
    };
    for (const Gate& gate : {gates[0], gates[1]})
        probe.step({"gate", name + "." + gate.name,
                    fmt::format("{0}{1}_j = σ({0}W_{1} x_j + {0}U_{1} {2} + {0}b_{1} + {0}d_{1})", arrow, gate.letter, h),
                    fmt::format("{}.{}[j,k] = sigmoid({} + {})", name, gate.name, input(gate.name), recurrent(gate.name)),
                    source});
    probe.step({"candidate", name + ".candidate",
                fmt::format("{0}n_j = tanh({0}W_n x_j + {0}b_n + {0}r_j ∘ ({0}U_n {1} + {0}d_n))", arrow, h),
                fmt::format("{0}.candidate[j,k] = tanh({1} + {0}.reset[j,k] * ({2}))", name, input("candidate"),
                            recurrent("candidate")),
                source});
    probe.step({"update", name + ".state", fmt::format("{0}h_j = (1 − {0}z_j) ∘ {0}n_j + {0}z_j ∘ {1}", arrow, h),
                fmt::format("{0}.state[j,k] = (1 - {0}.update[j,k]) * {0}.candidate[j,k] + {0}.update[j,k] * "
                            "({0}.state[{1},k] else 0)",
                            name, before),
                source});
}

#define SACCADE_INSTANTIATE(T)                                                                                            \
    template GruCell<T> gru_of(const Weights<T>&, const std::string&, Index, Index);                                      \
    template std::vector<Var<T>> run_gru_layer(const GruLayer&, const GruCell<T>&, const Var<T>&, std::span<const Index>, \
                                               Probe*, const std::stop_token&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
