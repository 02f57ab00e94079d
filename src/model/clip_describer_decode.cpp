#include "attention/context.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "model/clip_describer.hpp"
#include "model/decode.hpp"
#include "model/picked_rows.hpp"
#include "nn/rules.hpp"

// The decoder: looking, stepping, reading out.

namespace saccade {

namespace {

/// What queries read, in rules: the state before the step, and the word.
const DecoderReads clip_reads{"(@decoder.state[i-1,k] else @decoder.initial[k])", "@decoder.embedding[i,m]"};

}  // namespace

template <class T>
typename ClipDescriber<T>::Encoded ClipDescriber<T>::Encoded::rows(std::span<const Index> which) const {
    return {picked(annotations, which),
            picked(keys, which),
            {picked(initial.h, which), picked(initial.c, which)},
            frames,
            height,
            width};
}

template <class T>
typename ClipDescriber<T>::State ClipDescriber<T>::State::rows(std::span<const Index> which) const {
    return {{picked(cell.h, which), picked(cell.c, which)}};
}

template <class T>
void ClipDescriber<T>::look(const Encoded& encoded, const Var<T>& word, const State& state, const Observer& observe,
                            Step& step) const {
    const Var<T> asked = observe("queries", ask_(state.cell.h, word), [&] {
        const typename DecoderQuery<T>::Names names{
            .state_weight = "@attention.query_weight", .state_symbol = "W_a", .word_weight = "@attention.word_weight"};
        return Shown{.role = Role::query,
                     .symbol = "q",
                     .title = "Queries",
                     .axes = {"output", "attention"},
                     .step = ask_.how("queries", 'a', names, clip_reads, "Yao 2015, section 3.3"),
                     .parameters = ask_.parameters("attention", names)};
    });
    step.scores = observe("scores", additive_scores(asked, encoded.keys, vector_), [&] {
        return Shown{
            .role = Role::scores,
            .symbol = "e",
            .title = "Scores",
            .axes = {"output", axis()},
            .step = {"score", "e_ij = w · tanh(q_i + k_j)",
                     "@scores[i,j] = sum_a(@attention.vector[a] * tanh(@queries[i,a] + @keys[j,a]))", "Yao 2015, section 3.3"},
            .parameters = {{"@attention.vector", "w", {"attention"}, vector_}}};
    });
    const AlignText text{.axes = {"output", axis()}, .softmax_source = "Yao 2015, section 3.3"};
    step.weights = (*align_)({.scores = step.scores}, text, observe).weights;
    step.context = observe("context", context(step.weights, encoded.annotations), [] {
        return Shown{.role = Role::context,
                     .symbol = "φ",
                     .title = "Context",
                     .axes = {"output", "channel"},
                     .step = {"read", "φ_i = Σ_j α_ij v_j", "@context[i,n] = sum_j(@weights[i,j] * @annotations[j,n])",
                              "Yao 2015, section 3.3"}};
    });
}

template <class T>
typename ClipDescriber<T>::Step ClipDescriber<T>::step(const Encoded& encoded, std::span<const Index> previous,
                                                       const State& state, const Observer& observe, CaptionNoise noise) const {
    Step next;
    const Var<T> word = observe("decoder.embedding", embedding(table_, previous), [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "Ey",
            .title = "Embedded previous word",
            .axes = {"output", "embedding"},
            .step = {"embed", "E y_(i−1)",
                     "@decoder.embedding[i,m] = " + rules::embedding("@decoder.embedding.weight", "@decoder.input[i]", 'm'),
                     "Yao 2015, section 3.2"},
            .parameters = {{"@decoder.embedding.weight", "E", {"target_vocabulary", "embedding"}, table_}}};
    });
    look(encoded, word, state, observe, next);
    Var<T> remembered = next.context;
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
                       {"context[i,n]", "φ_i", "channel", declared_values(context_weight_), 'n', "@context_weight", "C"}},
            .initial = "@initial",
            .initial_cell = "@initial_cell",
            .source = "Yao 2015, section 3.2 (PyTorch's gates)"};
    });
    const Var<T> h =
        noise.dropout > 0 ? dropout(next.state.cell.h, static_cast<T>(noise.dropout), *noise.rng) : next.state.cell.h;
    const Var<T> deep =
        add(add(word, affine(h, readout_state_, readout_bias_)), affine(next.context, readout_context_, Var<T>()));
    next.readout = observe("readout", tanh(deep), [&] {
        return Shown{.symbol = "d",
                     .title = "Deep output",
                     .axes = {"output", "embedding"},
                     .step = {"read out", "d_i = tanh(E y_(i−1) + W_h h_i + W_p φ_i + b_p)",
                              "@readout[i,m] = tanh(@decoder.embedding[i,m] + sum_k(@readout.state_weight[m,k] * "
                              "@decoder.state[i,k]) + sum_n(@readout.context_weight[m,n] * @context[i,n]) + "
                              "@readout.hidden_bias[m])",
                              "Yao 2015, section 3.2"},
                     .parameters = {{"@readout.state_weight", "W_h", {"embedding", "state"}, readout_state_},
                                    {"@readout.context_weight", "W_p", {"embedding", "channel"}, readout_context_},
                                    {"@readout.hidden_bias", "b_p", {"embedding"}, readout_bias_}}};
    });
    return next;
}

template <class T>
Var<T> ClipDescriber<T>::logits(const Var<T>& readout, const Observer& observe) const {
    return observe("logits", readout_(readout), [&] {
        return Shown{
            .role = Role::logits,
            .symbol = "o",
            .title = "Logits",
            .unit = "logit",
            .axes = {"output", "token"},
            .step = {"read out", "o_i = U_p d_i + d",
                     "@logits[i,c] = " + rules::linear('m', "@readout.weight[c,m]", "@readout[i,m]", "@readout.bias[c]"),
                     "Yao 2015, section 3.2"},
            .parameters = {{"@readout.weight", "U_p", {"token", "embedding"}, readout_.weight},
                           {"@readout.bias", "d", {"token"}, readout_.bias}}};
    });
}

template <class T>
typename ClipDescriber<T>::Forced ClipDescriber<T>::forced(const Encoded& encoded, std::span<const Index> languages,
                                                           std::span<const Index> targets, Index steps,
                                                           CaptionNoise noise) const {
    const std::size_t batch = languages.size();
    Forced all;
    std::vector<Var<T>> readouts;
    State state{encoded.initial};
    for (Index t = 0; t < steps; ++t) {
        const auto before = t == 0 ? languages : targets.subspan(static_cast<std::size_t>(t - 1) * batch, batch);
        const Step made = step(encoded, before, state, {}, noise);
        state = made.state;
        all.weights.push_back(made.weights);
        readouts.push_back(made.readout);
    }
    all.logits = logits(concat<T>(readouts, 0));
    return all;
}

template <class T>
Ids ClipDescriber<T>::greedy(const Encoded& encoded, std::span<const Index> languages, Index max_steps,
                             std::stop_token stop) const {
    State state{encoded.initial};
    const auto step_on = [&](const Ids& previous) {
        const Step made = step(encoded, previous, state);
        state = made.state;
        return logits(made.readout).value();
    };
    return saccade::greedy<T>(Ids(languages.begin(), languages.end()), end_id(), max_steps, step_on, stop);
}

template class ClipDescriber<float>;
template class ClipDescriber<double>;

}  // namespace saccade
