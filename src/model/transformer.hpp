#pragma once

#include "model/seq2seq.hpp"
#include "model/transformer_stack.hpp"

namespace saccade {

/// The two stacks of an encoder-decoder.
struct TransformerDesign {
    StackDesign encoder, decoder;
    bool operator==(const TransformerDesign&) const = default;
};
/// A card's "encoder" and "decoder".
void into_card(const TransformerDesign& design, nlohmann::json& card);
/// Error{bad_format} names `where`; also if the two do not fit each other.
TransformerDesign transformer_design_from_json(const nlohmann::json& card, const std::string& where);

/// The encoder-decoder of Vaswani 2017 ("Attention is all you need"), figure 1:
///   memory = encoder(sqrt(d) E_x x + position)
///   logits = decoder(sqrt(d) E_y y + position, memory) E_y^T      (one table for target embedding and softmax, section 3.4)
/// Ids of the target as in SequenceVocabularies: ... <end> <start>; <start> is read but never written.
template <class T>
class Transformer {
 public:
    /// Weights encoder.* and decoder.* (model/transformer_stack.hpp). Error{bad_format}, Error{invalid_input}.
    Transformer(const Weights<T>& weights, const TransformerDesign& design);

    const TransformerStack<T>& encoder() const { return encoder_; }
    const TransformerStack<T>& decoder() const { return decoder_; }
    Index source_vocabulary() const { return encoder_.vocabulary(); }
    Index target_vocabulary() const { return decoder_.vocabulary(); }  // with <start>
    Index classes() const { return target_vocabulary() - 1; }
    Index start_id() const { return target_vocabulary() - 1; }
    Index end_id() const { return target_vocabulary() - 2; }

    /// A batch of sources, read.
    struct Encoded {
        Var<T> memory;   // [B, S, d_model]
        Tensor<T> mask;  // [B, 1, 1, S]; empty if nothing is padded
        Index batch() const { return memory.shape()[0]; }
    };
    /// `call`: radius, drawn mask, dropout, observer, stop; a padding mask is added to its mask.
    Encoded encode(const PaddedSources& sources, StackCall<T> call = {}) const;

    /// Given targets, all steps at once: reads <start>, then all but the last; targets[b * steps + i] is the i-th output of b.
    /// -> logits [B, steps, classes]. `call` as for encode.
    Var<T> forced(const Encoded& encoded, std::span<const Index> targets, Index steps, StackCall<T> call = {}) const;

    /// Decoding step by step, with cached keys and values.
    struct State {
        StackCache<T> cache;
        Tensor<T> mask;  // of the memory, [B, 1, 1, S]; empty if nothing is padded
        State rows(std::span<const Index> which) const;
    };
    State initial_state(const Encoded& encoded) const;
    /// Reads one id per row (<start> first), at position state.cache.length; `state` advances. -> logits [B, classes].
    Var<T> step(std::span<const Index> ids, State& state) const;

    /// Greedy outputs of a batch: a row each, <end> included if it was reached within max_steps. Error{cancelled}.
    std::vector<Ids> greedy(const Encoded& encoded, Index max_steps, std::stop_token stop = {}) const;

 private:
    TransformerStack<T> encoder_, decoder_;
};

/// Fresh weights. `sizes`: longest and clip, for codes that have a table.
WeightMap initial_transformer_weights(const TransformerDesign& design, Index source_vocabulary, Index target_vocabulary,
                                      const PositionSizes& sizes, Rng& rng);

}  // namespace saccade
