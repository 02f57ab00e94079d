#pragma once

#include <memory>

#include "model/model_store.hpp"
#include "model/sequence_text.hpp"
#include "model/transformer_stack.hpp"

namespace saccade {

/// A causal language model: a stack of transformer layers over the tokens so far, and logits by the table that embeds them
/// (Press and Wolf 2017):
///   x = sqrt(d) E ids + position;   logits = stack(x) E^T
/// Ids as in the target of SequenceVocabularies: the last token is "<start>", which is read but never predicted.
template <class T>
class LanguageModel {
 public:
    /// Weights stack.* (model/transformer_stack.hpp). Error{bad_format}; Error{invalid_input} for a design that is not causal,
    /// or that looks at an encoder.
    LanguageModel(const Weights<T>& weights, const StackDesign& design);

    const TransformerStack<T>& stack() const { return stack_; }
    Index vocabulary() const { return stack_.vocabulary(); }  // with <start>
    Index classes() const { return vocabulary() - 1; }
    Index start_id() const { return vocabulary() - 1; }

    /// ids[b * length + t] -> logits of the token after each, [batch, length, classes]. With call.cache the ids follow
    /// the positions that it holds.
    Var<T> logits(std::span<const Index> ids, Index batch, const StackCall<T>& call = {}) const;
    /// x [..., d_model] -> [..., classes].
    Var<T> read_out(const Var<T>& x) const { return stack_.tied_logits(x, classes()); }

 private:
    TransformerStack<T> stack_;
};

/// Prefix of its weights' names, and of its stack in a card.
inline constexpr const char* language_model_prefix = "stack";

WeightMap initial_language_model_weights(const StackDesign& design, Index vocabulary, const PositionSizes& sizes, Rng& rng);

/// A bundled or given language model, ready to run, made once while the model lives.
struct LoadedLanguageModel {
    StackDesign design;
    LanguageModel<float> model;
    std::shared_ptr<const SequenceText> text;
};
/// Error{bad_format} names the model and what does not fit.
std::shared_ptr<const LoadedLanguageModel> language_model_of(const ModelPtr& model);

/// The weights with the heads of a layer silenced: what they read never reaches the residual stream.
WeightMap without_head(const WeightMap& weights, const StackDesign& design, Index layer, Index head);

}  // namespace saccade
