#include <algorithm>

#include "attention/context.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "model/captioner.hpp"
#include "model/decode.hpp"
#include "model/picked_rows.hpp"
#include "nn/rules.hpp"

// The decoder: looking, stepping, reading out.

namespace saccade {

namespace {

/// What queries read, in rules: the state before the step, and the word.
const DecoderReads decoder_reads{"(@decoder.state[i-1,k] else @decoder.initial[k])", "@decoder.embedding[i,m]"};

const AlignText& align_text(const CaptionerDesign& design) {
    const auto by = [](const char* source) {
        return AlignText{
            .axes = {"output", "location"}, .softmax_source = source, .chances_title = "Probability of each location"};
    };
    static const AlignText expected = by("Xu 2015, eq. 5"), drawn = by("Xu 2015, eq. 8"), sca = by("Chen 2017, section 3.2");
    return design.channels ? sca : design.samples() ? drawn : expected;
}

/// Rows of `hard` where `keep` is 0, of `soft` where it is 1.
template <class T>
Var<T> mixed(const Var<T>& soft, const Tensor<T>& hard, const Tensor<T>& keep) {
    return add(mul(soft, Var<T>(keep)), Var<T>(hard));
}

}  // namespace

template <class T>
typename Captioner<T>::Encoded Captioner<T>::Encoded::rows(std::span<const Index> which) const {
    return {
        picked(annotations, which), picked(keys, which), {picked(initial.h, which), picked(initial.c, which)}, height, width};
}

template <class T>
typename Captioner<T>::State Captioner<T>::State::rows(std::span<const Index> which) const {
    return {{picked(cell.h, which), picked(cell.c, which)}};
}

template <class T>
Var<T> Captioner<T>::query(const Var<T>& state, const Var<T>& word, const Observer& observe) const {
    return observe("queries", ask_(state, word), [&] {
        const typename DecoderQuery<T>::Names names{
            .state_weight = "@attention.query_weight", .state_symbol = "W_a", .word_weight = "@attention.word_weight"};
        return Shown{.role = Role::query,
                     .symbol = "q",
                     .title = "Queries",
                     .axes = {"output", "attention"},
                     .step = ask_.how("queries", 'a', names, decoder_reads, "Xu 2015, eq. 4"),
                     .parameters = ask_.parameters("attention", names)};
    });
}

template <class T>
Var<T> Captioner<T>::channel_gate(const Var<T>& means, const Var<T>& state, const Var<T>& word, const Observer& observe) const {
    const Var<T> v = observe("channel_means", means, [&] {
        return Shown{
            .symbol = "v",
            .title = "Mean of each channel",
            .axes = {"output", "channel"},
            .step = design_.channel_first
                        ? How{"pool", "v_n = mean_j a_jn", "@channel_means[i,n] = mean_j(@annotations[j,n])",
                              "Chen 2017, section 3.3"}
                        : How{"pool", "v_n = Σ_j α_ij a_jn", "@channel_means[i,n] = sum_j(@weights[i,j] * @annotations[j,n])",
                              "Chen 2017, section 3.3, spatial-channel"}};
    });
    return channel_.gate(v, state, word, decoder_reads, observe);
}

template <class T>
Var<T> Captioner<T>::scores(const Encoded& encoded, const Var<T>& state, const Var<T>& word, const Observer& observe,
                            Step& step) const {
    if (design_.channels) {
        const Var<T> asked = spatial_.query(state, word, decoder_reads, observe);
        if (!design_.channel_first) return spatial_.scores(asked, encoded.keys, false, observe);
        step.channel_gate = channel_gate(mean(encoded.annotations, 1), state, word, observe);
        const Var<T> gated_keys = spatial_.keys(weighted_channels(encoded.annotations, step.channel_gate), Observer());
        return spatial_.scores(asked, gated_keys, true, observe);
    }
    const Var<T> asked = query(state, word, observe);
    return observe("scores", additive_scores(asked, encoded.keys, vector_), [&] {
        return Shown{
            .role = Role::scores,
            .symbol = "e",
            .title = "Scores",
            .axes = {"output", "location"},
            .step = {"score", "e_ij = v · tanh(q_i + k_j)",
                     "@scores[i,j] = sum_a(@attention.vector[a] * tanh(@queries[i,a] + @keys[j,a]))", "Xu 2015, eq. 4"},
            .parameters = {{"@attention.vector", "v", {"attention"}, vector_}}};
    });
}

template <class T>
void Captioner<T>::align(Rng* rng, const Observer& observe, const CaptionNoise& noise, Step& step) const {
    const Aligned<T> aligned = (*align_)({.scores = step.scores, .rng = rng}, align_text(design_), observe);
    step.weights = aligned.weights;
    step.policy = aligned.chances.empty() ? aligned.weights : aligned.chances;
    if (!design_.samples()) return;
    Tensor<T> drawn = aligned.weights.value();
    if (noise.soft_samples > 0) {
        const Index batch = drawn.shape()[0], cells = drawn.shape()[1];
        drawn = drawn.clone();
        Tensor<T> keep(Shape{batch, 1});
        for (Index b = 0; b < batch; ++b) {
            // By the example's place: an example is soft or sampled throughout, as in the paper.
            if (static_cast<double>(b) >= noise.soft_samples * static_cast<double>(batch)) continue;
            keep.data()[b] = T(1);
            std::fill_n(drawn.data() + b * cells, cells, T(0));
        }
        step.weights = mixed(step.policy, drawn, keep);
    }
    step.sampled = drawn;
}

template <class T>
void Captioner<T>::look(const Encoded& encoded, const Var<T>& word, const State& state, Rng* rng, const Observer& observe,
                        const CaptionNoise& noise, Step& step) const {
    const Var<T>& h = state.cell.h;
    step.scores = scores(encoded, h, word, observe, step);
    align(rng, observe, noise, step);
    const bool gate_first = design_.channels && design_.channel_first;
    Var<T> z =
        context(step.weights, gate_first ? weighted_channels(encoded.annotations, step.channel_gate) : encoded.annotations);
    if (design_.channels && !design_.channel_first) {
        // The mean of f_s(V, alpha) over the locations, times their number, is the context.
        step.channel_gate = channel_gate(z, h, word, observe);
        z = weighted_channels(z, step.channel_gate);
    }
    step.context = observe("context", z, [&] {
        const bool gated = design_.channels;
        return Shown{.role = Role::context,
                     .symbol = "ẑ",
                     .title = "Context",
                     .axes = {"output", "channel"},
                     .step = {"read", gated ? "ẑ_i = γ_i ∘ Σ_j α_ij a_j" : "ẑ_i = Σ_j α_ij a_j",
                              std::string("@context[i,n] = ") + (gated ? "@channel_gate[i,n] * " : "") +
                                  "sum_j(@weights[i,j] * @annotations[j,n])",
                              gated ? "Chen 2017, section 3.1" : "Xu 2015, eq. 13"}};
    });
    const Index batch = h.shape()[0];
    const Var<T> beta = observe("beta", reshape(sigmoid(beta_(h)), {batch}), [&] {
        return Shown{.role = Role::gate,
                     .symbol = "β",
                     .title = "Gating scalar",
                     .axes = {"output"},
                     .step = {"gate", "β_i = σ(w_β · h_(i−1) + b_β)",
                              "@beta[i] = sigmoid(sum_k(@beta.weight[0,k] * " + decoder_reads.state + ") + @beta.bias[0])",
                              "Xu 2015, section 4.2.1"},
                     .parameters = {{"@beta.weight", "w_β", {"unit", "state"}, beta_.weight},
                                    {"@beta.bias", "b_β", {"unit"}, beta_.bias}}};
    });
    step.beta = reshape(beta, {batch, 1});
    step.gated = observe("gated_context", mul(step.context, step.beta), [] {
        return Shown{
            .role = Role::context,
            .symbol = "z",
            .title = "Gated context",
            .axes = {"output", "channel"},
            .step = {"gate", "z_i = β_i ẑ_i", "@gated_context[i,n] = @beta[i] * @context[i,n]", "Xu 2015, section 4.2.1"}};
    });
}

template <class T>
typename Captioner<T>::Step Captioner<T>::step(const Encoded& encoded, std::span<const Index> previous, const State& state,
                                               Rng* rng, const Observer& observe, CaptionNoise noise) const {
    Step next;
    const Var<T> word = observe("decoder.embedding", embedding(table_, previous), [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "Ey",
            .title = "Embedded previous word",
            .axes = {"output", "embedding"},
            .step = {"embed", "E y_(i−1)",
                     "@decoder.embedding[i,m] = " + rules::embedding("@decoder.embedding.weight", "@decoder.input[i]", 'm'),
                     "Xu 2015, eq. 1"},
            .parameters = {{"@decoder.embedding.weight", "E", {"target_vocabulary", "embedding"}, table_}}};
    });
    look(encoded, word, state, rng, observe, noise, next);
    Var<T> remembered = next.gated;
    if (noise.forget > 0) {
        Tensor<T> kept(Shape{static_cast<Index>(previous.size()), 1}, T(1));
        for (T& k : kept.values()) k = noise.rng->uniform() < noise.forget ? T(0) : T(1);
        remembered = mul(remembered, Var<T>(kept));
    }
    const Var<T> gates = add(cell_.project(word), affine(remembered, context_weight_, Var<T>()));
    next.state.cell = cell_.step(gates, state.cell, observe.named(observe.name("decoder.")), [&] {
        return CellReads{
            .title = "Decoder",
            .state = "h",
            .axis = "output",
            .units = "state",
            .position = 'i',
            .inputs = {{"@embedding[i,m]", "E y_(i−1)", "embedding", declared_values(cell_.parameters().input_weight)},
                       {"gated_context[i,n]", "z_i", "channel", declared_values(context_weight_), 'n', "@context_weight", "C"}},
            .initial = "@initial",
            .initial_cell = "@initial_cell",
            .source = "Xu 2015, eq. 1 to 3 (PyTorch's gates)"};
    });
    const Var<T> h =
        noise.dropout > 0 ? dropout(next.state.cell.h, static_cast<T>(noise.dropout), *noise.rng) : next.state.cell.h;
    const Var<T> deep = add(add(word, affine(h, readout_state_, Var<T>())), affine(next.gated, readout_context_, Var<T>()));
    next.readout = observe("readout", tanh(deep), [&] {
        return Shown{.symbol = "d",
                     .title = "Deep output",
                     .axes = {"output", "embedding"},
                     .step = {"read out", "d_i = tanh(E y_(i−1) + L_h h_i + L_z z_i)",
                              "@readout[i,m] = tanh(@decoder.embedding[i,m] + sum_k(@readout.state_weight[m,k] * "
                              "@decoder.state[i,k]) + sum_n(@readout.context_weight[m,n] * @gated_context[i,n]))",
                              "Xu 2015, eq. 7"},
                     .parameters = {{"@readout.state_weight", "L_h", {"embedding", "state"}, readout_state_},
                                    {"@readout.context_weight", "L_z", {"embedding", "channel"}, readout_context_}}};
    });
    return next;
}

template <class T>
Var<T> Captioner<T>::logits(const Var<T>& readout, const Observer& observe) const {
    return observe("logits", readout_(readout), [&] {
        return Shown{
            .role = Role::logits,
            .symbol = "o",
            .title = "Logits",
            .unit = "logit",
            .axes = {"output", "token"},
            .step = {"read out", "o_i = L_o d_i + b_o",
                     "@logits[i,c] = " + rules::linear('m', "@readout.weight[c,m]", "@readout[i,m]", "@readout.bias[c]"),
                     "Xu 2015, eq. 7"},
            .parameters = {{"@readout.weight", "L_o", {"token", "embedding"}, readout_.weight},
                           {"@readout.bias", "b_o", {"token"}, readout_.bias}}};
    });
}

template <class T>
typename Captioner<T>::Forced Captioner<T>::forced(const Encoded& encoded, std::span<const Index> languages,
                                                   std::span<const Index> targets, Index steps, Rng* rng,
                                                   CaptionNoise noise) const {
    const std::size_t batch = languages.size();
    Forced all;
    std::vector<Var<T>> readouts;
    State state{encoded.initial};
    for (Index t = 0; t < steps; ++t) {
        const auto before = t == 0 ? languages : targets.subspan(static_cast<std::size_t>(t - 1) * batch, batch);
        all.steps.push_back(step(encoded, before, state, rng, {}, noise));
        state = all.steps.back().state;
        readouts.push_back(all.steps.back().readout);
    }
    all.logits = logits(concat<T>(readouts, 0));
    return all;
}

template <class T>
Ids Captioner<T>::greedy(const Encoded& encoded, std::span<const Index> languages, Index max_steps, Rng* rng,
                         std::stop_token stop) const {
    State state{encoded.initial};
    const auto step_on = [&](const Ids& previous) {
        const Step made = step(encoded, previous, state, rng);
        state = made.state;
        return logits(made.readout).value();
    };
    return saccade::greedy<T>(Ids(languages.begin(), languages.end()), end_id(), max_steps, step_on, stop);
}

template class Captioner<float>;
template class Captioner<double>;

}  // namespace saccade
