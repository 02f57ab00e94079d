#include "model/language_model.hpp"

#include <fmt/core.h>

#include <vector>

#include "base/error.hpp"
#include "model/per_model.hpp"

namespace saccade {

template <class T>
LanguageModel<T>::LanguageModel(const Weights<T>& weights, const StackDesign& design)
    : stack_(weights, language_model_prefix, design) {
    if (!design.causal || design.cross)
        throw Error(ErrorCode::invalid_input, "a language model's stack must be causal, without cross-attention",
                    "set causal to true and cross to false in the card's stack");
    if (stack_.vocabulary() < 2)
        throw Error(ErrorCode::bad_format,
                    fmt::format("weights: there is no table '{}.embedding.weight'", language_model_prefix),
                    "choose a file of this model");
}

template <class T>
Var<T> LanguageModel<T>::logits(std::span<const Index> ids, Index batch, const StackCall<T>& call) const {
    return read_out(stack_(stack_.embed(ids, batch, call), call));
}

template class LanguageModel<float>;
template class LanguageModel<double>;

WeightMap initial_language_model_weights(const StackDesign& design, Index vocabulary, const PositionSizes& sizes, Rng& rng) {
    WeightMap weights;
    add_initial_stack_weights(weights, language_model_prefix, design, vocabulary, sizes, rng);
    return weights;
}

namespace {

std::shared_ptr<const LoadedLanguageModel> loaded_from(const ModelPtr& model) {
    const std::string where = model->path.empty() ? model->id : model->path;
    const StackDesign design = stack_design_from_json(model->card.json(), language_model_prefix, where);
    auto loaded = std::make_shared<const LoadedLanguageModel>(
        LoadedLanguageModel{design, LanguageModel<float>(Weights<float>(model->weights), design), sequence_text_of(model)});
    if (loaded->text->vocabularies().target.size() != loaded->model.vocabulary())
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: the card names {} tokens and the table holds {}", where,
                                loaded->text->vocabularies().target.size(), loaded->model.vocabulary()),
                    "use the card that was written with these weights");
    return loaded;
}

}  // namespace

std::shared_ptr<const LoadedLanguageModel> language_model_of(const ModelPtr& model) {
    static PerModel<LoadedLanguageModel> made;
    return made.get(model, [&] { return loaded_from(model); });
}

WeightMap without_head(const WeightMap& weights, const StackDesign& design, Index layer, Index head) {
    WeightMap changed = weights;
    Tensor<float>& output = changed.at(fmt::format("{}.{}.self.output.weight", language_model_prefix, layer));
    output = output.clone();
    const Index d = design.d_model, unit = d / design.heads;
    for (Index row = 0; row < d; ++row)
        for (Index k = head * unit; k < (head + 1) * unit; ++k) output.data()[row * d + k] = 0;
    return changed;
}

}  // namespace saccade
