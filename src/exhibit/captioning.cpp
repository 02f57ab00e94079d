#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/typed_text.hpp"
#include "exhibit/captioning_lesson.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/picture_input.hpp"
#include "image/samples.hpp"
#include "model/caption_text.hpp"
#include "model/captioner_run.hpp"
#include "model/per_model.hpp"
#include "params/param_make.hpp"
#include "train/caption_sentence.hpp"
#include "train/caption_task.hpp"

namespace saccade {

namespace {

constexpr Index trained_side = caption_side, least_trained = 72, most_trained = 120;
constexpr Index least_side = 32, most_side = 512, usual_cell = 8;
constexpr double longest_caption = 400;
constexpr Index most_words = 48;
const std::string as_trained = "trained", channel_spatial = "channel-spatial", spatial_channel = "spatial-channel";

std::string chosen_model(const Params& params) {
    const bool other_order = params.text("model") == "sca" && params.text("order") == spatial_channel;
    return "captions-" + params.text("model") + (other_order ? "-" + spatial_channel : "");
}

/// The captioner of a model as its card says, kept while the model lives, for each design.
std::shared_ptr<const Captioner<float>> captioner_of(const ModelPtr& model, const CaptionerDesign& design) {
    static PerModel<Captioner<float>, CaptionerDesign> kept(16);
    return kept.get(model, design,
                    [&] { return std::make_shared<const Captioner<float>>(Weights<float>(model->weights), design); });
}

/// The alignment that the parameters choose for a model that was trained so.
const AlignFunction& chosen_alignment(const Params& params, const CaptionerDesign& trained) {
    const std::string& chosen = params.text("alignment");
    return align_function(chosen == as_trained ? trained.align.function : chosen);
}

CaptionerDesign chosen_design(const RunContext& context) {
    CaptionerDesign design = captioner_design_from_json(context.model->card.json(),
                                                        context.model->path.empty() ? context.model->id : context.model->path);
    design.align.temperature = context.params.number("temperature");
    const AlignFunction& alignment = chosen_alignment(context.params, design);
    if (alignment.id != design.align.function)
        context.probe.note({"alignment",
                            fmt::format("these weights were trained with the alignment {}; only the alignment is changed",
                                        align_function(design.align.function).title),
                            "the words may be wrong"});
    design.align.function = alignment.id;
    const std::string& order = context.params.text("order");
    if (order == as_trained) return design;
    if (!design.channels) {
        context.probe.note({"order", "only SCA weighs channels: the order changes nothing here", "choose the model SCA"});
    } else if (design.channel_first != (order == channel_spatial)) {
        context.probe.note({"order",
                            fmt::format("these weights were trained {}; only the order is changed",
                                        design.channel_first ? channel_spatial : spatial_channel),
                            "the words may be wrong"});
    }
    design.channel_first = order == channel_spatial;
    return design;
}

/// Are its shapes such as captions are about?
bool is_caption_scene(const Scene& scene) {
    return !scene.shapes.empty() && scene.shapes.size() <= 12 && std::ranges::all_of(scene.shapes, [](const SceneShape& s) {
        return s.group.empty() && s.kind != ShapeKind::polygon;
    });
}

void say_what_to_know(RunContext& context, const PictureInput& picture) {
    const auto [low, high] = std::minmax(picture.read->image.width, picture.read->image.height);
    if (low < least_trained || high > most_trained) {
        // As large as a square of the usual side, if its sides are then such as were trained.
        const double ratio = static_cast<double>(high) / static_cast<double>(low);
        const double longest = std::min<double>(most_trained, trained_side * std::sqrt(ratio));
        context.probe.note(
            {"resolution",
             fmt::format("the captioner was trained on pictures of {} to {} px, most of {}; this one is read at "
                         "{} × {}, and its words may be wrong",
                         least_trained, most_trained, trained_side, picture.read->image.width, picture.read->image.height),
             longest / ratio < least_trained ? "use a picture closer to a square"
                                             : fmt::format("set the resolution to about {:.0f}", longest)});
    }
    if (!picture.read->scene || !is_caption_scene(*picture.read->scene))
        context.probe.note({"image",
                            "the captioner only knows coloured shapes: it describes any other picture as if it showed some",
                            "choose the sample of shapes, or make a scene"});
    else if (picture.read->scene->shapes.size() > 5)
        context.probe.note({"image", "the captioner was trained on at most five shapes", "it may leave some out"});
}

/// Where the shapes are that each word speaks of, and whether the largest weight of a noun's map lies there.
void show_gold(const Observer& observe, const Scene& scene, const std::vector<std::string>& words,
               const CaptionOutput& output) {
    const Index height = output.height, width = output.width;
    const std::vector<WordRegion> regions = word_regions(scene, words);
    const auto n = static_cast<Index>(words.size());
    Tensor<float> gold(Shape{n, height, width}), pointing(Shape{n}, std::numeric_limits<float>::quiet_NaN());
    for (Index t = 0; t < n; ++t) {
        const WordRegion& region = regions[static_cast<std::size_t>(t)];
        Tensor<float> own = gold.row(t);
        for (const int shape : region.shapes) {
            const Tensor<float> covered = caption_region(scene, shape, height, width);
            for (Index i = 0; i < own.size(); ++i)
                if (covered.data()[i] >= gold_share) own.data()[i] = 1;
        }
        if (!region.noun || region.shapes.empty()) continue;
        const auto map = output.maps[static_cast<std::size_t>(t)].values();
        pointing.data()[t] = own.data()[std::ranges::max_element(map) - map.begin()];
    }
    observe("gold", gold, [] {
        return Shown{.role = Role::map, .symbol = "G", .title = "Where the word's shape is", .axes = {"output", "y", "x"}};
    });
    observe("pointing", pointing, [] {
        return Shown{.role = Role::metric,
                     .symbol = "hit",
                     .title = "Does the map's maximum lie in the noun's shape?",
                     .axes = {"output"}};
    });
}

void say_output(RunContext& context, const CaptionText& text, const CaptionOutput& output, CaptionLanguage language,
                bool forced) {
    context.probe.text("output", text.write(output.ids, language));
    for (std::size_t i = 0; i < output.hypotheses.size(); ++i) {
        const Hypothesis& h = output.hypotheses[i];
        context.probe.text(fmt::format("hypothesis.{}", i + 1),
                           fmt::format("{} ({:.2f})", text.write(h.ids, language), h.score));
    }
    if (!forced && (output.ids.empty() || output.ids.back() != text.end()))
        note_unended(context, "image", fmt::format("the caption did not end within {} words", most_words),
                     "the picture is unlike those that the model was trained on");
}

void run_captioning(RunContext& context) {
    const Params& params = context.params;
    const CaptionerDesign design = chosen_design(context);
    const auto model = captioner_of(context.model, design);
    const auto text = caption_text_of(context.model);
    if (model->sizes().vocabulary != text->vocabulary().size())
        throw Error(ErrorCode::bad_format, context.model->id + ": the vocabulary of its card does not fit its embeddings",
                    "use the card that was written with these weights");
    CaptionLanguage language = params.text("language") == "zh" ? CaptionLanguage::chinese : CaptionLanguage::english;

    CaptionRequest request;
    if (const std::string& own = params.text("caption"); !own.empty()) {
        request.forced = text->read(own);
        note_dropped(read_typed(own).dropped, "caption", context.probe);
        const std::string read = read_text_of(own);
        const bool ascii = std::ranges::all_of(read, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        language = ascii ? CaptionLanguage::english : CaptionLanguage::chinese;
    }
    const PictureInput picture = read_picture(context, model->encoder().cell());
    say_what_to_know(context, picture);

    request.picture = picture.values;
    request.start = text->start(language);
    request.words = text->vocabulary().tokens();
    request.beam = {
        .width = params.integer("beam"), .length_penalty = params.number("length_penalty"), .max_steps = most_words};
    request.hypothesis = params.integer("hypothesis");
    if (design.samples()) {
        request.seed = context.seed;
        if (request.beam.width > 1) {
            request.beam.width = 1;
            context.probe.note({"beam", "hard attention draws anew at every step, so there is no beam",
                                params.text("alignment") == as_trained ? "choose soft or SCA" : "choose another alignment"});
        }
    }
    const CaptionOutput output = run_captioner(*model, request, context.probe, context.stop);
    if (picture.read->scene && is_caption_scene(*picture.read->scene)) {
        std::vector<std::string> words;
        for (const Index id : output.ids) words.push_back(text->vocabulary().token(id));
        show_gold(Observer(context.probe), *picture.read->scene, words, output);
    }
    say_output(context, *text, output, language, request.forced.has_value());
}

std::vector<ParamSpec> captioning_params() {
    std::vector<std::string> samples;
    for (const SceneSample& sample : scene_samples())
        if (is_caption_scene(sample_scene(sample.name))) samples.push_back("sample:" + sample.name);
    ParamSpec resolution = integer_param(
        "resolution", "Resolution",
        fmt::format("Longer side of the picture as the encoder reads it; {} px make one location. Trained at about {} px.",
                    usual_cell, trained_side),
        trained_side, least_side, most_side);
    resolution.unit = "px";
    resolution.log_scale = true;
    ParamSpec caption = optional_text_param("caption", "Own caption",
                                            "Forces the decoder to write this instead of what it would choose, and shows where "
                                            "each word looks; empty: it writes by itself.",
                                            "free", longest_caption);
    std::vector<Choice> alignments = {{as_trained, "As trained"}};
    std::string equations;
    for (const AlignFunction& f : align_functions()) {
        if (!f.scores_alone()) continue;
        alignments.push_back({f.id, f.title});
        equations += fmt::format("\n{}: {} ({})", f.title, f.equation, f.source);
    }
    caption.examples = {"a large red circle is left of a large blue square", "大红圆在大蓝方块的左边"};
    return {
        image_param("image", "Image", "A scene of coloured shapes that can be moved, or a picture file.", "sample:shapes",
                    samples),
        caption,
        choice_param("model", "Attention",
                     "How the decoder looks.\nSoft: z = Σ_i α_i a_i (Xu 2015, section 4.2).\nHard: z = a_s, s ~ α (Xu 2015, "
                     "section 4.1).\nSCA: channels and locations, z = γ ∘ Σ_i α_i a_i (Chen 2017).",
                     {{"soft", "Soft"}, {"hard", "Hard"}, {"sca", "SCA"}}),
        choice_param("language", "Language", "One decoder writes both: the first token that it reads chooses.",
                     {{"en", "English"}, {"zh", "中文"}}),
        choice_param(
            "order", "Order",
            "Of SCA: channel-spatial: γ = channel(h, V), α = spatial(h, γ ∘ V); spatial-channel: α = spatial(h, V), γ = "
            "channel(h, α ∘ V) (Chen 2017, section 3.3). Each has weights of its own; a model of yours keeps its weights.",
            {{as_trained, "As trained"}, {channel_spatial, "C-S"}, {spatial_channel, "S-C"}}),
        choice_param(
            "alignment", "Alignment",
            "How scores of locations become weights. As trained: soft and SCA by softmax, hard by a draw; with any other the "
            "model keeps its weights." +
                equations,
            alignments),
        number_param("temperature", "Temperature",
                     "τ: scores of locations are divided by it. 0: the best location gets all; infinity: uniform.", 1, 0,
                     INFINITY),
        integer_param("beam", "Beam", "Captions kept at each step; 1: greedy.", 1, 1, widest_beam),
        number_param("length_penalty", "Length penalty",
                     "How much a longer output is favoured: α in S = log P / ((5 + length) / 6)^α (Wu 2016, eq. 14).", 1, 0, 5),
        integer_param("hypothesis", "Hypothesis",
                      "A hypothesis is one whole caption that the beam search kept. Which of them is shown; 1 is the best.", 1,
                      1, widest_beam),
        resolution};
}

std::vector<ViewPlacement> placed_captioning(const Params& params) {
    std::vector<ViewPlacement> views = {{"overlay", "map", 0, 0.3f, 0.6f}, {"word-strip", "map", 0, 0.7f, 0.6f}};
    const CaptionerDesign design = captioner_design(params.text("model"));
    const bool draws = chosen_alignment(params, design).samples;
    if (params.integer("beam") > 1 && !draws)
        views.push_back({"tree", "beam.score", 1, 0.6f, 0.4f});
    else if (design.channels)
        views.push_back({"channel-bars", "channel_gate", 1, 0.6f, 0.4f});
    else
        views.push_back({"heatmap", draws ? "policy" : "weights", 1, 0.6f, 0.4f});
    views.push_back({"bars", "probabilities", 1, 0.4f, 0.4f});
    return views;
}

}  // namespace

Exhibit captioning_exhibit() {
    Exhibit exhibit;
    exhibit.id = "captioning";
    exhibit.title = "Captioning";
    exhibit.group = "Vision";
    exhibit.summary =
        "A picture becomes a sentence, in English or Chinese; for each word a map shows where the decoder looked as it wrote "
        "it.";
    exhibit.source = "Xu et al. 2015; Chen et al. 2017";
    exhibit.params = captioning_params();
    exhibit.models = caption_task_ids();
    exhibit.choose_model = chosen_model;
    exhibit.views = placed_captioning(resolve(exhibit.params, {}));
    exhibit.place = placed_captioning;
    exhibit.step_axis = "output";
    exhibit.output_text = "output";
    exhibit.forced_param = "caption";
    exhibit.run = run_captioning;
    exhibit.training_task = "*";
    exhibit.lesson = captioning_lesson();
    exhibit.picks = {{"beam.rank", "hypothesis"}};
    return exhibit;
}

}  // namespace saccade
