#include "model/gated_cell_describe.hpp"

#include <fmt/core.h>

#include <span>

namespace saccade {

namespace {

struct Gate {
    const char* name;
    const char* letter;  // subscript of its matrices in the papers' notation
};

/// In the order of the stacked parameters (PyTorch's).
std::span<const Gate> gates_of(CellKind kind) {
    static constexpr Gate gru[] = {{"reset", "r"}, {"update", "z"}, {"candidate", "n"}};
    static constexpr Gate lstm[] = {{"input_gate", "i"}, {"forget_gate", "f"}, {"candidate", "g"}, {"output_gate", "o"}};
    return kind == CellKind::gru ? std::span<const Gate>(gru) : std::span<const Gate>(lstm);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

/// Texts of one layer's rules.
class Writer {
 public:
    explicit Writer(const CellText& text) : t_(text) {}

    std::string left(const std::string& tensor) const { return fmt::format("{}.{}[{},k]", t_.name, tensor, t_.position); }
    std::string input(const Gate& gate) const {
        return fmt::format("{} + {}.input_bias.{}[k]", t_.input(gate.name), t_.name, gate.name);
    }
    std::string recurrent(const Gate& gate) const {
        return fmt::format("sum_l({0}.hidden_weight.{1}[k,l] * {2}) + {0}.hidden_bias.{1}[k]", t_.name, gate.name,
                           t_.previous_state('l'));
    }
    std::string pre_activation(const Gate& gate) const {
        return fmt::format("{3} + {0}U_{1} {4} + {0}b_{1} + {0}d_{1}", t_.arrow, gate.letter, t_.position,
                           replaced(t_.input_formula, "?", gate.letter), t_.h_previous);
    }
    /// A gate or an LSTM's candidate: function(input + recurrent).
    Step plain(const std::string& operation, const Gate& gate, const char* function, const char* symbol) const {
        return {operation, t_.name + "." + gate.name,
                fmt::format("{}{}_{} = {}({})", t_.arrow, gate.letter, t_.position, symbol, pre_activation(gate)),
                fmt::format("{} = {}({} + {})", left(gate.name), function, input(gate), recurrent(gate)), t_.source};
    }

 private:
    const CellText& t_;
};

void gru_steps(Probe& probe, const CellText& t) {
    const Writer w(t);
    const auto gates = gates_of(CellKind::gru);
    probe.step(w.plain("gate", gates[0], "sigmoid", "σ"));
    probe.step(w.plain("gate", gates[1], "sigmoid", "σ"));
    probe.step({"candidate", t.name + ".candidate",
                fmt::format("{0}n_{1} = tanh({2} + {0}b_n + {0}r_{1} ∘ ({0}U_n {3} + {0}d_n))", t.arrow, t.position,
                            replaced(t.input_formula, "?", "n"), t.h_previous),
                fmt::format("{} = tanh({} + {} * ({}))", w.left("candidate"), w.input(gates[2]), w.left("reset"),
                            w.recurrent(gates[2])),
                t.source});
    probe.step({"update", t.name + ".state",
                fmt::format("{0} = (1 − {1}z_{2}) ∘ {1}n_{2} + {1}z_{2} ∘ {3}", t.h, t.arrow, t.position, t.h_previous),
                fmt::format("{} = (1 - {}) * {} + {} * {}", w.left("state"), w.left("update"), w.left("candidate"),
                            w.left("update"), t.previous_state('k')),
                t.source});
}

void lstm_steps(Probe& probe, const CellText& t) {
    const Writer w(t);
    for (const Gate& gate : gates_of(CellKind::lstm)) {
        const bool candidate = std::string(gate.name) == "candidate";
        probe.step(w.plain(candidate ? "candidate" : "gate", gate, candidate ? "tanh" : "sigmoid", candidate ? "tanh" : "σ"));
    }
    probe.step({"remember", t.name + ".cell",
                fmt::format("{0}c_{1} = {0}f_{1} ∘ {0}c_({1}−1) + {0}i_{1} ∘ {0}g_{1}", t.arrow, t.position),
                fmt::format("{} = {} * {} + {} * {}", w.left("cell"), w.left("forget_gate"), t.previous_cell('k'),
                            w.left("input_gate"), w.left("candidate")),
                t.source});
    probe.step({"update", t.name + ".state", fmt::format("{0} = {1}o_{2} ∘ tanh({1}c_{2})", t.h, t.arrow, t.position),
                fmt::format("{} = {} * tanh({})", w.left("state"), w.left("output_gate"), w.left("cell")), t.source});
}

}  // namespace

void gate_parameters(Probe& probe, CellKind kind, const Tensor<float>& stacked, const std::string& name,
                     const std::string& symbol, const std::vector<std::string>& axes) {
    const std::span<const Gate> gates = gates_of(kind);
    const Index size = stacked.shape()[0] / static_cast<Index>(gates.size());
    for (std::size_t g = 0; g < gates.size(); ++g)
        probe.parameter(fmt::format("{}.{}", name, gates[g].name), fmt::format("{}_{}", symbol, gates[g].letter), axes,
                        stacked.rows(static_cast<Index>(g) * size, size));
}

void describe_cell(Probe& probe, const GatedCell<float>& cell, const CellText& t, const std::string& input_axis) {
    const GruCell<float>& p = cell.parameters();
    const std::string& axis = t.unit_axis;
    gate_parameters(probe, cell.kind(), p.input_weight.value(), t.name + ".input_weight", t.arrow + "W", {axis, input_axis});
    gate_parameters(probe, cell.kind(), p.hidden_weight.value(), t.name + ".hidden_weight", t.arrow + "U", {axis, axis});
    gate_parameters(probe, cell.kind(), p.input_bias.value(), t.name + ".input_bias", t.arrow + "b", {axis});
    gate_parameters(probe, cell.kind(), p.hidden_bias.value(), t.name + ".hidden_bias", t.arrow + "d", {axis});
    cell.kind() == CellKind::gru ? gru_steps(probe, t) : lstm_steps(probe, t);
}

}  // namespace saccade
