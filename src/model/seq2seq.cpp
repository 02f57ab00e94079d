#include "model/seq2seq.hpp"

#include <algorithm>
#include <cmath>

#include "attention/align.hpp"
#include "attention/context.hpp"
#include "attention/mask.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/seq2seq_sites.hpp"

namespace saccade {

namespace {

template <class T>
bool same_storage(const Var<T>& a, const Var<T>& b) {
    return a.value().data() == b.value().data();
}

/// A recurrent step that is shown, gate by gate. What an intervention changes is carried on; nothing is computed twice without
/// one.
template <class T>
Var<T> shown_gru_step(const GruCell<T>& cell, const Var<T>& projected, const Var<T>& state, Probe* probe, const GruSites& sites,
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

Index argmax(std::span<const float> row) {
    return std::max_element(row.begin(), row.end()) - row.begin();
}
Index argmax(std::span<const double> row) {
    return std::max_element(row.begin(), row.end()) - row.begin();
}

}  // namespace

PaddedSources PaddedSources::from(std::span<const Ids> sequences, Index pad) {
    PaddedSources p;
    p.size = static_cast<Index>(sequences.size());
    for (const Ids& sequence : sequences) {
        if (sequence.empty())
            throw Error(ErrorCode::invalid_input, "a source sequence is empty", "give at least one character");
        p.lengths.push_back(static_cast<Index>(sequence.size()));
        p.length = std::max(p.length, p.lengths.back());
    }
    p.ids.assign(static_cast<std::size_t>(p.size * p.length), pad);
    for (std::size_t b = 0; b < sequences.size(); ++b)
        for (std::size_t t = 0; t < sequences[b].size(); ++t) p.ids[t * sequences.size() + b] = sequences[b][t];
    return p;
}

template <class T>
Seq2Seq<T>::Seq2Seq(const Weights<T>& w) {
    source_table_ = w.get("encoder.embedding.weight");
    target_table_ = w.get("decoder.embedding.weight");
    key_weight_ = w.get("attention.key_weight");
    const Var<T> state_weight = w.get("decoder.initial.weight");
    for (const Shape& shape : {source_table_.shape(), target_table_.shape(), key_weight_.shape(), state_weight.shape()})
        if (shape.rank() != 2 || shape.size() == 0)
            throw Error(ErrorCode::bad_format, "encoder-decoder: a weight has shape " + shape.str() + " and must be a matrix",
                        "use a model that was trained by `saccade train`");
    sizes_ = {source_table_.shape()[0], target_table_.shape()[0], source_table_.shape()[1],
              state_weight.shape()[1],  state_weight.shape()[0],  key_weight_.shape()[0]};
    const auto& s = sizes_;
    const Index annotation = 2 * s.encoder;
    target_table_ = w.get("decoder.embedding.weight", {s.target_vocabulary, s.embedding});
    forward_ = gru(w, "encoder.forward", s.embedding, s.encoder);
    backward_ = gru(w, "encoder.backward", s.embedding, s.encoder);
    decoder_ = gru(w, "decoder", s.embedding, s.decoder);
    context_weight_ = w.get("decoder.context_weight", {3 * s.decoder, annotation});
    initial_ = {state_weight, w.get("decoder.initial.bias", {s.decoder})};
    query_weight_ = w.get("attention.query_weight", {s.attention, s.decoder});
    key_weight_ = w.get("attention.key_weight", {s.attention, annotation});
    score_vector_ = w.get("attention.vector", {s.attention});
    readout_state_ = {w.get("readout.state_weight", {s.target_vocabulary - 1, s.decoder}),
                      w.get("readout.bias", {s.target_vocabulary - 1})};
    readout_context_ = w.get("readout.context_weight", {s.target_vocabulary - 1, annotation});
}

template <class T>
GruCell<T> Seq2Seq<T>::gru(const Weights<T>& w, const std::string& name, Index input, Index hidden) const {
    return {w.get(name + ".input_weight", {3 * hidden, input}), w.get(name + ".hidden_weight", {3 * hidden, hidden}),
            w.get(name + ".input_bias", {3 * hidden}), w.get(name + ".hidden_bias", {3 * hidden})};
}

template <class T>
std::vector<Var<T>> Seq2Seq<T>::run_direction(const GruCell<T>& cell, const Var<T>& embedded, const PaddedSources& sources,
                                              bool backward, Probe* probe, const std::stop_token& stop) const {
    const auto [size, length] = std::pair(sources.size, sources.length);
    const GruSites& sites = backward ? seq2seq_sites().backward : seq2seq_sites().forward;
    const Var<T> projected = affine(embedded, cell.input_weight, cell.input_bias);  // [length * B, 3H]
    std::vector<Var<T>> states(static_cast<std::size_t>(length));
    Var<T> state = Tensor<T>(Shape{size, cell.hidden_size()});
    for (Index n = 0; n < length; ++n) {
        check_stop(stop);
        const Index t = backward ? length - 1 - n : n;
        const Var<T> gates = slice(projected, 0, t * size, size);
        // Forward, padding comes last and what is computed there is masked. Backward it comes first, and the state must wait
        // for the text.
        const Tensor<T> inside = backward && !probe ? step_mask<T>(sources.lengths, t) : Tensor<T>{};
        state = probe ? shown_gru_step(cell, gates, state, probe, sites, t)
                      : gru_step(cell, gates, state, std::span<const T>(inside.values())).state;
        states[static_cast<std::size_t>(t)] = state;
    }
    return states;
}

template <class T>
typename Seq2Seq<T>::Encoded Seq2Seq<T>::encode(const PaddedSources& sources, Probe* probe, std::stop_token stop) const {
    const Seq2SeqSites& sites = seq2seq_sites();
    const Var<T> embedded = show(probe, sites.source_embedding, -1, embedding(source_table_, sources.ids));
    const std::vector<Var<T>> forward = run_direction(forward_, embedded, sources, false, probe, stop);
    const std::vector<Var<T>> backward = run_direction(backward_, embedded, sources, true, probe, stop);
    const Var<T> both[] = {stack<T>(forward), stack<T>(backward)};
    Encoded e;
    e.annotations = show(probe, sites.annotations, -1, transpose(concat<T>(both, 2), 0, 1));
    e.keys = show(probe, sites.keys, -1, affine(e.annotations, key_weight_, {}));
    e.initial = show(probe, sites.initial, -1, tanh(initial_(backward.front())));
    const bool padded = std::ranges::any_of(sources.lengths, [&](Index n) { return n < sources.length; });
    if (padded) e.mask = padding_mask<T>(sources.lengths, sources.length);
    return e;
}

template <class T>
Var<T> Seq2Seq<T>::project_previous(std::span<const Index> ids, Probe* probe, Index i) const {
    const Var<T> embedded = show(probe, seq2seq_sites().previous_embedding, i, embedding(target_table_, ids));
    return affine(embedded, decoder_.input_weight, decoder_.input_bias);
}

template <class T>
typename Seq2Seq<T>::Step Seq2Seq<T>::step(const Encoded& encoded, const Var<T>& projected_previous, const Var<T>& state,
                                           Probe* probe, Index i) const {
    const Seq2SeqSites& sites = seq2seq_sites();
    Step next;
    const Var<T> query = show(probe, sites.queries, i, affine(state, query_weight_, {}));
    const Var<T> scores = show(probe, sites.scores, i, additive_scores(query, encoded.keys, score_vector_));
    next.weights =
        show(probe, sites.weights, i, encoded.mask.empty() ? align_softmax(scores) : align_softmax(scores, encoded.mask));
    next.context = show(probe, sites.context, i, context(next.weights, encoded.annotations));
    const Var<T> gates = add(projected_previous, affine(next.context, context_weight_, {}));
    next.state =
        probe ? shown_gru_step(decoder_, gates, state, probe, sites.decoder, i) : gru_step(decoder_, gates, state).state;
    return next;
}

template <class T>
Var<T> Seq2Seq<T>::readout(const Var<T>& state, const Var<T>& context, Probe* probe, Index i) const {
    return show(probe, seq2seq_sites().logits, i, add(readout_state_(state), affine(context, readout_context_, {})));
}

template <class T>
typename Seq2Seq<T>::Forced Seq2Seq<T>::forced(const Encoded& encoded, std::span<const Index> targets, Index steps) const {
    const Index size = encoded.initial.shape()[0];
    Ids previous(static_cast<std::size_t>(size), start_id());
    previous.insert(previous.end(), targets.begin(), targets.begin() + (steps - 1) * size);
    const Var<T> projected = project_previous(previous);
    std::vector<Var<T>> states, contexts;
    Forced result;
    Var<T> state = encoded.initial;
    for (Index i = 0; i < steps; ++i) {
        Step next = step(encoded, slice(projected, 0, i * size, size), state);
        state = next.state;
        states.push_back(next.state);
        contexts.push_back(next.context);
        result.weights.push_back(next.weights);
    }
    result.logits = readout(concat<T>(states, 0), concat<T>(contexts, 0));
    return result;
}

template <class T>
typename Seq2Seq<T>::Greedy Seq2Seq<T>::greedy(const Encoded& encoded, Index max_steps) const {
    const Index size = encoded.initial.shape()[0];
    const Index end = sizes_.target_vocabulary - 2;
    Greedy result;
    Ids previous(static_cast<std::size_t>(size), start_id());
    std::vector<bool> ended(static_cast<std::size_t>(size), false);
    Var<T> state = encoded.initial;
    while (result.steps < max_steps && !std::ranges::all_of(ended, [](bool e) { return e; })) {
        const Step next = step(encoded, project_previous(previous), state);
        const Tensor<T> logits = readout(next.state, next.context).value();
        for (Index b = 0; b < size; ++b) {
            const auto at = static_cast<std::size_t>(b);
            previous[at] = ended[at] ? end : argmax(logits.row(b).values());
            ended[at] = ended[at] || previous[at] == end;
        }
        state = next.state;
        result.ids.insert(result.ids.end(), previous.begin(), previous.end());
        result.weights.push_back(next.weights.value());
        ++result.steps;
    }
    return result;
}

template class Seq2Seq<float>;
template class Seq2Seq<double>;

WeightMap initial_seq2seq_weights(const Seq2SeqSizes& s, Rng& rng) {
    WeightMap weights;
    const auto fill = [&](const std::string& name, const Shape& shape, auto draw) {
        Tensor<float> w(shape);
        for (float& v : w.values()) v = static_cast<float>(draw());
        weights.emplace(name, std::move(w));
    };
    const auto table = [&](const std::string& name, const Shape& shape) { fill(name, shape, [&] { return rng.normal(); }); };
    const auto matrix = [&](const std::string& name, Index out, Index in) {
        const double limit = 1 / std::sqrt(static_cast<double>(in));
        fill(name, {out, in}, [&] { return limit * (2 * rng.uniform() - 1); });
    };
    const auto bias = [&](const std::string& name, Index n) { weights.emplace(name, Tensor<float>(Shape{n})); };
    const auto gru = [&](const std::string& name, Index hidden) {
        matrix(name + ".input_weight", 3 * hidden, s.embedding);
        matrix(name + ".hidden_weight", 3 * hidden, hidden);
        bias(name + ".input_bias", 3 * hidden);
        bias(name + ".hidden_bias", 3 * hidden);
    };
    const Index annotation = 2 * s.encoder;
    table("encoder.embedding.weight", {s.source_vocabulary, s.embedding});
    gru("encoder.forward", s.encoder);
    gru("encoder.backward", s.encoder);
    matrix("decoder.initial.weight", s.decoder, s.encoder);
    bias("decoder.initial.bias", s.decoder);
    matrix("attention.query_weight", s.attention, s.decoder);
    matrix("attention.key_weight", s.attention, annotation);
    const double limit = 1 / std::sqrt(static_cast<double>(s.attention));
    fill("attention.vector", {s.attention}, [&] { return limit * (2 * rng.uniform() - 1); });
    table("decoder.embedding.weight", {s.target_vocabulary, s.embedding});
    gru("decoder", s.decoder);
    matrix("decoder.context_weight", 3 * s.decoder, annotation);
    matrix("readout.state_weight", s.target_vocabulary - 1, s.decoder);
    matrix("readout.context_weight", s.target_vocabulary - 1, annotation);
    bias("readout.bias", s.target_vocabulary - 1);
    return weights;
}

}  // namespace saccade
