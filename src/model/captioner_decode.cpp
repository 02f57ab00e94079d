#include <algorithm>

#include "attention/context.hpp"
#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"
#include "model/captioner.hpp"
#include "model/captioner_sites.hpp"
#include "model/picked_rows.hpp"

// The decoder: looking, stepping, reading out.

namespace saccade {

namespace {

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
Var<T> Captioner<T>::spatial_query(const Var<T>& state, const Var<T>& word) const {
    const bool sca = design_.attention == CaptionAttention::sca;
    const Var<T> query = sca ? spatial_.query(state) : affine(state, query_weight_, Var<T>());
    return word_weight_.empty() ? query : add(query, affine(word, word_weight_, Var<T>()));
}

template <class T>
Var<T> Captioner<T>::channel_gate(const Var<T>& means, const Var<T>& state, const Var<T>& word, Index t,
                                  const CaptionShowing* showing) const {
    Var<T> query = channel_.query(state);
    if (!channel_word_weight_.empty()) query = add(query, affine(word, channel_word_weight_, Var<T>()));
    query = reveal(showing, &CaptionerSites::channel_queries, t, query);
    const Var<T> v = reveal(showing, &CaptionerSites::channel_means, t, means);
    const Var<T> scores = reveal(showing, &CaptionerSites::channel_scores, t, channel_.scores(query, channel_.keys(v)));
    return reveal(showing, &CaptionerSites::channel_gate, t, scale(softmax(scores), static_cast<T>(sizes_.annotation)));
}

template <class T>
Var<T> Captioner<T>::align(Index t, Rng* rng, const CaptionShowing* showing, const CaptionNoise& noise, Step& step) const {
    step.policy = align_softmax(step.scores, {}, design_.temperature);
    if (design_.attention != CaptionAttention::hard) return reveal(showing, &CaptionerSites::weights, t, step.policy);
    step.policy = reveal(showing, &CaptionerSites::policy, t, step.policy);
    const Tensor<T>& scores = step.scores.value();
    const Index batch = scores.shape()[0], cells = scores.shape()[1];
    Tensor<T> drawn = rng == nullptr ? align_hard_argmax(scores) : align_hard_sample(scores, {}, design_.temperature, *rng);
    Tensor<T> keep(Shape{batch, 1});
    if (noise.soft_samples > 0)
        for (Index b = 0; b < batch; ++b) {
            // By the example's place: an example is soft or sampled throughout, as in the paper.
            if (static_cast<double>(b) >= noise.soft_samples * static_cast<double>(batch)) continue;
            keep.data()[b] = T(1);
            std::fill_n(drawn.data() + b * cells, cells, T(0));
        }
    step.sampled = drawn;
    const Var<T> used = noise.soft_samples > 0 ? mixed(step.policy, drawn, keep) : Var<T>(drawn);
    return reveal(showing, &CaptionerSites::weights, t, used);
}

template <class T>
void Captioner<T>::look(const Encoded& encoded, const Var<T>& word, const State& state, Index t, Rng* rng,
                        const CaptionShowing* showing, const CaptionNoise& noise, Step& step) const {
    const bool sca = design_.attention == CaptionAttention::sca;
    const Var<T>& h = state.cell.h;
    const Var<T> query = reveal(showing, &CaptionerSites::queries, t, spatial_query(h, word));
    Var<T> keys = encoded.keys, features = encoded.annotations;
    if (sca && design_.channel_first) {
        step.channel_gate = channel_gate(mean(features, 1), h, word, t, showing);
        features = weighted_channels(features, step.channel_gate);
        keys = spatial_.keys(features);
    }
    const Var<T> scores = sca ? spatial_.scores(query, keys) : additive_scores(query, keys, vector_);
    step.scores = reveal(showing, &CaptionerSites::scores, t, scores);
    step.weights = align(t, rng, showing, noise, step);
    Var<T> z = context(step.weights, features);
    if (sca && !design_.channel_first) {
        // The mean of f_s(V, alpha) over the locations, times their number, is the context.
        step.channel_gate = channel_gate(z, h, word, t, showing);
        z = weighted_channels(z, step.channel_gate);
    }
    step.context = reveal(showing, &CaptionerSites::context, t, z);
    const Index batch = h.shape()[0];
    step.beta = reshape(reveal(showing, &CaptionerSites::beta, t, reshape(sigmoid(beta_(h)), {batch})), {batch, 1});
    step.gated = reveal(showing, &CaptionerSites::gated, t, mul(step.context, step.beta));
}

template <class T>
typename Captioner<T>::Step Captioner<T>::step(const Encoded& encoded, std::span<const Index> previous, const State& state,
                                               Index t, Rng* rng, const CaptionShowing* showing, CaptionNoise noise) const {
    Step next;
    const Var<T> word = reveal(showing, &CaptionerSites::previous_embedding, t, embedding(table_, previous));
    look(encoded, word, state, t, rng, showing, noise, next);
    Var<T> remembered = next.gated;
    if (noise.forget > 0) {
        Tensor<T> kept(Shape{static_cast<Index>(previous.size()), 1}, T(1));
        for (T& k : kept.values()) k = noise.rng->uniform() < noise.forget ? T(0) : T(1);
        remembered = mul(remembered, Var<T>(kept));
    }
    const Var<T> gates = add(cell_.project(word), affine(remembered, context_weight_, Var<T>()));
    next.state.cell = showing != nullptr ? cell_.shown_step(gates, state.cell, showing->probe, showing->sites.decoder, t)
                                         : cell_.step(gates, state.cell);
    const Var<T> h =
        noise.dropout > 0 ? dropout(next.state.cell.h, static_cast<T>(noise.dropout), *noise.rng) : next.state.cell.h;
    const Var<T> deep = add(add(word, affine(h, readout_state_, Var<T>())), affine(next.gated, readout_context_, Var<T>()));
    next.readout = reveal(showing, &CaptionerSites::readout, t, tanh(deep));
    return next;
}

template <class T>
Var<T> Captioner<T>::logits(const Var<T>& readout) const {
    return readout_(readout);
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
        all.steps.push_back(step(encoded, before, state, t, rng, nullptr, noise));
        state = all.steps.back().state;
        readouts.push_back(all.steps.back().readout);
    }
    all.logits = logits(concat<T>(readouts, 0));
    return all;
}

template <class T>
Ids Captioner<T>::greedy(const Encoded& encoded, std::span<const Index> languages, Index max_steps, Rng* rng,
                         std::stop_token stop) const {
    const std::size_t batch = languages.size();
    Ids previous(languages.begin(), languages.end()), ids;
    std::vector<char> ended(batch, 0);
    State state{encoded.initial};
    for (Index t = 0; t < max_steps && !std::ranges::all_of(ended, [](char e) { return e != 0; }); ++t) {
        check_stop(stop);
        const Step made = step(encoded, previous, state, t, rng);
        state = made.state;
        const Tensor<T> scores = logits(made.readout).value();
        for (std::size_t b = 0; b < batch; ++b) {
            const auto row = scores.row(static_cast<Index>(b));
            previous[b] = ended[b] != 0 ? end_id() : std::ranges::max_element(row.values()) - row.values().begin();
            if (previous[b] == end_id()) ended[b] = 1;
            ids.push_back(previous[b]);
        }
    }
    return ids;
}

template class Captioner<float>;
template class Captioner<double>;

}  // namespace saccade
