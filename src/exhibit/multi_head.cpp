#include "exhibit/attention_layer.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/multi_head_lesson.hpp"
#include "exhibit/transformer_common.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

void run_multi_head(RunContext& context) {
    const AttentionLayer layer = attention_layer(context);
    show_attention(context, layer, {layer.design.causal}, std::nullopt);
}

}  // namespace

Exhibit multi_head_exhibit() {
    Exhibit exhibit;
    exhibit.id = "multi-head";
    exhibit.title = "Multi-head";
    exhibit.group = "Transformer";
    exhibit.summary = "All heads of a layer in parallel, joined and projected: what each looks at, and how much it adds.";
    exhibit.source = "Vaswani et al. 2017, section 3.2.2";
    exhibit.params = attention_layer_params();
    exhibit.models = {translation_transformer, "induction"};
    exhibit.choose_model = attention_layer_model;
    exhibit.views = {{"head-grid", "weights", 0, 0.64f, 0.36f}, {"bars", "head.share", 0, 0.36f, 0.36f},
                     {"heatmap", "weights", 1, 0.36f, 0.4f},    {"heatmap", "context", 1, 0.32f, 0.4f},
                     {"heatmap", "share", 1, 0.32f, 0.4f},      {"heatmap", "concat", 2, 0.5f, 0.24f},
                     {"heatmap", "attended", 2, 0.5f, 0.24f}};
    exhibit.step_axis = "token";
    exhibit.run = run_multi_head;
    exhibit.lesson = multi_head_lesson();
    return exhibit;
}

}  // namespace saccade
