#include <fmt/core.h>

#include "model/gated_cell_describe.hpp"
#include "model/seq2seq.hpp"

// What each recorded tensor of the encoder-decoder follows from: formulas for people, and rules that are executed.

namespace saccade {

namespace {

/// "0" of a state before the first.
std::string neighbour(const std::string& tensor, const std::string& at, char unit, const std::string& otherwise) {
    return fmt::format("({}[{},{}] else {})", tensor, at, unit, otherwise);
}

CellText encoder_text(bool backward) {
    const std::string name = backward ? "encoder.backward" : "encoder.forward", arrow = backward ? "←" : "→";
    const std::string at = backward ? "j+1" : "j-1";
    return {.name = name,
            .position = 'j',
            .unit_axis = "hidden",
            .arrow = arrow,
            .input =
                [name](const std::string& gate) {
                    return fmt::format("sum_m({}.input_weight.{}[k,m] * encoder.embedding[j,m])", name, gate);
                },
            .input_formula = arrow + "W_? x_j",
            .previous_state = [=](char unit) { return neighbour(name + ".state", at, unit, "0"); },
            .previous_cell = [=](char unit) { return neighbour(name + ".cell", at, unit, "0"); },
            .h = arrow + "h_j",
            .h_previous = arrow + "h_(" + at + ")",
            .source = "Bahdanau 2014, A.2.1 (PyTorch's gates)"};
}

/// What enters the decoder's cell beside y_{i-1}.
struct Fed {
    std::string tensor, index, symbol;
};

Fed fed_to(const Seq2SeqDesign& d) {
    if (d.look_first) return {"context", "i", "c_i"};
    if (d.input_feeding) return {"attentional", "i-1", "t_(i−1)"};
    return {};
}

CellText decoder_text(const Seq2SeqDesign& design) {
    const Fed fed = fed_to(design);
    return {.name = "decoder",
            .position = 'i',
            .unit_axis = "state",
            .arrow = "",
            .input =
                [fed](const std::string& gate) {
                    std::string text = fmt::format("sum_m(decoder.input_weight.{}[k,m] * decoder.embedding[i,m])", gate);
                    if (!fed.tensor.empty())
                        text += fmt::format(" + sum_n(decoder.fed_weight.{}[k,n] * ({}[{},n] else 0))", gate, fed.tensor,
                                            fed.index);
                    return text;
                },
            .input_formula = fed.tensor.empty() ? "W_? y_(i−1)" : "W_? y_(i−1) + C_? " + fed.symbol,
            .previous_state =
                [](char unit) { return neighbour("decoder.state", "i-1", unit, fmt::format("decoder.initial[{}]", unit)); },
            .previous_cell =
                [](char unit) { return neighbour("decoder.cell", "i-1", unit, fmt::format("decoder.initial_cell[{}]", unit)); },
            .h = "s_i",
            .h_previous = "s_(i−1)",
            .source = design.look_first ? "Bahdanau 2014, A.2.2 (PyTorch's gates)" : "Luong 2015, section 3 (PyTorch's gates)"};
}

void encoder_steps(Probe& probe, const Seq2SeqDesign& design, Index hidden) {
    probe.step({"embed", "encoder.embedding", "x_j = E_x[x_j]",
                "encoder.embedding[j,m] = encoder.embedding.weight[source.id[j],m]", "Bahdanau 2014, A.2.1"});
    probe.step({"join", "annotations", "h_j = [→h_j; ←h_j]",
                fmt::format("annotations[j,k] = encoder.forward.state[j,k] else encoder.backward.state[j,k-{}]", hidden),
                "Bahdanau 2014, section 3.2"});
    probe.step({"initialise", "decoder.initial", "s_0 = tanh(W_s ←h_1 + b_s)",
                "decoder.initial[k] = tanh(sum_l(decoder.initial.weight[k,l] * encoder.backward.state[0,l]) + "
                "decoder.initial.bias[k])",
                "Bahdanau 2014, A.2.2"});
    if (design.cell == CellKind::lstm)
        probe.step({"initialise", "decoder.initial_cell", "c_0 = W_c ←c_1 + b_c",
                    "decoder.initial_cell[k] = sum_l(decoder.initial_cell.weight[k,l] * encoder.backward.cell[0,l]) + "
                    "decoder.initial_cell.bias[k]",
                    "as s_0"});
}

void fixed_context_steps(Probe& probe, Index hidden, Index length) {
    probe.step(
        {"join", "encoder.fixed", "c = [→h_n; ←h_1]",
         fmt::format("encoder.fixed[k] = encoder.forward.state[{},k] else encoder.backward.state[0,k-{}]", length - 1, hidden),
         "Cho 2014, section 2.2"});
    probe.step({"read", "context", "c_i = c, whatever i", "context[i,k] = encoder.fixed[k]", "Cho 2014, section 2.2"});
}

void readout_steps(Probe& probe, const Seq2SeqSizes& sizes) {
    if (sizes.readout > 0) {
        probe.step({"combine", "attentional", "t_i = tanh(W_c [c_i; s_i])",
                    "attentional[i,k] = tanh(sum_l(attentional.state_weight[k,l] * decoder.state[i,l]) + "
                    "sum_n(attentional.context_weight[k,n] * context[i,n]))",
                    "Luong 2015, eq. 5"});
        probe.step({"read out", "logits", "o_i = W_o t_i + b_o",
                    "logits[i,c] = sum_k(readout.weight[c,k] * attentional[i,k]) + readout.bias[c]", "Luong 2015, eq. 6"});
    } else {
        probe.step({"read out", "logits", "o_i = U_o s_i + C_o c_i + b_o",
                    "logits[i,c] = sum_k(readout.state_weight[c,k] * decoder.state[i,k]) + sum_n(readout.context_weight[c,n] * "
                    "context[i,n]) + readout.bias[c]",
                    "Bahdanau 2014, A.2.2 (without maxout)"});
    }
    probe.step({"normalise", "probabilities", "p(y_i | y_<i, x) = softmax(o_i)", "probabilities[i,c] = softmax_c(logits[i,c])",
                "Bahdanau 2014, eq. 4"});
}

void previous_steps(Probe& probe, Index start_id) {
    probe.step({"feed back", "decoder.input", "y_(i−1), and <start> before the first",
                fmt::format("decoder.input[i] = output.id[i-1] else {}", start_id), "Bahdanau 2014, section 2.1"});
    probe.step({"embed", "decoder.embedding", "y_(i−1) = E_y[y_(i−1)]",
                "decoder.embedding[i,m] = decoder.embedding.weight[decoder.input[i],m]", "Bahdanau 2014, A.2.2"});
    probe.step({"choose", "output.id", "y_i = argmax_c p_ic, or as the beam or the forced output has it", "", "decoding"});
}

}  // namespace

template <>
void Seq2Seq<float>::describe(Probe& probe, Index source_length) const {
    probe.parameter("encoder.embedding.weight", "E_x", {"source_vocabulary", "embedding"}, source_table_.value());
    describe_cell(probe, forward_, encoder_text(false), "embedding");
    describe_cell(probe, backward_, encoder_text(true), "embedding");
    probe.parameter("decoder.initial.weight", "W_s", {"state", "hidden"}, initial_.weight.value());
    probe.parameter("decoder.initial.bias", "b_s", {"state"}, initial_.bias.value());
    if (design_.cell == CellKind::lstm) {
        probe.parameter("decoder.initial_cell.weight", "W_c", {"state", "hidden"}, initial_cell_.weight.value());
        probe.parameter("decoder.initial_cell.bias", "b_c", {"state"}, initial_cell_.bias.value());
    }
    encoder_steps(probe, design_, sizes_.encoder);
    if (design_.attention)
        describe_attention(probe);
    else
        fixed_context_steps(probe, sizes_.encoder, source_length);
    probe.parameter("decoder.embedding.weight", "E_y", {"target_vocabulary", "embedding"}, target_table_.value());
    previous_steps(probe, start_id());
    describe_cell(probe, decoder_, decoder_text(design_), "embedding");
    if (const Fed fed = fed_to(design_); !fed.tensor.empty())
        gate_parameters(probe, design_.cell, fed_weight_.value(), "decoder.fed_weight", "C",
                        {"state", design_.look_first ? "annotation" : "attentional"});
    if (sizes_.readout > 0) {
        probe.parameter("attentional.state_weight", "W_c", {"attentional", "state"}, attentional_state_.value());
        probe.parameter("attentional.context_weight", "W_c", {"attentional", "annotation"}, attentional_context_.value());
        probe.parameter("readout.weight", "W_o", {"token", "attentional"}, readout_.weight.value());
    } else {
        probe.parameter("readout.state_weight", "U_o", {"token", "state"}, readout_.weight.value());
        probe.parameter("readout.context_weight", "C_o", {"token", "annotation"}, readout_context_.value());
    }
    probe.parameter("readout.bias", "b_o", {"token"}, readout_.bias.value());
    readout_steps(probe, sizes_);
}

template <>
void Seq2Seq<float>::describe_attention(Probe& probe) const {
    const ScoreSizes extents{sizes_.decoder, 2 * sizes_.encoder, sizes_.attention, sizes_.longest};
    const auto own = [this](const std::string& name) { return score_parameters_.at(name); };
    if (function_.shown != nullptr) {
        for (const ShownScoreParameter& p : function_.shown(own, extents))
            probe.parameter("attention." + p.name, p.symbol, p.axes, p.values);
    } else {
        for (const FunctionParameter& p : function_.parameters(extents))
            probe.parameter("attention." + p.name, p.symbol, p.axes, own(p.name).value());
    }
    const auto state = [this](char letter) {
        return design_.look_first ? neighbour("decoder.state", "i-1", letter, fmt::format("decoder.initial[{}]", letter))
                                  : fmt::format("decoder.state[i,{}]", letter);
    };
    const ScoreRules rules = function_.rules(state, design_.look_first ? "s_(i−1)" : "s_i");
    if (!rules.key_rule.empty()) probe.step({"project", "keys", rules.key_formula, rules.key_rule, function_.source});
    probe.step({"ask", "queries", rules.query_formula, rules.query_rule, function_.source});
    probe.step({"score", "scores", rules.formula, rules.rule, function_.source});
    probe.step({"read", "context", "c_i = Σ_j α_ij h_j", "context[i,k] = sum_j(weights[i,j] * annotations[j,k])",
                "Bahdanau 2014, eq. 5"});
}

}  // namespace saccade
