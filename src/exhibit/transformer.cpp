#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/transformer_common.hpp"
#include "exhibit/transformer_lesson.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

constexpr double longest_source = 512, longest_target = 512;

bool translates(const Params& params) {
    return params.text("model") == "zh-en";
}

std::string chosen_model(const Params& params) {
    if (translates(params)) return translation_transformer;
    const std::string& position = params.text("position");
    return date_lists_model(position == "trained" || params.toggle("keep_weights") ? "sinusoidal" : position);
}

/// The model's own design, changed as the parameters say; what that means is said in notes.
TransformerDesign chosen_design(const RunContext& context) {
    const TransformerDesign trained = trained_design(*context.model);
    TransformerDesign design = trained;
    if (const std::string& position = context.params.text("position"); position != "trained")
        design.encoder.position = design.decoder.position = position;
    if (design.encoder.position != trained.encoder.position)
        context.probe.note({"position",
                            fmt::format("these weights were trained with the code '{}'; only the code is changed",
                                        position_code(trained.encoder.position).title),
                            context.params.toggle("keep_weights")
                                ? "switch off 'Keep the weights' for those trained with it"
                                : "choose the model 'Lists of dates' for weights of each code"});
    design.decoder.causal = context.params.toggle("causal");
    if (!design.decoder.causal && trained.decoder.causal)
        context.probe.note({"causal",
                            "without the causal mask the decoder sees what it is about to write, which it never learned",
                            "switch it on for the model as trained"});
    return design;
}

void run_transformer_exhibit(RunContext& context) {
    const Params& params = context.params;
    const auto loaded = transformer_of(context.model, chosen_design(context));
    const SequenceText& text = *loaded->text;
    const SequenceText::Source source = read_source(context, "source", text,
                                                    translates(params) ? "type a Chinese sentence, for example 我爱中国。"
                                                                       : "type dates, for example 30 Sep 2019; 2001年1月1日");
    TransformerRequest request;
    request.source = source.ids;
    request.source_labels = visible_characters(source.tokens);
    if (!params.text("target").empty()) request.forced = target_ids(text, params.text("target"), "target", context.probe);
    request.beam = {
        .width = params.integer("beam"),
        .length_penalty = params.number("length_penalty"),
        .max_steps =
            text.subwords() ? 64 : std::min<Index>(128, 11 * (1 + static_cast<Index>(std::ranges::count(source.read, ";"))))};
    request.hypothesis = params.integer("hypothesis");
    request.encoder_radius = radius_of(params.number("encoder_radius"));
    request.decoder_radius = radius_of(params.number("decoder_radius"));
    request.gradients = params.toggle("gradients");
    request.gradient_at = params.integer("gradient_of") - 1;
    const TransformerOutput output = run_transformer(loaded, request, context.probe, context.reuse, context.stop);

    context.probe.reach("gradient_of", static_cast<Index>(output.ids.size()));
    context.probe.text("output", text.write(output.ids));
    for (std::size_t i = 0; i < output.hypotheses.size(); ++i) {
        const Hypothesis& h = output.hypotheses[i];
        context.probe.text(fmt::format("hypothesis.{}", i + 1), fmt::format("{} ({:.2f})", text.write(h.ids), h.score));
    }
    if (!request.forced && (output.ids.empty() || output.ids.back() != text.vocabularies().end()))
        note_unended(context, "source", fmt::format("the output did not end within {} tokens", request.beam.max_steps),
                     "the source is unlike what the model was trained on");
}

std::vector<ParamSpec> transformer_params() {
    ParamSpec source = text_param("source", "Source",
                                  "A Chinese sentence, or dates with semicolons between them; each character "
                                  "is one token.",
                                  "他每天早上六点起床。", longest_source);
    source.examples = {"他每天早上六点起床。",
                       "火车几点到北京？",
                       "我昨天在公园里看见了他。",
                       "你为什么不相信我？",
                       "她昨天买了一本很有趣的书。",
                       "30 Sep 2019; 2001年1月1日",
                       "Mon, 30 Sep 2019; 5/6/99; 12 May 2020"};
    source.placeholder = "a Chinese sentence, for example 我爱中国。";
    ParamSpec stack = choice_param("stack", "Stack",
                                   "Whose attention is shown: the encoder looks at the source, the decoder at what it has "
                                   "written, and across at the source.",
                                   {{"encoder", "encoder self"}, {"decoder", "decoder self"}, {"cross", "cross"}});
    stack.fallback = std::string("cross");
    return {
        source,
        optional_text_param("target", "Output",
                            "Forces the decoder to write this instead of what it would choose; empty: it decodes freely.",
                            "free", longest_target),
        choice_param("model", "Model",
                     "Chinese to English; or lists of dates to ISO dates, for which there is a model with each position code.",
                     {{"zh-en", "中→En"}, {"dates", "Lists of dates"}}),
        stack,
        position_param(true),
        toggle_param(
            "keep_weights", "Keep the weights",
            "Off: a position code comes with the model of dates that was trained with it. On: the weights stay those of "
            "the sinusoidal model, and only the code changes.",
            false),
        toggle_param("causal", "Causal mask", "The decoder sees what it has written, and nothing later.", true),
        radius_param("encoder_radius", "Encoder radius", "a source token"),
        radius_param("decoder_radius", "Decoder radius", "an output token"),
        integer_param("beam", "Beam", "Hypotheses kept at each step; 1: greedy.", 1, 1, widest_beam),
        number_param("length_penalty", "Length penalty",
                     "How much a longer output is favoured: α in S = log P / ((5 + length) / 6)^α (Wu 2016, eq. 14).", 1, 0, 5),
        integer_param("hypothesis", "Hypothesis",
                      "A hypothesis is one whole output that the beam search kept. Which of them is shown; 1 is the best.", 1,
                      1, widest_beam),
        toggle_param("gradients", "Gradients", "Records how log p of one output token changes with each weight: ∂ log p / ∂α.",
                     false),
        integer_param("gradient_of", "Gradient of",
                      "The output token whose log p is differentiated, from 1; beyond the end: the "
                      "last.",
                      1, 1, longest_target)};
}

std::vector<ViewPlacement> placed_transformer(const Params& params) {
    const std::string weights = params.text("stack") + ".weights";
    return {{"head-grid", weights, 0, 0.56f, 0.5f},    {"neuron", weights, 0, 0.44f, 0.5f},
            {"heatmap", weights, 1, 0.44f, 0.5f},      {"flow", weights, 1, 0.3f, 0.5f},
            {"bars", "probabilities", 1, 0.26f, 0.5f}, {"tree", "beam.score", 2, 1, 0.3f}};
}

}  // namespace

Exhibit transformer_exhibit() {
    Exhibit exhibit;
    exhibit.id = "transformer";
    exhibit.title = "Transformer";
    exhibit.group = "Transformer";
    exhibit.summary =
        "The whole encoder-decoder on a trained model: every head of encoder, decoder and cross-attention, and what is "
        "written.";
    exhibit.source = "Vaswani et al. 2017";
    exhibit.params = transformer_params();
    exhibit.models = {translation_transformer};
    for (const PositionFunction& code : position_codes()) exhibit.models.push_back(date_lists_model(code.id));
    exhibit.choose_model = chosen_model;
    exhibit.views = placed_transformer(resolve(exhibit.params, {}));
    exhibit.place = placed_transformer;
    exhibit.step_axis = "output";
    exhibit.output_text = "output";
    exhibit.forced_param = "target";
    exhibit.run = run_transformer_exhibit;
    exhibit.training_task = "*";
    exhibit.lesson = transformer_lesson();
    exhibit.picks = {{"beam.rank", "hypothesis"}};
    return exhibit;
}

}  // namespace saccade
