#include <fmt/core.h>

#include "model/captioner.hpp"
#include "model/gated_cell_describe.hpp"

// What each recorded tensor of the captioner follows from: formulas for people, and rules that are executed.

namespace saccade {

namespace {

const std::string xu = "Xu 2015, ", chen = "Chen 2017, ";

std::string state_before(const std::string& what, char letter) {
    return fmt::format("(decoder.{0}[i-1,{1}] else decoder.initial{2}[{1}])", what, letter, what == "cell" ? "_cell" : "");
}

CellText decoder_text() {
    return {.name = "decoder",
            .position = 'i',
            .unit_axis = "state",
            .arrow = "",
            .input =
                [](const std::string& gate) {
                    return fmt::format(
                        "sum_m(decoder.input_weight.{0}[k,m] * decoder.embedding[i,m]) + "
                        "sum_n(decoder.context_weight.{0}[k,n] * gated_context[i,n])",
                        gate);
                },
            .input_formula = "W_? E y_(i−1) + C_? z_i",
            .previous_state = [](char unit) { return state_before("state", unit); },
            .previous_cell = [](char unit) { return state_before("cell", unit); },
            .h = "h_i",
            .h_previous = "h_(i−1)",
            .source = xu + "eq. 1 to 3 (PyTorch's gates)"};
}

void initial_steps(Probe& probe) {
    probe.step(
        {"encode", "annotations", "a = CNN(I), and behind it where each location is", "", xu + "section 3.1.1; Liu 2018"});
    for (const std::string what : {"initial", "initial_cell"}) {
        const std::string inner =
            fmt::format("sum_n(decoder.{0}.weight[k,n] * mean_j(annotations[j,n])) + decoder.{0}.bias[k]", what);
        const bool cell = what == "initial_cell";
        probe.step({"initialise", "decoder." + what, cell ? "c_0 = W_c mean_j a_j + b_c" : "h_0 = tanh(W_h mean_j a_j + b_h)",
                    cell ? "decoder.initial_cell[k] = " + inner : "decoder.initial[k] = tanh(" + inner + ")",
                    xu + "section 3.1.2"});
    }
}

/// A query of the state and the word before it.
std::string query_rule(const std::string& result, char unit, const std::string& state_weight, const std::string& word_weight,
                       const std::string& bias) {
    std::string rule =
        fmt::format("{}[i,{}] = sum_k({}[{},k] * {})", result, unit, state_weight, unit, state_before("state", 'k'));
    if (!word_weight.empty()) rule += fmt::format(" + sum_m({}[{},m] * decoder.embedding[i,m])", word_weight, unit);
    if (!bias.empty()) rule += fmt::format(" + {}[{}]", bias, unit);
    return rule;
}

void align_steps(Probe& probe, const CaptionerDesign& design) {
    const std::string cooled = design.temperature == 1 ? "scores[i,j]" : fmt::format("scores[i,j] / {}", design.temperature);
    const std::string soft = design.temperature > 0 ? "softmax_j(" + cooled + ")" : "(j == argmax_l(scores[i,l]))";
    const std::string formula = "_ij = exp(e_ij / τ) / Σ_k exp(e_ik / τ)";
    if (design.attention != CaptionAttention::hard) {
        probe.step({"align", "weights", "α" + formula, "weights[i,j] = " + soft,
                    design.attention == CaptionAttention::soft ? xu + "eq. 5" : chen + "section 3.2"});
        return;
    }
    probe.step({"align", "policy", "π" + formula, "policy[i,j] = " + soft, xu + "eq. 8"});
    probe.step({"sample", "weights", "s_i ~ Multinoulli(π_i), one location", "", xu + "eq. 8 and 9"});
}

void read_steps(Probe& probe) {
    probe.step({"gate", "beta", "β_i = σ(w_β · h_(i−1) + b_β)",
                "beta[i] = sigmoid(sum_k(beta.weight[0,k] * " + state_before("state", 'k') + ") + beta.bias[0])",
                xu + "section 4.2.1"});
    probe.step({"gate", "gated_context", "z_i = β_i ẑ_i", "gated_context[i,n] = beta[i] * context[i,n]", xu + "section 4.2.1"});
    probe.step({"read out", "readout", "d_i = tanh(E y_(i−1) + L_h h_i + L_z z_i)",
                "readout[i,m] = tanh(decoder.embedding[i,m] + sum_k(readout.state_weight[m,k] * decoder.state[i,k]) + "
                "sum_n(readout.context_weight[m,n] * gated_context[i,n]))",
                xu + "eq. 7"});
    probe.step({"read out", "logits", "o_i = L_o d_i + b_o",
                "logits[i,c] = sum_m(readout.weight[c,m] * readout[i,m]) + readout.bias[c]", xu + "eq. 7"});
    probe.step({"normalise", "probabilities", "p(y_i | y_<i, a) = softmax(o_i)", "probabilities[i,c] = softmax_c(logits[i,c])",
                xu + "eq. 7"});
    probe.step({"choose", "output.id", "y_i = argmax_c p_ic, or as the beam or the forced caption has it", "", "decoding"});
}

void map_steps(Probe& probe, Index width) {
    probe.step({"lay out", "map", "α_i as a picture: location j is row j // W, column j % W",
                fmt::format("map[i,y,x] = weights[i,y*{}+x]", width), xu + "section 3.1.1"});
    probe.step({"add up", "coverage", "Σ_i α_ij, which doubly stochastic attention asks to be alike everywhere",
                "coverage[y,x] = sum_i(map[i,y,x])", xu + "eq. 14"});
}

}  // namespace

template <>
void Captioner<float>::describe_soft(Probe& probe) const {
    probe.parameter("attention.query_weight", "W_a", {"attention", "state"}, query_weight_.value());
    if (!word_weight_.empty())
        probe.parameter("attention.word_weight", "W_y", {"attention", "embedding"}, word_weight_.value());
    probe.parameter("attention.key_weight", "U_a", {"attention", "channel"}, key_weight_.value());
    probe.parameter("attention.vector", "v", {"attention"}, vector_.value());
    probe.step(
        {"project", "keys", "k_j = U_a a_j", "keys[j,a] = sum_n(attention.key_weight[a,n] * annotations[j,n])", xu + "eq. 4"});
    const bool word = !word_weight_.empty();
    probe.step({"ask", "queries", word ? "q_i = W_a h_(i−1) + W_y E y_(i−1)" : "q_i = W_a h_(i−1)",
                query_rule("queries", 'a', "attention.query_weight", word ? "attention.word_weight" : "", ""), xu + "eq. 4"});
    probe.step({"score", "scores", "e_ij = v · tanh(q_i + k_j)",
                "scores[i,j] = sum_a(attention.vector[a] * tanh(queries[i,a] + keys[j,a]))", xu + "eq. 4"});
    probe.step(
        {"read", "context", "ẑ_i = Σ_j α_ij a_j", "context[i,n] = sum_j(weights[i,j] * annotations[j,n])", xu + "eq. 13"});
}

template <>
void Captioner<float>::describe_sca(Probe& probe) const {
    const std::string spatial = "attention.spatial.", channel = "attention.channel.";
    probe.parameter(spatial + "feature_weight", "W_s", {"attention", "channel"}, spatial_.feature_weight.value());
    probe.parameter(spatial + "feature_bias", "b_s", {"attention"}, spatial_.feature_bias.value());
    probe.parameter(spatial + "state_weight", "W_hs", {"attention", "state"}, spatial_.state_weight.value());
    probe.parameter(spatial + "vector", "W_i", {"attention"}, spatial_.vector.value());
    probe.parameter(spatial + "bias", "b_i", {"unit"}, spatial_.bias.value());
    probe.parameter(channel + "channel_weight", "W_c", {"channel_attention"}, channel_.channel_weight.value());
    probe.parameter(channel + "channel_bias", "b_c", {"channel_attention"}, channel_.channel_bias.value());
    probe.parameter(channel + "state_weight", "W_hc", {"channel_attention", "state"}, channel_.state_weight.value());
    probe.parameter(channel + "vector", "W′_i", {"channel_attention"}, channel_.vector.value());
    probe.parameter(channel + "bias", "b′_i", {"unit"}, channel_.bias.value());
    std::string spatial_word, channel_word;
    if (!word_weight_.empty()) {
        spatial_word = spatial + "word_weight";
        probe.parameter(spatial_word, "W_y", {"attention", "embedding"}, word_weight_.value());
    }
    if (!channel_word_weight_.empty()) {
        channel_word = channel + "word_weight";
        probe.parameter(channel_word, "W_y", {"channel_attention", "embedding"}, channel_word_weight_.value());
    }
    probe.step({"ask", "queries", "q_i = W_hs h_(i−1) + b_s + W_y E y_(i−1)",
                query_rule("queries", 'a', spatial + "state_weight", spatial_word, spatial + "feature_bias"),
                chen + "section 3.2"});
    probe.step({"ask", "channel_queries", "q_i = W_hc h_(i−1) + b_c + W_y E y_(i−1)",
                query_rule("channel_queries", 'b', channel + "state_weight", channel_word, channel + "channel_bias"),
                chen + "section 3.3"});
    probe.step({"score", "channel_scores", "f_in = W′_i · tanh(q_i + W_c v_in) + b′_i",
                "channel_scores[i,n] = sum_b(attention.channel.vector[b] * tanh(channel_queries[i,b] + "
                "attention.channel.channel_weight[b] * channel_means[i,n])) + attention.channel.bias[0]",
                chen + "section 3.3"});
    probe.step({"align", "channel_gate", "γ_i = C softmax(f_i) over the C channels: 1 leaves one as it is",
                fmt::format("channel_gate[i,n] = {} * softmax_n(channel_scores[i,n])", sizes_.annotation),
                chen + "section 3.3"});
    const std::string gate = "channel_gate[i,n]";
    if (design_.channel_first) {
        probe.step({"pool", "channel_means", "v_n = mean_j a_jn", "channel_means[i,n] = mean_j(annotations[j,n])",
                    chen + "section 3.3"});
        probe.step({"score", "scores", "e_ij = W_i · tanh(q_i + W_s (γ_i ∘ a_j)) + b_i",
                    "scores[i,j] = sum_a(attention.spatial.vector[a] * tanh(queries[i,a] + "
                    "sum_n(attention.spatial.feature_weight[a,n] * " +
                        gate + " * annotations[j,n]))) + attention.spatial.bias[0]",
                    chen + "section 3.3, channel-spatial"});
    } else {
        probe.step({"project", "keys", "k_j = W_s a_j",
                    "keys[j,a] = sum_n(attention.spatial.feature_weight[a,n] * annotations[j,n])", chen + "section 3.2"});
        probe.step(
            {"score", "scores", "e_ij = W_i · tanh(q_i + k_j) + b_i",
             "scores[i,j] = sum_a(attention.spatial.vector[a] * tanh(queries[i,a] + keys[j,a])) + attention.spatial.bias[0]",
             chen + "section 3.2"});
        probe.step({"pool", "channel_means", "v_n = Σ_j α_ij a_jn",
                    "channel_means[i,n] = sum_j(weights[i,j] * annotations[j,n])", chen + "section 3.3, spatial-channel"});
    }
    probe.step({"read", "context", "ẑ_i = γ_i ∘ Σ_j α_ij a_j",
                "context[i,n] = " + gate + " * sum_j(weights[i,j] * annotations[j,n])", chen + "section 3.1"});
}

template <>
void Captioner<float>::describe(Probe& probe, Index, Index width) const {
    probe.parameter("decoder.embedding.weight", "E", {"target_vocabulary", "embedding"}, table_.value());
    probe.parameter("decoder.initial.weight", "W_h", {"state", "channel"}, initial_.weight.value());
    probe.parameter("decoder.initial.bias", "b_h", {"state"}, initial_.bias.value());
    probe.parameter("decoder.initial_cell.weight", "W_c", {"state", "channel"}, initial_cell_.weight.value());
    probe.parameter("decoder.initial_cell.bias", "b_c", {"state"}, initial_cell_.bias.value());
    probe.parameter("beta.weight", "w_β", {"unit", "state"}, beta_.weight.value());
    probe.parameter("beta.bias", "b_β", {"unit"}, beta_.bias.value());
    initial_steps(probe);
    probe.step({"feed back", "decoder.input", "y_(i−1), and the language before the first",
                "decoder.input[i] = output.id[i-1] else decoder.input[0]", xu + "eq. 1"});
    probe.step({"embed", "decoder.embedding", "E y_(i−1)",
                "decoder.embedding[i,m] = decoder.embedding.weight[decoder.input[i],m]", xu + "eq. 1"});
    if (design_.attention == CaptionAttention::sca)
        describe_sca(probe);
    else
        describe_soft(probe);
    align_steps(probe, design_);
    describe_cell(probe, cell_, decoder_text(), "embedding");
    gate_parameters(probe, CellKind::lstm, context_weight_.value(), "decoder.context_weight", "C", {"state", "channel"});
    probe.parameter("readout.state_weight", "L_h", {"embedding", "state"}, readout_state_.value());
    probe.parameter("readout.context_weight", "L_z", {"embedding", "channel"}, readout_context_.value());
    probe.parameter("readout.weight", "L_o", {"token", "embedding"}, readout_.weight.value());
    probe.parameter("readout.bias", "b_o", {"token"}, readout_.bias.value());
    read_steps(probe);
    map_steps(probe, width);
}

}  // namespace saccade
