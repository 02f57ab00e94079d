#include <fmt/core.h>

#include <array>

#include "model/seq2seq.hpp"

// What each recorded tensor of the encoder-decoder follows from: formulas for people, and rules that are executed.

namespace saccade {

namespace {

struct Gate {
    const char* name;
    const char* letter;  // subscript of its matrices in the paper's notation
};
constexpr std::array<Gate, 3> gates = {{{"reset", "r"}, {"update", "z"}, {"candidate", "n"}}};

/// The three gates' blocks of a stacked parameter [3H, ...], each under its own name: rows of the same storage.
void gate_parameters(Probe& probe, const Tensor<float>& stacked, const std::string& name, const std::string& symbol,
                     const std::vector<std::string>& axes) {
    const Index size = stacked.shape()[0] / 3;
    for (Index g = 0; g < 3; ++g) {
        const Gate& gate = gates[static_cast<std::size_t>(g)];
        probe.parameter(fmt::format("{}.{}", name, gate.name), fmt::format("{}_{}", symbol, gate.letter), axes,
                        stacked.rows(g * size, size));
    }
}

/// `axis`: of the units. Matrices are W (input), U (state); biases b (input), d (state).
void gru_parameters(Probe& probe, const GruCell<float>& cell, const std::string& name, const std::string& arrow,
                    const std::string& axis) {
    gate_parameters(probe, cell.input_weight.value(), name + ".input_weight", arrow + "W", {axis, "embedding"});
    gate_parameters(probe, cell.hidden_weight.value(), name + ".hidden_weight", arrow + "U", {axis, axis});
    gate_parameters(probe, cell.input_bias.value(), name + ".input_bias", arrow + "b", {axis});
    gate_parameters(probe, cell.hidden_bias.value(), name + ".hidden_bias", arrow + "d", {axis});
}

/// Names of one recurrent layer in its rules. `t` is its position letter.
struct GruText {
    std::string name;      // "encoder.forward"
    char t;                // position: j or i
    std::string input;     // "sum_m({name}.input_weight.{gate}[k,m] * encoder.embedding[j,m])"; {gate} is filled in
    std::string previous;  // "(encoder.forward.state[j-1,l] else 0)"; index letter of the unit last
    std::string arrow, x, h, h_previous;  // for formulas
    std::string source;
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

void gru_steps(Probe& probe, const GruText& g) {
    const auto recurrent = [&](const char* gate) {
        return fmt::format("sum_l({0}.hidden_weight.{1}[k,l] * {2}) + {0}.hidden_bias.{1}[k]", g.name, gate,
                           replaced(g.previous, "?", "l"));
    };
    const auto input = [&](const char* gate) {
        return fmt::format("{} + {}.input_bias.{}[k]", replaced(g.input, "{gate}", gate), g.name, gate);
    };
    const auto left = [&](const char* gate) { return fmt::format("{}.{}[{},k]", g.name, gate, g.t); };
    for (const Gate& gate : {gates[0], gates[1]})
        probe.step({"gate", g.name + "." + gate.name,
                    fmt::format("{0}{1}_{2} = σ({3} + {0}U_{1} {4} + {0}b_{1} + {0}d_{1})", g.arrow, gate.letter, g.t,
                                replaced(g.x, "?", gate.letter), g.h_previous),
                    fmt::format("{} = sigmoid({} + {})", left(gate.name), input(gate.name), recurrent(gate.name)), g.source});
    probe.step(
        {"candidate", g.name + ".candidate",
         fmt::format("{0}n_{1} = tanh({2} + {0}b_n + {0}r_{1} ∘ ({0}U_n {3} + {0}d_n))", g.arrow, g.t, replaced(g.x, "?", "n"),
                     g.h_previous),
         fmt::format("{} = tanh({} + {} * ({}))", left("candidate"), input("candidate"), left("reset"), recurrent("candidate")),
         g.source});
    probe.step({"update", g.name + ".state",
                fmt::format("{0} = (1 − {1}z_{2}) ∘ {1}n_{2} + {1}z_{2} ∘ {3}", g.h, g.arrow, g.t, g.h_previous),
                fmt::format("{} = (1 - {}) * {} + {} * {}", left("state"), left("update"), left("candidate"), left("update"),
                            replaced(g.previous, "?", "k")),
                g.source});
}

void encoder_steps(Probe& probe, Index hidden) {
    const std::string source = "Bahdanau 2014, A.2.1 (the reset gate acts after the product)";
    probe.step({"embed", "encoder.embedding", "x_j = E_x[x_j]",
                "encoder.embedding[j,m] = encoder.embedding.weight[source.id[j],m]", "Bahdanau 2014, A.2.1"});
    for (const auto& [name, arrow, neighbour] :
         {std::tuple{"encoder.forward", "→", "j-1"}, std::tuple{"encoder.backward", "←", "j+1"}})
        gru_steps(probe, {name, 'j', fmt::format("sum_m({}.input_weight.{{gate}}[k,m] * encoder.embedding[j,m])", name),
                          fmt::format("({}.state[{},?] else 0)", name, neighbour), arrow, fmt::format("{}W_? x_j", arrow),
                          fmt::format("{}h_j", arrow), fmt::format("{}h_({})", arrow, neighbour), source});
    probe.step({"join", "annotations", "h_j = [→h_j; ←h_j]",
                fmt::format("annotations[j,k] = encoder.forward.state[j,k] else encoder.backward.state[j,k-{}]", hidden),
                "Bahdanau 2014, section 3.2"});
    probe.step({"project", "keys", "k_j = U_a h_j", "keys[j,a] = sum_k(attention.key_weight[a,k] * annotations[j,k])",
                "Bahdanau 2014, A.1.2"});
    probe.step({"initialise", "decoder.initial", "s_0 = tanh(W_s ←h_1 + b_s)",
                "decoder.initial[k] = tanh(sum_l(decoder.initial.weight[k,l] * encoder.backward.state[0,l]) + "
                "decoder.initial.bias[k])",
                "Bahdanau 2014, A.2.2"});
}

void decoder_steps(Probe& probe, Index start_id) {
    probe.step({"score", "queries", "q_i = W_a s_(i-1)",
                "queries[i,a] = sum_k(attention.query_weight[a,k] * (decoder.state[i-1,k] else decoder.initial[k]))",
                "Bahdanau 2014, A.1.2"});
    probe.step({"score", "scores", "e_ij = v_a · tanh(W_a s_(i-1) + U_a h_j)",
                "scores[i,j] = sum_a(attention.vector[a] * tanh(queries[i,a] + keys[j,a]))", "Bahdanau 2014, A.1.2"});
    probe.step({"align", "weights", "α_ij = exp(e_ij) / Σ_k exp(e_ik)", "weights[i,j] = softmax_j(scores[i,j])",
                "Bahdanau 2014, eq. 6"});
    probe.step({"read", "context", "c_i = Σ_j α_ij h_j", "context[i,k] = sum_j(weights[i,j] * annotations[j,k])",
                "Bahdanau 2014, eq. 5"});
    probe.step({"feed back", "decoder.input", "y_(i-1), and <start> before the first",
                fmt::format("decoder.input[i] = output.id[i-1] else {}", start_id), "Bahdanau 2014, section 2.1"});
    probe.step({"embed", "decoder.embedding", "y_(i-1) = E_y[y_(i-1)]",
                "decoder.embedding[i,m] = decoder.embedding.weight[decoder.input[i],m]", "Bahdanau 2014, A.2.2"});
    gru_steps(probe, {"decoder", 'i',
                      "sum_m(decoder.input_weight.{gate}[k,m] * decoder.embedding[i,m]) + "
                      "sum_n(decoder.context_weight.{gate}[k,n] * context[i,n])",
                      "(decoder.state[i-1,?] else decoder.initial[?])", "", "W_? y_(i-1) + C_? c_i", "s_i", "s_(i-1)",
                      "Bahdanau 2014, A.2.2 (the reset gate acts after the product)"});
    probe.step({"read out", "logits", "o_i = U_o s_i + C_o c_i + b_o",
                "logits[i,c] = sum_k(readout.state_weight[c,k] * decoder.state[i,k]) + sum_n(readout.context_weight[c,n] * "
                "context[i,n])"
                " + readout.bias[c]",
                "Bahdanau 2014, A.2.2 (without maxout)"});
    probe.step({"normalise", "probabilities", "p(y_i | y_<i, x) = softmax(o_i)", "probabilities[i,c] = softmax_c(logits[i,c])",
                "Bahdanau 2014, eq. 4"});
    probe.step({"choose", "output.id", "y_i = argmax_c p_ic, unless the output is forced", "", "greedy decoding"});
}

}  // namespace

template <>
void Seq2Seq<float>::describe(Probe& probe) const {
    probe.parameter("encoder.embedding.weight", "E_x", {"source_vocabulary", "embedding"}, source_table_.value());
    gru_parameters(probe, forward_, "encoder.forward", "→", "hidden");
    gru_parameters(probe, backward_, "encoder.backward", "←", "hidden");
    probe.parameter("decoder.initial.weight", "W_s", {"state", "hidden"}, initial_.weight.value());
    probe.parameter("decoder.initial.bias", "b_s", {"state"}, initial_.bias.value());
    probe.parameter("attention.query_weight", "W_a", {"attention", "state"}, query_weight_.value());
    probe.parameter("attention.key_weight", "U_a", {"attention", "annotation"}, key_weight_.value());
    probe.parameter("attention.vector", "v_a", {"attention"}, score_vector_.value());
    probe.parameter("decoder.embedding.weight", "E_y", {"target_vocabulary", "embedding"}, target_table_.value());
    gru_parameters(probe, decoder_, "decoder", "", "state");
    gate_parameters(probe, context_weight_.value(), "decoder.context_weight", "C", {"state", "annotation"});
    probe.parameter("readout.state_weight", "U_o", {"character", "state"}, readout_state_.weight.value());
    probe.parameter("readout.context_weight", "C_o", {"character", "annotation"}, readout_context_.value());
    probe.parameter("readout.bias", "b_o", {"character"}, readout_state_.bias.value());
    encoder_steps(probe, sizes_.encoder);
    decoder_steps(probe, start_id());
}

}  // namespace saccade
