#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/translate.hpp"
#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/reading_input.hpp"
#include "exhibit/reading_lesson.hpp"
#include "model/text_reader_run.hpp"
#include "params/param_make.hpp"
#include "train/reading_task.hpp"

namespace saccade {

namespace {

constexpr double longest_text = 64, longest_path = 400;
constexpr Index most_characters = 40;
constexpr double unsure = 0.5;  // of a character, on average: below it is said that there may be no text
const std::string with_rectifier = "reading", without_rectifier = "reading-plain";

/// What the decoder is made to write; the characters that it cannot write are left out and named.
std::optional<Ids> forced_ids(RunContext& context) {
    const std::string& own = context.params.text("target");
    if (own.empty()) return std::nullopt;
    note_dropped(read_typed(own).dropped, "target", context.probe);
    std::vector<std::string> left_out;
    Ids ids = reader_ids(read_text_of(own), &left_out);
    if (!left_out.empty()) {
        std::string named;
        for (const std::string& c : left_out) named += " " + visible_character(c);
        context.probe.note({"target", "the model cannot write" + named, "it writes the 94 printable characters of ASCII"});
    }
    return ids;
}

/// Where the characters are that were drawn, in cells of the map, and whether each was read where it is: of a word that was
/// read as it is written, so that it is known which is which.
void show_gold(const Observer& observe, const ReadingInput& input, const ReadOutput& output) {
    const auto n = static_cast<Index>(output.ids.size());
    Tensor<float> gold({n, reader_map_height, reader_map_width}), pointing({n}, std::numeric_limits<float>::quiet_NaN());
    for (Index t = 0; t < std::min(n, static_cast<Index>(input.boxes.size())); ++t) {
        const LetterBox& box = input.boxes[static_cast<std::size_t>(t)];
        Tensor<float> own = gold.row(t);
        for (Index y = 0; y < reader_map_height; ++y)
            for (Index x = 0; x < reader_map_width; ++x)
                if (box.holds((static_cast<double>(x) + 0.5) / static_cast<double>(reader_map_width),
                              (static_cast<double>(y) + 0.5) / static_cast<double>(reader_map_height)))
                    own.data()[y * reader_map_width + x] = 1;
        const PlaceInPicture& place = output.places[static_cast<std::size_t>(output.looks[static_cast<std::size_t>(t)])];
        pointing.data()[t] = box.holds(place.x, place.y) ? 1.0f : 0.0f;
    }
    observe("gold", gold, [] {
        return Shown{.role = Role::map, .symbol = "G", .title = "Where the character is", .axes = {"output", "map.y", "map.x"}};
    });
    observe("pointing", pointing, [] {
        return Shown{.role = Role::metric,
                     .symbol = "hit",
                     .title = "Does the step with the largest weight lie in the character's box?",
                     .axes = {"output"}};
    });
}

/// Whether the word that was drawn is read right, by this model and by the one with, or without, the rectifier.
void show_exact(RunContext& context, const ReadingInput& input, const std::string& read, bool rectifies) {
    const std::string& other = rectifies ? without_rectifier : with_rectifier;
    if (!is_bundled(other)) return;
    const auto reader = text_reader_of(bundled_model(other));
    if (reader->design().rectifier == rectifies || reader->design().width != input.grey.shape()[1]) return;
    const std::string elsewhere = reader_text(read_greedily(*reader, input.grey, most_characters, context.stop));
    Tensor<float> exact({2});
    exact.data()[rectifies ? 0 : 1] = read == input.word ? 1.0f : 0.0f;
    exact.data()[rectifies ? 1 : 0] = elsewhere == input.word ? 1.0f : 0.0f;
    const Observer observe(context.probe);
    observe.axis({"reader", AxisKind::feature, 2, {msg("with rectifier"), msg("without")}, "r"});
    observe("exact", exact, [] {
        return Shown{.role = Role::metric, .symbol = "exact", .title = "Is the word read right?", .axes = {"reader"}};
    });
    context.probe.text("with rectifier", rectifies ? read : elsewhere);
    context.probe.text("without rectifier", rectifies ? elsewhere : read);
}

void say_read(RunContext& context, const ReadOutput& output, const std::string& read, bool forced) {
    context.probe.text("output", read);
    for (std::size_t i = 0; i < output.hypotheses.size(); ++i) {
        const Hypothesis& h = output.hypotheses[i];
        context.probe.text(fmt::format("hypothesis.{}", i + 1), fmt::format("{} ({:.2f})", reader_text(h.ids), h.score));
    }
    if (forced) return;
    const std::string what = context.params.text("image").empty() ? "word" : "image";
    if (output.ids.empty() || output.ids.back() != reader_end)
        return note_unended(context, what, fmt::format("the reading did not end within {} characters", most_characters),
                            "the picture is unlike those that the model was trained on");
    const double each = std::exp(output.log_probability / static_cast<double>(output.ids.size()));
    if (read.empty())
        context.probe.note({what, "no character was read", "put the corners around a line of text"});
    else if (what == "image" && each < unsure)
        context.probe.note({what, fmt::format("the reader is not sure: {:.2f} a character, on average", each),
                            "is there a line of Latin text within the corners, and nothing else?"});
}

void run_reading(RunContext& context) {
    const Params& params = context.params;
    const auto model = text_reader_of(context.model);
    ReadRequest request;
    request.forced = forced_ids(context);
    const ReadingInput input = read_word_or_photograph(context, model->design());
    request.picture = input.grey;
    request.beam = {
        .width = params.integer("beam"), .length_penalty = params.number("length_penalty"), .max_steps = most_characters};
    request.hypothesis = params.integer("hypothesis");
    const ReadOutput output = run_reader(*model, request, context.probe, context.stop);
    const std::string read = reader_text(output.ids);
    if (!input.word.empty()) {
        if (read == input.word) show_gold(Observer(context.probe), input, output);
        if (!request.forced) show_exact(context, input, read, model->design().rectifier);
    }
    say_read(context, output, read, request.forced.has_value());
}

std::vector<ParamSpec> reading_params() {
    ParamSpec image =
        image_param("image", "Photograph",
                    "A picture with a line of text, which is read instead of the word; put its corners around the "
                    "text. Empty: the word is drawn.",
                    "");
    image.optional_text = true;
    image.placeholder = "none";
    ParamSpec word =
        text_param("word", "Word", "It is drawn into a picture of 32 × 100 px, which is read.", "Wonderful", longest_text);
    word.examples = {"Wonderful", "Reading", "SACCADE", "$19.99", "@home!", "3:45pm"};
    ParamSpec target = optional_text_param("target", "Own reading",
                                           "Forces the decoder to write this instead of what it reads, and shows where each "
                                           "character looks; empty: it reads.",
                                           "free", longest_text);
    ParamSpec font = optional_text_param("font", "Font", "Family that the word is drawn in, of those on this machine.",
                                         "DejaVu Sans, or another", 200);
    font.aside = true;
    font.offered_by = "fonts";
    ParamSpec corners =
        optional_text_param("corners", "Corners",
                            "Of the text in the photograph: x y of the upper left, upper right, lower right and "
                            "lower left, as shares of the picture. Drag them in the picture.",
                            "the whole picture", longest_path);
    corners.aside = true;
    ParamSpec bend = number_param("bend", "Curve", "The word runs along an arc of this angle; above 0 its middle stands up.",
                                  110, -most_bend, most_bend);
    ParamSpec turn = number_param("turn", "Turn", "Clockwise.", 0, -most_turn, most_turn);
    bend.unit = turn.unit = "°";
    ParamSpec blur = number_param("blur", "Blur", "Standard deviation of a Gaussian.", 0, 0, 4);
    blur.unit = "px";
    return {
        image,
        word,
        target,
        choice_param("model", "Model",
                     "With rectifier: 20 control points, found by a small network, bend the picture by a thin-plate spline "
                     "before it is read (Shi 2018). Without: it is read as it is.",
                     {{with_rectifier, "Rectified"}, {without_rectifier, "As it is"}}),
        font,
        bend,
        turn,
        number_param("far_x", "Perspective, across", "Above 0 the right end is farther away.", 0, -farthest, farthest),
        number_param("far_y", "Perspective, down", "Above 0 the lower edge is farther away.", 0, -farthest, farthest),
        blur,
        number_param("noise", "Noise", "Standard deviation of what is added to each pixel, by the seed.", 0, 0, 0.5),
        integer_param("clutter", "Clutter", "Strokes across the picture, and an uneven wall behind it, by the seed.", 0, 0, 8),
        corners,
        integer_param("beam", "Beam", "Readings kept at each step; 1: greedy.", 1, 1, widest_beam),
        number_param("length_penalty", "Length penalty",
                     "How much a longer output is favoured: α in S = log P / ((5 + length) / 6)^α (Wu 2016, eq. 14).", 1, 0, 5),
        integer_param("hypothesis", "Hypothesis",
                      "A hypothesis is one whole reading that the beam search kept. Which of them is shown; 1 is the best.", 1,
                      1, widest_beam)};
}

std::vector<ViewPlacement> placed_reading(const Params& params) {
    const bool photograph = !params.text("image").empty(), rectifies = params.text("model") == with_rectifier;
    const float upper = 0.44f, lower = 0.56f;
    std::vector<ViewPlacement> views;
    if (photograph) views.push_back({"points", "photo.corners", 0, rectifies ? 0.3f : 0.36f, upper});
    if (rectifies) {
        views.push_back({"points", "control_points", 0, photograph ? 0.38f : 0.56f, upper});
        views.push_back({"points", "rectified.points", 0, photograph ? 0.32f : 0.44f, upper});
    } else {
        if (!photograph) views.push_back({"points", "word.handles", 0, 0.36f, upper});
        views.push_back({"overlay", "map", 0, 0.36f, upper});
    }
    // Points want room.
    if (!rectifies) views.push_back({"bars", "probabilities", 0, 0.28f, upper});
    views.push_back({"word-strip", "map", 1, 0.6f, lower});
    const bool beam = params.integer("beam") > 1;
    views.push_back({beam ? "tree" : "heatmap", beam ? "beam.score" : "weights", 1, 0.4f, lower});
    return views;
}

}  // namespace

Exhibit reading_exhibit() {
    Exhibit exhibit;
    exhibit.id = "reading";
    exhibit.title = "Reading";
    exhibit.group = "Vision";
    exhibit.summary =
        "A word in a picture is straightened and read, character by character, each with a map of where it was found; bend the "
        "word, or move a control point, and the reading follows.";
    exhibit.source = "Shi et al. 2018; Lee and Osindero 2016";
    exhibit.params = reading_params();
    exhibit.models = reading_task_ids();
    exhibit.views = placed_reading(resolve(exhibit.params, {}));
    exhibit.place = placed_reading;
    exhibit.step_axis = "output";
    exhibit.output_text = "output";
    exhibit.forced_param = "target";
    exhibit.run = run_reading;
    exhibit.training_task = "*";
    exhibit.lesson = reading_lesson();
    exhibit.picks = {{"beam.rank", "hypothesis"}};
    exhibit.places = reading_places();
    return exhibit;
}

}  // namespace saccade
