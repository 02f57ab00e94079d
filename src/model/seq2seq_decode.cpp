#include <algorithm>

#include "attention/context.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/picked_rows.hpp"
#include "model/seq2seq.hpp"
#include "model/seq2seq_sites.hpp"

// The decoder: looking, stepping, reading out.

namespace saccade {

namespace {

template <class T>
Index argmax(std::span<const T> row) {
    return std::ranges::max_element(row) - row.begin();
}

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
Var<T> Seq2Seq<T>::project_previous(std::span<const Index> ids, Index i, const Showing* showing, Noise noise) const {
    const Var<T> embedded = reveal(showing, &Seq2SeqSites::previous_embedding, i, embedding(target_table_, ids));
    return decoder_.project(dropped(embedded, noise));
}

template <class T>
Var<T> Seq2Seq<T>::weights_of(const Encoded& encoded, const Var<T>& asking, const Var<T>& scores, Index i, Rng* rng,
                              const Showing* showing, const Noise& noise) const {
    if (samples_ && rng == nullptr)
        throw Error(ErrorCode::invalid_input, "hard sampling needs random numbers", "give the run a seed");
    AlignCall<T> call{
        .scores = scores, .mask = encoded.mask, .state = asking, .step = i, .lengths = encoded.lengths, .rng = rng};
    call.expectation = samples_ && noise.soft_samples > 0 && rng->uniform() < noise.soft_samples;
    const Observer observe = showing == nullptr ? Observer() : Observer(showing->probe).row(i);
    return (*align_)(call, align_text_, observe).weights;
}

template <class T>
void Seq2Seq<T>::look(const Encoded& encoded, const Var<T>& asking, Index i, Rng* rng, const Showing* showing,
                      const Noise& noise, Step& step) const {
    if (!design_.attention) {
        step.context = reveal(showing, &Seq2SeqSites::context, i, encoded.fixed);
        return;
    }
    const Var<T> query = reveal(showing, &Seq2SeqSites::queries, i, score_->query(asking));
    step.scores = reveal(showing, &Seq2SeqSites::scores, i, score_->scores(query, encoded.keys));
    step.weights = weights_of(encoded, asking, step.scores, i, rng, showing, noise);
    step.context = reveal(showing, &Seq2SeqSites::context, i, context(step.weights, encoded.annotations));
}

template <class T>
typename Seq2Seq<T>::Step Seq2Seq<T>::step(const Encoded& encoded, const Var<T>& projected_previous, const State& state,
                                           Index i, Rng* rng, const Showing* showing, Noise noise) const {
    Step next;
    Var<T> gates = projected_previous;
    if (design_.look_first) {
        look(encoded, state.cell.h, i, rng, showing, noise, next);
        gates = add(gates, affine(next.context, fed_weight_, {}));
    }
    if (design_.input_feeding) gates = add(gates, affine(state.attentional, fed_weight_, {}));
    next.state.cell = showing != nullptr ? decoder_.shown_step(gates, state.cell, showing->probe, showing->sites.decoder, i)
                                         : decoder_.step(gates, state.cell);
    if (!design_.look_first) look(encoded, next.state.cell.h, i, rng, showing, noise, next);
    if (sizes_.readout > 0) {
        const Var<T> t =
            tanh(add(affine(next.state.cell.h, attentional_state_, {}), affine(next.context, attentional_context_, {})));
        next.state.attentional = dropped(reveal(showing, &Seq2SeqSites::attentional, i, t), noise);
    }
    return next;
}

template <class T>
Var<T> Seq2Seq<T>::readout_input(const Step& step) const {
    if (sizes_.readout > 0) return step.state.attentional;
    const Var<T> both[] = {step.state.cell.h, step.context};
    return concat<T>(both, -1);
}

template <class T>
Var<T> Seq2Seq<T>::logits(const Var<T>& input) const {
    if (sizes_.readout > 0) return readout_(input);
    const Index d = sizes_.decoder;
    return add(readout_(slice(input, -1, 0, d)), affine(slice(input, -1, d, 2 * sizes_.encoder), readout_context_, {}));
}

template <class T>
typename Seq2Seq<T>::Forced Seq2Seq<T>::forced(const Encoded& encoded, std::span<const Index> targets, Index steps, Rng* rng,
                                               Noise noise) const {
    const Index size = encoded.initial.h.shape()[0];
    Ids previous(static_cast<std::size_t>(size), start_id());
    previous.insert(previous.end(), targets.begin(), targets.begin() + (steps - 1) * size);
    const Var<T> projected = project_previous(previous, 0, nullptr, noise);
    std::vector<Var<T>> inputs;
    Forced result;
    State state = initial_state(encoded);
    for (Index i = 0; i < steps; ++i) {
        Step next = step(encoded, slice(projected, 0, i * size, size), state, i, rng, nullptr, noise);
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
    Ids previous(static_cast<std::size_t>(size), start_id());
    std::vector<bool> ended(static_cast<std::size_t>(size), false);
    State state = initial_state(encoded);
    while (result.steps < max_steps && !std::ranges::all_of(ended, [](bool e) { return e; })) {
        check_stop(stop);
        const Step next = step(encoded, project_previous(previous), state, result.steps, rng);
        const Tensor<T> scores = logits(readout_input(next)).value();
        for (Index b = 0; b < size; ++b) {
            const auto at = static_cast<std::size_t>(b);
            previous[at] = ended[at] ? end_id() : argmax(std::span<const T>(scores.row(b).values()));
            ended[at] = ended[at] || previous[at] == end_id();
        }
        state = next.state;
        result.ids.insert(result.ids.end(), previous.begin(), previous.end());
        if (design_.attention) result.weights.push_back(next.weights.value());
        ++result.steps;
    }
    return result;
}

// seq2seq.cpp instantiates the class; these are the members that this file defines.
#define SACCADE_INSTANTIATE(T)                                                                                           \
    template Seq2Seq<T>::Encoded Seq2Seq<T>::Encoded::rows(std::span<const Index>) const;                                \
    template Seq2Seq<T>::State Seq2Seq<T>::State::rows(std::span<const Index>) const;                                    \
    template Seq2Seq<T>::State Seq2Seq<T>::initial_state(const Encoded&) const;                                          \
    template Var<T> Seq2Seq<T>::project_previous(std::span<const Index>, Index, const Showing*, Noise) const;            \
    template Seq2Seq<T>::Step Seq2Seq<T>::step(const Encoded&, const Var<T>&, const State&, Index, Rng*, const Showing*, \
                                               Noise) const;                                                             \
    template Var<T> Seq2Seq<T>::readout_input(const Step&) const;                                                        \
    template Var<T> Seq2Seq<T>::logits(const Var<T>&) const;                                                             \
    template Seq2Seq<T>::Forced Seq2Seq<T>::forced(const Encoded&, std::span<const Index>, Index, Rng*, Noise) const;    \
    template Seq2Seq<T>::Greedy Seq2Seq<T>::greedy(const Encoded&, Index, Rng*, std::stop_token) const;
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
