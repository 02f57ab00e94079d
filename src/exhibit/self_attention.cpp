#include <cmath>

#include "exhibit/attention_layer.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/self_attention_lesson.hpp"
#include "exhibit/transformer_common.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

Visibility chosen_visibility(const AttentionLayer& layer, const Params& params) {
    const std::string& mask = params.text("mask");
    Visibility own{layer.design.causal};
    if (mask == "none") own.causal = false;
    if (mask == "causal") own.causal = true;
    if (mask == "restricted") own.radius = radius_of(params.number("radius"));
    return own;
}

void run_self_attention(RunContext& context) {
    const AttentionLayer layer = attention_layer(context);
    const Index head = chosen(context, "head", "Head", layer.design.heads);
    const Visibility visibility = chosen_visibility(layer, context.params);
    if (visibility.causal != layer.design.causal)
        context.probe.note({"mask",
                            layer.design.causal ? "this model was trained with the causal mask; here it is off"
                                                : "this model was trained without a mask; here it is causal",
                            "the layers before stay as they were trained"});
    show_attention(context, layer, visibility, head);
}

std::vector<ParamSpec> self_attention_params() {
    std::vector<ParamSpec> all = attention_layer_params();
    all.push_back(integer_param("head", "Head", "Which head of the layer.", 1, 1, 64));
    all.push_back(choice_param("show", "Show",
                               "The same numbers: as vectors for the token that is selected, or as matrices for all "
                               "tokens at once.",
                               {{"vectors", "vectors"}, {"matrices", "matrices"}}));
    all.push_back(choice_param(
        "mask", "Mask", "Which keys a query may see. Restricted: those at most r away, beside what the model hides anyway.",
        {{"own", "as trained"}, {"none", "none"}, {"causal", "causal"}, {"restricted", "restricted"}}));
    all.push_back(
        number_param("radius", "Radius", "r of the restricted mask; 0: each token sees itself alone.", 2, 0, INFINITY));
    return all;
}

std::vector<ViewPlacement> placed_self_attention(const Params& params) {
    if (params.text("show") == "matrices")
        return {{"heatmap", "read", 0, 1, 0.5f},    {"heatmap", "query", 0, 1, 0.5f},       {"heatmap", "key", 0, 1, 0.5f},
                {"heatmap", "value", 0, 1, 0.5f},   {"heatmap", "scores", 1, 1, 0.5f},      {"heatmap", "weights", 1, 1, 0.5f},
                {"heatmap", "context", 1, 1, 0.5f}, {"heatmap", "contribution", 1, 1, 0.5f}};
    return {{"bars", "read", 0, 0.25f, 0.36f},        {"bars", "query", 0, 0.25f, 0.36f},
            {"heatmap", "key", 0, 0.25f, 0.36f},      {"heatmap", "value", 0, 0.25f, 0.36f},
            {"stages", "weights", 1, 0.44f, 0.64f},   {"neuron", "weights", 1, 0.31f, 0.64f},
            {"bars", "contribution", 1, 0.25f, 0.64f}};
}

}  // namespace

Exhibit self_attention_exhibit() {
    Exhibit exhibit;
    exhibit.id = "self-attention";
    exhibit.title = "Self-attention";
    exhibit.group = "Transformer";
    exhibit.summary = "One head from typed tokens: embed, project, score, mask, normalise, read; for one token and for all.";
    exhibit.source = "Vaswani et al. 2017, section 3.2.1";
    exhibit.params = self_attention_params();
    exhibit.models = {translation_transformer, "induction"};
    exhibit.choose_model = attention_layer_model;
    exhibit.views = placed_self_attention(resolve(exhibit.params, {}));
    exhibit.place = placed_self_attention;
    exhibit.step_axis = "token";
    exhibit.run = run_self_attention;
    exhibit.lesson = self_attention_lesson();
    return exhibit;
}

}  // namespace saccade
