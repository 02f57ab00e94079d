#include <fmt/core.h>

#include "attention/context.hpp"
#include "autograd/ops.hpp"
#include "model/decode.hpp"
#include "model/picked_rows.hpp"
#include "model/seq2seq.hpp"
#include "nn/rules.hpp"

// The decoder: looking, stepping, reading out.

namespace saccade {

namespace {

template <class T>
Var<T> dropped(const Var<T>& v, const Noise& noise) {
    return noise.dropout > 0 ? dropout(v, static_cast<T>(noise.dropout), *noise.rng) : v;
}

}  // namespace

template <class T>
typename Seq2Seq<T>::Encoded Seq2Seq<T>::Encoded::rows(std::span<const Index> which) const {
    return {picked(annotations, which), picked(keys, which),
            picked(fixed, which),       {picked(initial.h, which), picked(initial.c, which)},
            picked(mask, which),        picked(lengths, which)};
}

template <class T>
typename Seq2Seq<T>::State Seq2Seq<T>::State::rows(std::span<const Index> which) const {
    return {{picked(cell.h, which), picked(cell.c, which)}, picked(attentional, which)};
}

template <class T>
typename Seq2Seq<T>::State Seq2Seq<T>::initial_state(const Encoded& encoded) const {
    State state{encoded.initial, {}};
    if (design_.input_feeding) state.attentional = Tensor<T>(Shape{encoded.initial.h.shape()[0], sizes_.readout});
    return state;
}

template <class T>
Var<T> Seq2Seq<T>::project_previous(std::span<const Index> ids, Index i, const Observer& observe, Noise noise) const {
    const Var<T> embedded = observe.row(i)("decoder.embedding", embedding(target_table_, ids), [&] {
        return Shown{
            .role = Role::embedding,
            .symbol = "y",
            .title = "Embedded previous output",
            .axes = {"output", "embedding"},
            .step = {"embed", "y_(i−1) = E_y[y_(i−1)]",
                     "decoder.embedding[i,m] = " + rules::embedding("decoder.embedding.weight", "decoder.input[i]", 'm'),
                     "Bahdanau 2014, A.2.2"},
            .parameters = {{"decoder.embedding.weight", "E_y", {"target_vocabulary", "embedding"}, target_table_}}};
    });
    return decoder_.project(dropped(embedded, noise));
}

template <class T>
Var<T> Seq2Seq<T>::weights_of(const Encoded& encoded, const Var<T>& asking, const Var<T>& scores, Index i, Rng* rng,
                              const Observer& observe, const Noise& noise) const {
    if (samples_ && rng == nullptr)
        throw Error(ErrorCode::invalid_input, "hard sampling needs random numbers", "give the run a seed");
    AlignCall<T> call{
        .scores = scores, .mask = encoded.mask, .state = asking, .step = i, .lengths = encoded.lengths, .rng = rng};
    call.expectation = samples_ && noise.soft_samples > 0 && rng->uniform() < noise.soft_samples;
    return (*align_)(call, align_text_, observe).weights;
}

template <class T>
void Seq2Seq<T>::look(const Encoded& encoded, const Var<T>& asking, Index i, Rng* rng, const Observer& observe,
                      const Noise& noise, Step& step) const {
    const auto context_shown = [](How how) {
        return Shown{
            .role = Role::context, .symbol = "c", .title = "Context", .axes = {"output", "annotation"}, .step = std::move(how)};
    };
    if (!design_.attention) {
        step.context = observe("context", encoded.fixed, [&] {
            return context_shown({"read", "c_i = c, whatever i", "context[i,k] = encoder.fixed[k]", "Cho 2014, section 2.2"});
        });
        return;
    }
    const Var<T> query = observe("queries", score_->query(asking), [&] {
        const ScoreRules rules = score_rules();
        return Shown{.role = Role::query,
                     .symbol = "q",
                     .title = "Queries",
                     .axes = {"output", function_.query_axis},
                     .step = {"ask", rules.query_formula, rules.query_rule, function_.source},
                     .parameters = shown_score_parameters()};
    });
    step.scores = observe("scores", score_->scores(query, encoded.keys), [&] {
        const ScoreRules rules = score_rules();
        return Shown{.role = Role::scores,
                     .symbol = "e",
                     .title = "Scores",
                     .axes = {"output", "source"},
                     .step = {"score", rules.formula, rules.rule, function_.source}};
    });
    step.weights = weights_of(encoded, asking, step.scores, i, rng, observe, noise);
    step.context = observe("context", context(step.weights, encoded.annotations), [&] {
        return context_shown(
            {"read", "c_i = Σ_j α_ij h_j", "context[i,k] = sum_j(weights[i,j] * annotations[j,k])", "Bahdanau 2014, eq. 5"});
    });
}

template <class T>
CellReads Seq2Seq<T>::decoder_reads() const {
    CellReads reads{
        .title = "Decoder",
        .state = "s",
        .axis = "output",
        .units = "state",
        .position = 'i',
        .inputs = {{"decoder.embedding[i,m]", "y_(i−1)", "embedding", declared_values(decoder_.parameters().input_weight)}},
        .initial = "decoder.initial",
        .initial_cell = "decoder.initial_cell",
        .source = design_.look_first ? "Bahdanau 2014, A.2.2 (PyTorch's gates)" : "Luong 2015, section 3 (PyTorch's gates)"};
    const auto feed = [&](const char* operand, const char* symbol, const char* axis) {
        reads.inputs.push_back({operand, symbol, axis, declared_values(fed_.weight), 'n', "@fed_weight", "C"});
    };
    if (design_.look_first) feed("(context[i,n] else 0)", "c_i", "annotation");
    if (design_.input_feeding) feed("(attentional[i-1,n] else 0)", "t_(i−1)", "attentional");
    return reads;
}

template <class T>
Var<T> Seq2Seq<T>::attentional_vector(const Step& step, const Observer& observe) const {
    const Var<T> t = tanh(add(attentional_state_(step.state.cell.h), attentional_context_(step.context)));
    return observe("attentional", t, [&] {
        return Shown{
            .role = Role::state,
            .symbol = "t",
            .title = "Attentional vector",
            .axes = {"output", "attentional"},
            .step = {"combine", "t_i = tanh(W_c [c_i; s_i])",
                     "attentional[i,k] = tanh(" + rules::linear('l', "attentional.state_weight[k,l]", "decoder.state[i,l]") +
                         " + " + rules::linear('n', "attentional.context_weight[k,n]", "context[i,n]") + ")",
                     "Luong 2015, eq. 5"},
            .parameters = {{"attentional.state_weight", "W_c", {"attentional", "state"}, attentional_state_.weight},
                           {"attentional.context_weight", "W_c", {"attentional", "annotation"}, attentional_context_.weight}}};
    });
}

template <class T>
typename Seq2Seq<T>::Step Seq2Seq<T>::step(const Encoded& encoded, const Var<T>& projected_previous, const State& state,
                                           Index i, Rng* rng, const Observer& observe, Noise noise) const {
    const Observer here = observe.row(i);
    Step next;
    Var<T> gates = projected_previous;
    if (design_.look_first) {
        look(encoded, state.cell.h, i, rng, here, noise, next);
        gates = add(gates, fed_(next.context));
    }
    if (design_.input_feeding) gates = add(gates, fed_(state.attentional));
    next.state.cell = decoder_.step(gates, state.cell, here.named("decoder."), [this] { return decoder_reads(); });
    if (!design_.look_first) look(encoded, next.state.cell.h, i, rng, here, noise, next);
    if (sizes_.readout > 0) next.state.attentional = dropped(attentional_vector(next, here), noise);
    return next;
}

template <class T>
Var<T> Seq2Seq<T>::readout_input(const Step& step) const {
    if (sizes_.readout > 0) return step.state.attentional;
    const Var<T> both[] = {step.state.cell.h, step.context};
    return concat<T>(both, -1);
}

template <class T>
Var<T> Seq2Seq<T>::logits(const Var<T>& input, const Observer& observe) const {
    const auto shown = [](How how, std::vector<Parameter> parameters) {
        return Shown{.role = Role::logits,
                     .symbol = "o",
                     .title = "Logits",
                     .unit = "logit",
                     .axes = {"output", "token"},
                     .step = std::move(how),
                     .parameters = std::move(parameters)};
    };
    const auto bias = [this] { return Parameter{"readout.bias", "b_o", {"token"}, readout_.bias}; };
    if (sizes_.readout > 0)
        return observe("logits", readout_(input), [&] {
            return shown({"read out", "o_i = W_o t_i + b_o",
                          "logits[i,c] = " + rules::linear('k', "readout.weight[c,k]", "attentional[i,k]", "readout.bias[c]"),
                          "Luong 2015, eq. 6"},
                         {{"readout.weight", "W_o", {"token", "attentional"}, readout_.weight}, bias()});
        });
    const Index d = sizes_.decoder;
    const Var<T> o = add(readout_(slice(input, -1, 0, d)), readout_context_(slice(input, -1, d, 2 * sizes_.encoder)));
    return observe("logits", o, [&] {
        return shown({"read out", "o_i = U_o s_i + C_o c_i + b_o",
                      "logits[i,c] = " + rules::linear('k', "readout.state_weight[c,k]", "decoder.state[i,k]") + " + " +
                          rules::linear('n', "readout.context_weight[c,n]", "context[i,n]", "readout.bias[c]"),
                      "Bahdanau 2014, A.2.2 (without maxout)"},
                     {{"readout.state_weight", "U_o", {"token", "state"}, readout_.weight},
                      {"readout.context_weight", "C_o", {"token", "annotation"}, readout_context_.weight},
                      bias()});
    });
}

template <class T>
typename Seq2Seq<T>::Forced Seq2Seq<T>::forced(const Encoded& encoded, std::span<const Index> targets, Index steps, Rng* rng,
                                               Noise noise) const {
    const Index size = encoded.initial.h.shape()[0];
    Ids previous(static_cast<std::size_t>(size), start_id());
    previous.insert(previous.end(), targets.begin(), targets.begin() + (steps - 1) * size);
    const Var<T> projected = project_previous(previous, 0, {}, noise);
    std::vector<Var<T>> inputs;
    Forced result;
    State state = initial_state(encoded);
    for (Index i = 0; i < steps; ++i) {
        Step next = step(encoded, slice(projected, 0, i * size, size), state, i, rng, {}, noise);
        inputs.push_back(readout_input(next));
        result.scores.push_back(next.scores);
        result.weights.push_back(next.weights);
        state = std::move(next.state);
    }
    result.logits = logits(concat<T>(inputs, 0));
    return result;
}

template <class T>
typename Seq2Seq<T>::Greedy Seq2Seq<T>::greedy(const Encoded& encoded, Index max_steps, Rng* rng, std::stop_token stop) const {
    const Index size = encoded.initial.h.shape()[0];
    Greedy result;
    State state = initial_state(encoded);
    const auto step_on = [&](const Ids& previous) {
        const Step next = step(encoded, project_previous(previous), state, result.steps++, rng);
        state = next.state;
        if (design_.attention) result.weights.push_back(next.weights.value());
        return logits(readout_input(next)).value();
    };
    result.ids = saccade::greedy<T>(Ids(static_cast<std::size_t>(size), start_id()), end_id(), max_steps, step_on, stop);
    return result;
}

// seq2seq.cpp instantiates the class; these are the members that this file defines.
#define SACCADE_INSTANTIATE(T)                                                                                            \
    template Seq2Seq<T>::Encoded Seq2Seq<T>::Encoded::rows(std::span<const Index>) const;                                 \
    template Seq2Seq<T>::State Seq2Seq<T>::State::rows(std::span<const Index>) const;                                     \
    template Seq2Seq<T>::State Seq2Seq<T>::initial_state(const Encoded&) const;                                           \
    template Var<T> Seq2Seq<T>::project_previous(std::span<const Index>, Index, const Observer&, Noise) const;            \
    template Seq2Seq<T>::Step Seq2Seq<T>::step(const Encoded&, const Var<T>&, const State&, Index, Rng*, const Observer&, \
                                               Noise) const;                                                              \
    template Var<T> Seq2Seq<T>::readout_input(const Step&) const;                                                         \
    template Var<T> Seq2Seq<T>::logits(const Var<T>&, const Observer&) const;                                             \
    template Seq2Seq<T>::Forced Seq2Seq<T>::forced(const Encoded&, std::span<const Index>, Index, Rng*, Noise) const;     \
    template Seq2Seq<T>::Greedy Seq2Seq<T>::greedy(const Encoded&, Index, Rng*, std::stop_token) const;
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
