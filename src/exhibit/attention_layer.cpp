#include "exhibit/attention_layer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/mask.hpp"
#include "attention/scaled_dot_product.hpp"
#include "autograd/ops.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/transformer_common.hpp"
#include "model/language_model.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

constexpr double longest_text = 256;

/// What a stack shows of its first layers, by name.
struct Seen {
    Tensor<float> embedding, position, input, stream;
};

Seen seen_before(const TransformerStack<float>& stack, const Ids& ids, Index layer, const std::stop_token& stop) {
    Probe aside({}, {});
    const StackSites sites("seen", "token");
    const StackShowing showing{aside, sites};
    StackCall<float> call;
    call.showing = &showing;
    call.stop = stop;
    const Var<float> x = stack.embed(ids, 1, call);
    if (layer > 0) stack(x, call);
    const StackDesign& d = stack.design();
    const auto n = static_cast<Index>(ids.size());
    aside.axis({"layer", AxisKind::layer, d.layers, {}, "l"});
    aside.axis({"head", AxisKind::head, d.heads, {}, "h"});
    aside.axis({"unit", AxisKind::feature, d.d_model / d.heads, {}, "u"});
    aside.axis({"feature", AxisKind::feature, d.d_model, {}, "k"});
    aside.axis({"hidden", AxisKind::feature, std::max<Index>(1, d.d_ff), {}, "f"});
    aside.axis({"token", AxisKind::query, n, {}, "i"});
    aside.axis({"token.key", AxisKind::key, n, {}, "j"});
    const Trace trace = aside.finish();
    Seen seen{trace.tensor("seen.embedding").values, {}, trace.tensor("seen.input").values, {}};
    if (const TraceTensor* code = trace.find("seen.position")) seen.position = code->values;
    seen.stream = layer == 0 ? seen.input : trace.tensor("seen.state").values.row(layer - 1);
    return seen;
}

PositionCodePtr<float> code_of(const Model& model, const TransformerStack<float>& stack, const std::string& prefix,
                               Index layer) {
    const PositionFunction& function = position_code(stack.design().position);
    bool each_layer = false;
    for (const PositionParameter& p : function.parameters(stack.position_sizes())) each_layer = each_layer || p.each_layer;
    const std::string owner = each_layer ? fmt::format("{}.{}.self.position.", prefix, layer) : prefix + ".position.";
    const PositionParameters<float> parameters = [&](const std::string& name) {
        return Var<float>(model.weights.at(owner + name));
    };
    return make_position_code<float>(function, stack.position_sizes(), parameters);
}

AttentionLayer taken_out(RunContext& context, const TransformerStack<float>& stack, const std::string& prefix, Ids ids,
                         std::vector<std::string> labels) {
    AttentionLayer layer;
    layer.design = stack.design();
    layer.layer = chosen("Layer", context.params.integer("layer"), layer.design.layers);
    Seen seen = seen_before(stack, ids, layer.layer, context.stop);
    layer.ids = std::move(ids);
    layer.labels = std::move(labels);
    layer.embedding = std::move(seen.embedding);
    layer.position = std::move(seen.position);
    layer.input = std::move(seen.input);
    layer.stream = std::move(seen.stream);
    const WeightMap& weights = context.model->weights;
    const std::string at = fmt::format("{}.{}", prefix, layer.layer);
    if (layer.design.norm == "pre") {
        layer.gain = weights.at(at + ".norm1.gain");
        layer.bias = weights.at(at + ".norm1.bias");
    }
    layer.projections = multi_head_projections(Weights<float>(weights), at + ".self", layer.design.d_model, layer.design.bias);
    layer.code = code_of(*context.model, stack, prefix, layer.layer);
    return layer;
}

}  // namespace

std::string attention_layer_model(const Params& params) {
    return params.text("model") == "zh" ? translation_transformer : "induction";
}

std::vector<ParamSpec> attention_layer_params() {
    ParamSpec text = text_param("text", "Text",
                                "What the layer reads: Chinese for the translator's encoder, a character a token; "
                                "English for the language model.",
                                "火车几点到北京？", longest_text);
    text.examples = {"火车几点到北京？", "我爱中国。", "她昨天买了一本很有趣的书。", "Tom likes Mary. Mary likes Tom."};
    text.placeholder = "a sentence, for example 我爱中国。";
    return {text,
            choice_param("model", "Model",
                         "The encoder of the Chinese-to-English transformer, which looks both ways; or the attention-only "
                         "language model, which is causal.",
                         {{"zh", "中→En encoder"}, {"induction", "English, causal"}}),
            integer_param("layer", "Layer", "Which layer's attention.", 1, 1, 64)};
}

AttentionLayer attention_layer(RunContext& context) {
    if (attention_layer_model(context.params) == translation_transformer) {
        const auto loaded = transformer_of(context.model, trained_design(*context.model));
        const SequenceText::Source source =
            read_source(context, "text", *loaded->text, "type a Chinese sentence, for example 我爱中国。");
        return taken_out(context, loaded->model.encoder(), "encoder", source.ids, visible_characters(source.tokens));
    }
    const auto loaded = language_model_of(context.model);
    const Ids ids = loaded->text->target(context.params.text("text"));
    if (ids.empty())
        throw Error(ErrorCode::invalid_input, "there is no text to read",
                    "type an English sentence, for example Tom likes Mary.");
    std::vector<std::string> labels;
    for (const Index id : ids) labels.push_back(loaded->text->target_labels().at(static_cast<std::size_t>(id)));
    return taken_out(context, loaded->model.stack(), language_model_prefix, ids, visible_characters(labels));
}

}  // namespace saccade
