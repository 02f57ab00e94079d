#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/clip_input.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/temporal_lesson.hpp"
#include "model/caption_text.hpp"
#include "model/clip_describer_run.hpp"
#include "model/per_model.hpp"
#include "params/param_make.hpp"
#include "train/clip_judge.hpp"
#include "train/clip_task.hpp"

namespace saccade {

namespace {

constexpr double longest_sentence = 400, longest_story = 400, longest_path = 4096;
constexpr std::int64_t offered_clips = 1000;
const std::string usual_story = "the red circle appears, then the blue square moves left, then the green cross turns";

/// The describer of a model as its card says, kept while the model lives, for each design.
std::shared_ptr<const ClipDescriber<float>> describer_of(const ModelPtr& model, const ClipDesign& design) {
    static PerModel<ClipDescriber<float>, ClipDesign> kept(8);
    return kept.get(model, design,
                    [&] { return std::make_shared<const ClipDescriber<float>>(Weights<float>(model->weights), design); });
}

ClipDesign design_of(const RunContext& context) {
    ClipDesign design = clip_design_from_json(context.model->card.json(),
                                              context.model->path.empty() ? context.model->id : context.model->path);
    design.align.temperature = context.params.number("temperature");
    return design;
}

/// What each word speaks of, when that is, and whether the largest weight lies there.
void show_told(const Observer& observe, const Clip& clip, const std::vector<std::string>& written, CaptionLanguage language,
               const ClipOutput& output) {
    const std::vector<ClipWord> words = words_of(clip, written, language);
    const Index n = static_cast<Index>(words.size()), frames = output.frames, cells = output.height * output.width;
    const bool places = cells > 1;
    const float unknown = std::numeric_limits<float>::quiet_NaN();
    Tensor<float> gold(places ? Shape{n, frames, output.height, output.width} : Shape{n, frames});
    Tensor<float> event(Shape{n}, unknown), in_time(Shape{n}, unknown), in_place(Shape{n}, unknown);
    for (Index t = 0; t < n; ++t) {
        const ClipWord& word = words[static_cast<std::size_t>(t)];
        if (word.event < 0) continue;
        event.data()[t] = static_cast<float>(word.event + 1);
        const Tensor<float> own = clip_gold(clip, word, output.height, output.width);
        std::ranges::copy(own.values(), gold.data() + t * own.size());
        if (word.kind == ClipWord::Kind::other) continue;
        const auto weights = output.weights[static_cast<std::size_t>(t)].values();
        const Index best = std::ranges::max_element(weights) - weights.begin(), frame = best / cells;
        const ClipEvent& of = clip.events[static_cast<std::size_t>(word.event)];
        in_time.data()[t] = frame >= of.first && frame <= of.last ? 1.0f : 0.0f;
        in_place.data()[t] = own.data()[best];
    }
    observe("gold", gold, [&] {
        Shown shown{.role = Role::map, .symbol = "G", .title = "When the word's event is", .axes = {"output", "frame"}};
        if (places) {
            shown.title = "When and where the word's event is";
            shown.axes = {"output", "frame", "y", "x"};
        }
        return shown;
    });
    const auto metric = [&](const char* name, const Tensor<float>& values, const char* symbol, const char* title) {
        observe(name, values,
                [&] { return Shown{.role = Role::metric, .symbol = symbol, .title = title, .axes = {"output"}}; });
    };
    metric("event", event, "#", "Which event the word speaks of");
    metric("pointing", in_time, "hit", "Does the largest weight lie in a frame of the word's event?");
    if (places) metric("pointing_region", in_place, "hit", "And there in the word's shape?");
}

void say_told(RunContext& context, const CaptionText& text, const ClipOutput& output, CaptionLanguage language, bool forced) {
    context.probe.text("output", text.write(output.ids, language));
    for (std::size_t i = 0; i < output.hypotheses.size(); ++i) {
        const Hypothesis& h = output.hypotheses[i];
        context.probe.text(fmt::format("hypothesis.{}", i + 1),
                           fmt::format("{} ({:.2f})", text.write(h.ids, language), h.score));
    }
    if (!forced && (output.ids.empty() || output.ids.back() != text.end()))
        note_unended(context, "story", fmt::format("the sentence did not end within {} words", most_clip_words),
                     "the clip is unlike those that the model was trained on");
}

void run_temporal(RunContext& context) {
    const Params& params = context.params;
    const auto model = describer_of(context.model, design_of(context));
    const auto text = caption_text_of(context.model);
    if (model->sizes().vocabulary != text->vocabulary().size())
        throw Error(ErrorCode::bad_format, context.model->id + ": the vocabulary of its card does not fit its embeddings",
                    "use the card that was written with these weights");
    CaptionLanguage language = params.text("language") == "zh" ? CaptionLanguage::chinese : CaptionLanguage::english;

    ClipRequest request;
    if (const std::string& own = params.text("sentence"); !own.empty()) {
        request.forced = text->read(own);
        note_dropped(read_typed(own).dropped, "sentence", context.probe);
        const std::string read = read_text_of(own);
        const bool ascii = std::ranges::all_of(read, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        language = ascii ? CaptionLanguage::english : CaptionLanguage::chinese;
    }
    const ClipInput input = read_clip(context);
    request.clip = input.read;
    request.start = text->start(language);
    request.words = text->vocabulary().tokens();
    request.beam = {
        .width = params.integer("beam"), .length_penalty = params.number("length_penalty"), .max_steps = most_clip_words};
    request.hypothesis = params.integer("hypothesis");
    const ClipOutput output = run_clip_describer(*model, request, context.probe, context.stop);
    if (input.clip) {
        std::vector<std::string> words, taught;
        for (const Index id : output.ids) words.push_back(text->vocabulary().token(id));
        show_told(Observer(context.probe), *input.clip, words, language, output);
        for (const ClipWord& w : sentence_of(*input.clip, language)) taught.push_back(w.word);
        Ids ids;
        for (const std::string& word : taught) ids.push_back(text->vocabulary().find(word));
        if (std::ranges::all_of(ids, [](Index id) { return id >= 0; }))
            context.probe.text("happened", text->write(ids, language));
    }
    say_told(context, *text, output, language, request.forced.has_value());
}

ParamSpec event_param(const std::string& name, const std::string& which) {
    ParamSpec param = integer_param(name, which + " event",
                                    "The frame in which it begins: move it, and the weights follow. 0: where the story has it.",
                                    0, 0, clip_frames);
    return param;
}

std::vector<ParamSpec> temporal_params() {
    ParamSpec story =
        text_param("story", "Story",
                   "What happens in the clip, one to three events: a shape appears, vanishes, moves left, right, up "
                   "or down, turns, or meets another. The seed says where the shapes are.",
                   usual_story, longest_story);
    story.examples = {usual_story, "the purple ring moves up, then the purple ring vanishes",
                      "the red circle meets the blue square, then the red circle moves down"};
    ParamSpec sentence = optional_text_param("sentence", "Own sentence",
                                             "Forces the decoder to write this instead of what it would choose, and shows when "
                                             "each word looks; empty: it writes by itself.",
                                             "free", longest_sentence);
    sentence.examples = {"the blue square moves left, then the red circle appears", "蓝方块向左移动"};
    return {
        story,
        event_param("first_event", "First"),
        event_param("second_event", "Second"),
        event_param("third_event", "Third"),
        sentence,
        choice_param(
            "model", "Attention",
            "What is weighed.\nTime: one annotation a frame, φ = Σ_i α_i v_i (Yao 2015).\nTime and space: one a place of "
            "each frame, all at once.",
            {{"time", "Time"}, {"space", "Time and space"}}),
        choice_param("language", "Language", "One decoder writes both: the first token that it reads chooses.",
                     {{"en", "English"}, {"zh", "中文"}}),
        integer_param("clip", "Held-out clip",
                      "One of the clips that the model is measured on, instead of the story; 0: the story.", 0, 0,
                      offered_clips),
        optional_text_param(
            "folder", "Own clip",
            "Instead of the story: an animated WebP, GIF or PNG, or a folder of pictures, which are read by name, in the order "
            "of their numbers; 16 of them, spread evenly.",
            "none", longest_path),
        number_param("temperature", "Temperature",
                     "τ: scores are divided by it. 0: the best gets all; infinity: every word reads the plain mean.", 1, 0,
                     INFINITY),
        integer_param("beam", "Beam", "Sentences kept at each step; 1: greedy.", 1, 1, widest_beam),
        number_param("length_penalty", "Length penalty",
                     "How much a longer output is favoured: α in S = log P / ((5 + length) / 6)^α (Wu 2016, eq. 14).", 1, 0, 5),
        integer_param("hypothesis", "Hypothesis",
                      "A hypothesis is one whole sentence that the beam search kept. Which of them is shown; 1 is the best.", 1,
                      1, widest_beam)};
}

std::vector<ViewPlacement> placed_temporal(const Params& params) {
    const bool space = params.text("model") == "space";
    std::vector<ViewPlacement> views = {{"film-strip", space ? "map" : "weights", 0, 1, 0.55f}};
    if (params.integer("beam") > 1)
        views.push_back({"tree", "beam.score", 1, 0.6f, 0.45f});
    else
        views.push_back({"heatmap", space ? "frame_weights" : "weights", 1, 0.6f, 0.45f});
    views.push_back({"bars", "probabilities", 1, 0.4f, 0.45f});
    return views;
}

}  // namespace

Exhibit temporal_exhibit() {
    Exhibit exhibit;
    exhibit.id = "temporal";
    exhibit.title = "Time";
    exhibit.group = "Vision";
    exhibit.summary =
        "A clip becomes a sentence, in English or Chinese; for each word a film strip shows when, and where, the decoder "
        "looked "
        "as it wrote it.";
    exhibit.source = "Yao et al. 2015";
    exhibit.params = temporal_params();
    exhibit.models = clip_task_ids();
    exhibit.choose_model = [](const Params& params) {
        return std::string(params.text("model") == "space" ? "temporal-space" : "temporal");
    };
    exhibit.views = placed_temporal(resolve(exhibit.params, {}));
    exhibit.place = placed_temporal;
    exhibit.step_axis = "output";
    exhibit.output_text = "output";
    exhibit.forced_param = "sentence";
    exhibit.run = run_temporal;
    exhibit.training_task = "*";
    exhibit.lesson = temporal_lesson();
    exhibit.picks = {{"beam.rank", "hypothesis"}};
    return exhibit;
}

}  // namespace saccade
