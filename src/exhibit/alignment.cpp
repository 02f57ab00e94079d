#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/utf8.hpp"
#include "exhibit/alignment_lesson.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/word_alignment.hpp"
#include "model/per_model.hpp"
#include "model/seq2seq_run.hpp"
#include "model/sequence_text.hpp"
#include "params/param_make.hpp"
#include "train/dates_task.hpp"
#include "train/translation_task.hpp"

namespace saccade {

namespace {

constexpr double longest_source = 512;
constexpr double longest_target = 512;
const std::string as_trained = "trained";

/// An output that has not ended by then never does.
Index most_steps(const SequenceText& text) {
    return text.subwords() ? 64 : 24;
}

bool about_dates(const Params& params) {
    return params.text("model") == "dates";
}

/// Translators with attention come in two trainings.
bool has_trainings(const Params& params) {
    return params.text("model") == "zh-en-gru" || params.text("model") == "zh-en-luong";
}

/// A choice between trainings is offered where there is one.
bool any_guided() {
    return is_bundled("zh-en-gru-guided") || is_bundled("zh-en-luong-guided");
}

bool asks_for_guided(const Params& params) {
    return any_guided() && params.text("training") == "guided";
}

/// The guided training, where it was asked for and there is one.
bool guided(const Params& params) {
    return has_trainings(params) && asks_for_guided(params) && is_bundled(params.text("model") + "-guided");
}

std::string chosen_model(const Params& params) {
    if (guided(params)) return params.text("model") + "-guided";
    if (!about_dates(params) || params.toggle("keep_weights")) return params.text("model");
    const std::string score = params.text("score"), alignment = params.text("alignment");
    return dates_model_for(score == as_trained ? Seq2SeqDesign{}.score : score,
                           alignment == as_trained ? AlignSettings{}.function : alignment);
}

/// The design that the weights were trained with, changed as the parameters say; what that means is said in notes.
Seq2SeqDesign chosen_design(const RunContext& context, const std::string& where) {
    const Seq2SeqDesign trained = design_from_json(context.model->card.json(), where);
    Seq2SeqDesign design = trained;
    const Params& params = context.params;
    if (params.text("score") != as_trained) design.score = params.text("score");
    if (params.text("alignment") != as_trained) design.align.function = params.text("alignment");
    design.align.temperature = params.number("temperature");
    design.align.window = params.number("window");
    if (!design.attention) {
        if (params.text("score") != as_trained || params.text("alignment") != as_trained)
            context.probe.note({"", "this model has no attention: score and alignment function change nothing",
                                "choose another model to see them"});
        return design;
    }
    // What has nothing to train, as hard argmax, is made for weights of another.
    const bool other_alignment =
        design.align.function != trained.align.function && align_function(design.align.function).trainable;
    if (design.score != trained.score || other_alignment)
        context.probe.note({"",
                            fmt::format("these weights were trained with {} scores and {}; only the function is changed",
                                        score_function(trained.score).title, align_function(trained.align.function).title),
                            params.toggle("keep_weights") ? "switch off 'Keep the weights' for those trained with it"
                                                          : "no model was trained with just this pair"});
    return design;
}

void say_output(RunContext& context, const SequenceText& text, const Seq2SeqOutput& output, bool forced) {
    context.probe.text("output", text.write(output.ids));
    for (std::size_t i = 0; i < output.hypotheses.size(); ++i) {
        const Hypothesis& h = output.hypotheses[i];
        context.probe.text(fmt::format("hypothesis.{}", i + 1), fmt::format("{} ({:.2f})", text.write(h.ids), h.score));
    }
    if (!forced && (output.ids.empty() || output.ids.back() != text.vocabularies().end()))
        note_unended(context, "source", fmt::format("the output did not end within {} tokens", most_steps(text)),
                     "the source is unlike what the model was trained on");
}

/// With its matrices laid out once for all runs of this model, whatever looks over them.
Seq2Seq<float> model_of(const ModelPtr& model, const Seq2SeqDesign& design, const std::stop_token& stop) {
    constexpr std::size_t most_kept = 4;
    static PerModel<Seq2Seq<float>> kept(most_kept);
    const Weights<float> weights(model->weights);
    Seq2SeqDesign without = design;
    without.attention = false;
    return kept
        .get(
            model, [&] { return std::make_shared<const Seq2Seq<float>>(weights, without); }, stop)
        ->with_attention(weights, design);
}

void run_alignment(RunContext& context) {
    const Params& params = context.params;
    const std::string where = context.model->path.empty() ? context.model->id : context.model->path;
    const std::shared_ptr<const SequenceText> held = sequence_text_of(context.model);
    const SequenceText& text = *held;
    const SequenceText::Source source = text.read(params.text("source"));
    if (source.ids.empty())
        refuse_nothing_to_read("Source", source.dropped,
                               about_dates(params) ? "type a date, for example 30 Sep 2019 or 2019年9月30日"
                                                   : "type a Chinese sentence, for example 我爱中国。");
    note_unseen(source.unseen, "source", context.probe);
    note_mapped(source.mapped, "source", context.probe);
    note_dropped(source.dropped, "source", context.probe);

    const Seq2SeqDesign design = chosen_design(context, where);
    const Seq2Seq<float> model = model_of(context.model, design, context.stop);
    if (model.sizes().source_vocabulary != text.vocabularies().source.size() ||
        model.sizes().target_vocabulary != text.vocabularies().target.size())
        throw Error(ErrorCode::bad_format, where + ": the vocabulary of its card does not fit its embeddings",
                    "use the card that was written with these weights");

    Seq2SeqRequest request;
    request.source = source.ids;
    request.source_labels = visible_characters(source.tokens);
    request.target_tokens = text.target_labels();
    if (!params.text("target").empty()) request.forced = target_ids(text, params.text("target"), "target", context.probe);
    request.beam = {
        .width = params.integer("beam"), .length_penalty = params.number("length_penalty"), .max_steps = most_steps(text)};
    request.hypothesis = params.integer("hypothesis");
    request.seed = context.seed;
    if (design.attention && align_function(design.align.function).samples && request.beam.width > 1) {
        request.beam.width = 1;
        context.probe.note(
            {"", "hard sampling draws anew at every step, so there is no beam", "choose beam 1, or hard argmax"});
    }
    const Seq2SeqOutput output = run_seq2seq(model, request, context.probe, context.stop);
    say_output(context, text, output, request.forced.has_value());
    if (!has_trainings(params)) return;
    if (asks_for_guided(params) && !guided(params))
        context.probe.note({"training", "no guided training of this model is bundled: this is the free one",
                            "train it with `saccade train " + params.text("model") + "-guided`"});
    context.probe.text("training", guided(params) ? "guided" : "free");
    show_word_alignment(context, text, source, output.ids);
}

ParamSpec source_param() {
    ParamSpec p =
        text_param("source", "Source",
                   "A date as people write it, in English or Chinese, or a Chinese sentence, as the model reads it; each "
                   "character is one token.",
                   "Mon, 30 Sep 2019", longest_source);
    p.examples = {"Mon, 30 Sep 2019",
                  "2019年9月30日",
                  "二〇一九年九月三十日",
                  "the 30th of September 2019",
                  "30/9/19",
                  "September 30, 2019",
                  "30.09.2019",
                  "19年9月30日",
                  "我爱中国。",
                  "她昨天买了一本很有趣的书。",
                  "你能告诉我去车站怎么走吗？"};
    p.placeholder = "a date, for example 30 Sep 2019, or a Chinese sentence";
    return p;
}

/// "As trained", then every function of the family, with its equation in the help.
template <class Function>
ParamSpec function_param(const std::string& name, const std::string& title, std::string help,
                         const std::vector<Function>& functions) {
    std::vector<Choice> choices = {{as_trained, "As trained"}};
    for (const Function& f : functions) {
        choices.push_back({f.id, f.title});
        help += fmt::format("\n{}: {} ({})", f.title, f.equation, f.source);
    }
    return choice_param(name, title, help, choices);
}

/// "Local-m, Local-p".
std::string titles_where(bool AlignFunction::*says, bool value) {
    std::string titles;
    for (const AlignFunction& f : align_functions())
        if (f.*says == value) titles += (titles.empty() ? "" : ", ") + f.title;
    return titles;
}

ParamSpec training_param() {
    return choice_param(
        "training", "Training",
        "Of the translators with attention. Guided: besides translating they learned to look where a word aligner "
        "(zh-en-aligner: IBM model 1 and HMM, both directions) links the word that they write (Liu 2016, Mi 2016). Free: "
        "nothing but the "
        "translation taught them where to look, as in the papers.",
        {{"guided", "Guided"}, {"free", "Free"}});
}

std::vector<ParamSpec> alignment_params() {
    std::vector<ParamSpec> all = {
        source_param(),
        optional_text_param("target", "Output",
                            "Forces the decoder to write this instead of what it would choose; empty: it decodes freely.",
                            "free", longest_target),
        choice_param(
            "model", "Model",
            "What it learned, and how it is built. Dates: GRU, Bahdanau 2014. Chinese to English: the same with GRU; Luong's "
            "LSTM with input feeding (2015); the GRU without attention (Cho 2014).",
            {{"dates", "Dates"}, {"zh-en-gru", "中→En GRU"}, {"zh-en-luong", "中→En Luong"}, {"zh-en-fixed", "中→En fixed"}}),
        function_param("score", "Score", "How a query is compared with each key.", score_functions()),
        function_param("alignment", "Alignment", "How scores become weights.", align_functions()),
        number_param("temperature", "Temperature",
                     "τ: scores are divided by it. 0: hard argmax; infinity: uniform. Not read by " +
                         titles_where(&AlignFunction::reads_temperature, false) + ".",
                     1, 0, INFINITY),
        number_param("window", "Window",
                     "How far a local alignment sees: D of " + titles_where(&AlignFunction::local, true) +
                         ". Source tokens more than D from the centre get no weight; σ = D/2.",
                     5, 0, INFINITY),
        toggle_param(
            "keep_weights", "Keep the weights",
            "Off: a score or alignment function of dates comes with the model that was trained with it. On: the weights stay "
            "those of the additive model, and only the function changes.",
            false),
        integer_param("beam", "Beam", "Hypotheses kept at each step; 1: greedy.", 1, 1, widest_beam),
        number_param("length_penalty", "Length penalty",
                     "How much a longer output is favoured: α in S = log P / ((5 + length) / 6)^α (Wu 2016, eq. 14).", 1, 0, 5),
        integer_param("hypothesis", "Hypothesis",
                      "A hypothesis is one whole output that the beam search kept. Which of them is shown; 1 is the best.", 1,
                      1, widest_beam)};
    if (any_guided()) all.insert(all.begin() + 3, training_param());
    return all;
}

}  // namespace

Exhibit alignment_exhibit() {
    Exhibit exhibit;
    exhibit.id = "alignment";
    exhibit.title = "Alignment";
    exhibit.group = "Sequence";
    exhibit.summary =
        "An encoder-decoder with attention rewrites a date or translates a sentence; each output token shows where in the "
        "source "
        "it looked.";
    exhibit.source = "Bahdanau, Cho and Bengio 2014; Luong, Pham and Manning 2015";
    exhibit.params = alignment_params();
    exhibit.models = dates_task_ids();
    std::ranges::copy_if(translation_task_ids(), std::back_inserter(exhibit.models), is_bundled);
    exhibit.choose_model = chosen_model;
    exhibit.views = {{"flow", "weights", 0, 1, 0.3f},
                     {"tree", "beam.score", 0, 1, 0.3f},
                     {"heatmap", "weights", 1, 0.62f, 0.7f},
                     {"stages", "weights", 1, 0.38f, 0.7f}};
    exhibit.place = [](const Params& params) {
        // Without attention there are no weights: what is read instead is the same at every step.
        if (params.text("model") == "zh-en-fixed")
            return std::vector<ViewPlacement>{{"heatmap", "context", 0, 0.6f, 1}, {"bars", "probabilities", 0, 0.4f, 1}};
        std::vector<ViewPlacement> views = {{"flow", "weights", 0, 1, 0.3f},
                                            {"tree", "beam.score", 0, 1, 0.3f},
                                            {"heatmap", "weights", 1, 0.38f, 0.7f},
                                            {"heatmap", agreement_tensor, 1, 0.38f, 0.7f},
                                            {"stages", "weights", 1, 0.24f, 0.7f}};
        if (has_trainings(params)) return views;
        return std::vector<ViewPlacement>{
            views[0], views[1], {"heatmap", "weights", 1, 0.62f, 0.7f}, {"stages", "weights", 1, 0.38f, 0.7f}};
    };
    exhibit.step_axis = "output";
    exhibit.output_text = "output";
    exhibit.forced_param = "target";
    exhibit.run = run_alignment;
    exhibit.training_task = "*";
    exhibit.lesson = alignment_lesson();
    exhibit.picks = {{"beam.rank", "hypothesis"}};
    return exhibit;
}

}  // namespace saccade
