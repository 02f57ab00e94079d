#include <fmt/core.h>

#include "model/per_model.hpp"
#include "model/transformer_run.hpp"

namespace saccade {

namespace {

std::string where_is(const Model& model) {
    return model.path.empty() ? model.id : model.path;
}

/// A code with a table of its own cannot be put into weights that were trained without it.
void require_tables(const WeightMap& weights, const std::string& prefix, const StackDesign& design) {
    const PositionFunction& code = position_code(design.position);
    const PositionSizes any{.d_model = design.d_model, .heads = design.heads};
    for (const PositionParameter& p : code.parameters(any)) {
        const std::string name =
            p.each_layer ? fmt::format("{}.0.self.position.{}", prefix, p.name) : fmt::format("{}.position.{}", prefix, p.name);
        if (weights.count(name) == 0)
            throw Error(ErrorCode::invalid_input,
                        fmt::format("these weights hold no table for the position code '{}'", code.title),
                        "choose 'Lists of dates' and switch off 'Keep the weights' for the model that was trained with it");
    }
}

std::shared_ptr<const LoadedTransformer> load(const Model& model, const ModelPtr& held, const TransformerDesign& design) {
    const std::string where = where_is(model);
    require_tables(model.weights, "encoder", design.encoder);
    require_tables(model.weights, "decoder", design.decoder);
    if (design.encoder.layers != design.decoder.layers || design.encoder.heads != design.decoder.heads)
        throw Error(ErrorCode::bad_format, where + ": encoder and decoder have different numbers of layers or heads",
                    "views show them on one axis: train both with the same");
    Transformer<float> transformer(Weights<float>(model.weights), design);
    auto text = sequence_text_of(held);
    if (transformer.source_vocabulary() != text->vocabularies().source.size() ||
        transformer.target_vocabulary() != text->vocabularies().target.size())
        throw Error(ErrorCode::bad_format, where + ": the vocabulary of its card does not fit its embeddings",
                    "use the card that was written with these weights");
    return std::make_shared<const LoadedTransformer>(LoadedTransformer{design, std::move(transformer), std::move(text)});
}

}  // namespace

TransformerDesign trained_design(const Model& model) {
    return transformer_design_from_json(model.card.json(), where_is(model));
}

std::shared_ptr<const LoadedTransformer> transformer_of(const ModelPtr& model, const TransformerDesign& design) {
    // What a trace holds of the parameters is as large as the weights: few are kept.
    static PerModel<LoadedTransformer, TransformerDesign> made(4);
    return made.get(model, design, [&] { return load(*model, model, design); });
}

}  // namespace saccade
