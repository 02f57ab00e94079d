#include "model/transformer.hpp"

#include <algorithm>

#include "attention/mask.hpp"
#include "autograd/ops.hpp"
#include "base/stop.hpp"

namespace saccade {

template <class T>
Transformer<T>::Transformer(const Weights<T>& weights, const TransformerDesign& design)
    : encoder_(weights, "encoder", design.encoder), decoder_(weights, "decoder", design.decoder) {
    if (source_vocabulary() == 0 || target_vocabulary() < 3)
        throw Error(ErrorCode::bad_format, "transformer: an embedding table is missing or too small",
                    "the target vocabulary has at least one token to write, <end> and <start>");
    if (design.encoder.d_model != design.decoder.d_model || !design.decoder.cross || design.encoder.cross)
        throw Error(ErrorCode::bad_format, "transformer: encoder and decoder do not match",
                    "both have one d_model, and the decoder alone has cross-attention");
}

template <class T>
typename Transformer<T>::Encoded Transformer<T>::encode(const PaddedSources& sources, StackCall<T> call) const {
    Ids ids(sources.ids.size());
    for (Index t = 0; t < sources.length; ++t)
        for (Index b = 0; b < sources.size; ++b)
            ids[static_cast<std::size_t>(b * sources.length + t)] = sources.ids[static_cast<std::size_t>(t * sources.size + b)];
    const bool padded = std::ranges::any_of(sources.lengths, [&](Index own) { return own < sources.length; });
    Encoded encoded;
    if (padded) encoded.mask = over_heads(padding_mask<T>(sources.lengths, sources.length));
    call.mask = combine_masks(call.mask, encoded.mask);
    encoded.memory = encoder_(encoder_.embed(ids, sources.size, call), call);
    return encoded;
}

template <class T>
Var<T> Transformer<T>::forced(const Encoded& encoded, std::span<const Index> targets, Index steps, StackCall<T> call) const {
    const Index batch = encoded.batch();
    Ids previous(static_cast<std::size_t>(batch * steps), start_id());
    for (Index b = 0; b < batch; ++b) std::copy_n(targets.begin() + b * steps, steps - 1, previous.begin() + b * steps + 1);
    call.memory = encoded.memory;
    call.memory_mask = combine_masks(call.memory_mask, encoded.mask);
    return decoder_.tied_logits(decoder_(decoder_.embed(previous, batch, call), call), classes());
}

template <class T>
typename Transformer<T>::State Transformer<T>::State::rows(std::span<const Index> which) const {
    State picked{cache.rows(which), mask};
    if (!mask.empty()) picked.mask = KeysValues<T>{Var<T>(mask), {}}.rows(which).keys.value();
    return picked;
}

template <class T>
typename Transformer<T>::State Transformer<T>::initial_state(const Encoded& encoded) const {
    return {decoder_.cache_of(encoded.memory), encoded.mask};
}

template <class T>
Var<T> Transformer<T>::step(std::span<const Index> ids, State& state) const {
    const auto batch = static_cast<Index>(ids.size());
    StackCall<T> call;
    call.cache = &state.cache;
    call.memory_mask = state.mask;
    const Var<T> read = decoder_(decoder_.embed(ids, batch, call), call);
    return decoder_.tied_logits(reshape(read, {batch, decoder_.design().d_model}), classes());
}

template <class T>
std::vector<Ids> Transformer<T>::greedy(const Encoded& encoded, Index max_steps, std::stop_token stop) const {
    const auto batch = static_cast<std::size_t>(encoded.batch());
    std::vector<Ids> outputs(batch);
    Ids previous(batch, start_id());
    State state = initial_state(encoded);
    const auto ended = [&](const Ids& ids) { return !ids.empty() && ids.back() == end_id(); };
    for (Index i = 0; i < max_steps && !std::ranges::all_of(outputs, ended); ++i) {
        check_stop(stop);
        const Tensor<T> logits = step(previous, state).value();
        for (std::size_t b = 0; b < batch; ++b) {
            if (ended(outputs[b])) continue;
            const Tensor<T> row = logits.row(static_cast<Index>(b));
            previous[b] = std::ranges::max_element(row.values()) - row.values().begin();
            outputs[b].push_back(previous[b]);
        }
    }
    return outputs;
}

template class Transformer<float>;
template class Transformer<double>;

}  // namespace saccade
