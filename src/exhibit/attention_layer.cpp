#include "exhibit/attention_layer.hpp"

#include <fmt/core.h>

#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/transformer_common.hpp"
#include "model/language_model.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

constexpr double longest_sentence = 256;

using StackPtr = std::shared_ptr<const TransformerStack<float>>;

/// What a stack shows of its embedding, by name.
struct Seen {
    Tensor<float> embedding, position, input;
};

Seen seen_of(const TransformerStack<float>& stack, const Ids& ids) {
    Probe aside({}, {});
    StackCall<float> call;
    call.observe = Observer(aside);
    call.names = {.tokens = "token"};
    stack.embed(ids, 1, call);
    const ShownRun shown = aside.take();
    return {shown.tensor("embedding"), stack.code().adds ? shown.tensor("position") : Tensor<float>(), shown.tensor("input")};
}

/// What the layers before layer `at` make of an input.
Tensor<float> stream_before(const TransformerStack<float>& stack, Index at, const Tensor<float>& input,
                            const std::stop_token& stop) {
    if (at == 0) return input;
    Probe aside({}, {});
    StackCall<float> call;
    call.observe = Observer(aside);
    call.names = {.tokens = "token"};
    call.stop = stop;
    stack(Var<float>(input.reshape(input.shape().with_inserted(0, 1))), call);
    return aside.take().tensor("state").row(at - 1);
}

AttentionLayer taken_out(RunContext& context, const StackPtr& whole, const std::string& prefix, Ids ids,
                         std::vector<std::string> labels) {
    const TransformerStack<float>& stack = *whole;
    const StackDesign& design = stack.design();
    const Index at = chosen(context, "layer", "Layer", design.layers);
    Seen seen = seen_of(stack, ids);
    const std::string own = fmt::format("{}.{}", prefix, at);
    const bool each_layer = each_layer_differs(position_code(design.position), stack.position_sizes());
    AttentionLayer layer{
        .design = design,
        .layer = at,
        .ids = std::move(ids),
        .labels = std::move(labels),
        .embedding = std::move(seen.embedding),
        .position = std::move(seen.position),
        .input = std::move(seen.input),
        .stream = [whole, at,
                   stop = context.stop](const Tensor<float>& input) { return stream_before(*whole, at, input, stop); },
        .gain = {},
        .bias = {},
        .attention = stack.self(at),
        .sizes = stack.position_sizes(),
        .parameters = [model = context.model, below = each_layer ? own + ".self" : prefix](
                          const std::string& name) { return Var<float>(model->weights.at(below + ".position." + name)); }};
    if (design.norm == "pre") {
        layer.gain = context.model->weights.at(own + ".norm1.gain");
        layer.bias = context.model->weights.at(own + ".norm1.bias");
    }
    return layer;
}

}  // namespace

std::string attention_layer_model(const Params& params) {
    return params.text("model") == "zh" ? translation_transformer : "induction";
}

std::vector<ParamSpec> attention_layer_params() {
    ParamSpec text = text_param("text", "Text",
                                "What the layer reads: Chinese for the translator's encoder, one character per token; "
                                "English for the language model.",
                                "火车几点到北京？", longest_sentence);
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
        return taken_out(context, StackPtr(loaded, &loaded->model.encoder()), "encoder", source.ids,
                         visible_characters(source.tokens));
    }
    const auto loaded = language_model_of(context.model);
    const Ids ids = text_ids(*loaded->text, context.params.text("text"), "text", context.probe);
    if (ids.empty())
        refuse_nothing_to_read("Text", read_typed(context.params.text("text")).dropped,
                               "type an English sentence, for example Tom likes Mary.");
    std::vector<std::string> labels;
    for (const Index id : ids) labels.push_back(loaded->text->target_labels().at(static_cast<std::size_t>(id)));
    return taken_out(context, StackPtr(loaded, &loaded->model.stack()), language_model_prefix, ids, visible_characters(labels));
}

}  // namespace saccade
