#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/rnn_shapes_lesson.hpp"
#include "model/card_json.hpp"
#include "model/rnn_shapes_run.hpp"
#include "params/param_make.hpp"
#include "train/task.hpp"

namespace saccade {

namespace {

constexpr double longest_text = 512;
constexpr Index month_count = 12;
constexpr Index most_letters = 16;  // "September" and its end need 10
constexpr Index most_digits = 16;   // an ISO date and its end need 11
constexpr RecurrentKind cell_kinds[] = {RecurrentKind::elman, RecurrentKind::gru, RecurrentKind::lstm};

/// What the parameters ask for. The one shape that has nothing to read backwards is left in one direction; a note says so.
RnnDesign chosen_design(const Params& params) {
    const nlohmann::json wanted = {
        {"shape", params.text("shape")},
        {"cell", params.text("cell")},
        {"direction", params.text("shape") == "1-to-n" ? std::string("uni") : params.text("direction")}};
    return rnn_design_from(wanted, "rnn-shapes");
}

std::vector<std::string> names_in(const Model& model, const char* key, const std::string& where) {
    std::vector<std::string> names;
    card_object(model.card.json(), where).object("vocabulary").needs({key}).texts(key, names);
    return names;
}

/// The network and the names of what it reads and writes, checked against each other.
struct Network {
    RnnShapes<float> model;
    std::vector<std::string> inputs, outputs;

    Network(const Model& file, const WeightMap& weights, const RnnDesign& wanted) : model(Weights<float>(weights), wanted) {
        const std::string where = file.path.empty() ? file.id : file.path;
        inputs = names_in(file, "source", where);
        outputs = names_in(file, "target", where);
        if (static_cast<Index>(inputs.size()) != model.sizes().inputs ||
            static_cast<Index>(outputs.size()) != model.sizes().outputs ||
            (wanted.shape == RnnShape::one_to_n && model.sizes().inputs != month_count + model.sizes().outputs))
            throw Error(ErrorCode::bad_format, where + ": the vocabulary of its card does not fit its weights",
                        "use the card that was written with these weights");
    }
};

/// The weights that every training starts from (train/trainer.cpp), or those of the file.
WeightMap weights_of(const Model& file, const RnnDesign& design, bool trained) {
    if (trained) return file.weights;
    const TrainOptions options;
    Rng rng = Rng(options.seed).fork("initial weights");
    return make_task(rnn_id(design), options)->initial_weights(rng);
}

/// Weights of the user's own must be of the network that the parameters choose.
void require_design(const Model& file, const RnnDesign& wanted) {
    const std::string where = file.path.empty() ? file.id : file.path;
    const RnnDesign is = rnn_design_from(file.card.json(), where);
    if (is == wanted) return;
    throw Error(ErrorCode::invalid_input, fmt::format("{}: these weights are {}, not {}", where, rnn_id(is), rnn_id(wanted)),
                fmt::format("set shape {}, cell {} and direction {}", to_string(is.shape), to_string(is.cell),
                            is.both_directions ? "bi" : "uni"));
}

RnnInput input_of(const RunContext& context, const Network& network) {
    RnnInput input;
    input.inputs = network.inputs;
    input.outputs = network.outputs;
    const auto end = std::ranges::find(input.outputs, "<end>");
    input.end = end == input.outputs.end() ? -1 : end - input.outputs.begin();
    const RnnDesign& design = network.model.design();
    if (design.shape == RnnShape::one_to_n) {
        input.ids = {static_cast<Index>(context.params.integer("month")) - 1};
        input.most_steps = most_letters;
        return input;
    }
    const TypedText typed = read_typed(context.params.text("text"));
    if (typed.characters.empty())
        refuse_nothing_to_read("Text", typed.dropped, "type a date, for example September 30, 2019 or 2019年9月30日");
    const Vocabulary vocabulary(input.inputs);
    if (vocabulary.find("<unk>") < 0)
        throw Error(ErrorCode::bad_format, "the model has no <unk> in its vocabulary", "train it again");
    input.ids = character_ids(typed.read(), vocabulary, vocabulary.find("<unk>"), "text", context.probe);
    note_dropped(typed.dropped, "text", context.probe);
    input.labels = visible_characters(typed.shown());
    if (design.shape == RnnShape::n_to_m) input.most_steps = most_digits;
    return input;
}

std::string joined(const Ids& ids, const RnnInput& input) {
    std::string text;
    for (const Index id : ids)
        if (id != input.end) text += input.outputs[static_cast<std::size_t>(id)];
    return text;
}

/// "day 30 · month 9 · year 19": the characters of each tag but the last ("other"), in order of appearance.
std::string tagged(const Ids& tags, const RnnInput& input, const std::string& text) {
    const std::vector<std::string> characters = read_typed(text).shown();
    std::vector<std::pair<Index, std::string>> parts;
    for (std::size_t j = 0; j < tags.size() && j < characters.size(); ++j) {
        if (tags[j] + 1 == static_cast<Index>(input.outputs.size())) continue;
        const auto part = std::ranges::find(parts, tags[j], &std::pair<Index, std::string>::first);
        if (part == parts.end())
            parts.emplace_back(tags[j], characters[j]);
        else
            part->second += characters[j];
    }
    std::string all;
    for (const auto& [tag, characters_of] : parts)
        all += fmt::format("{}{} {}", all.empty() ? "" : " · ", input.outputs[static_cast<std::size_t>(tag)], characters_of);
    return all.empty() ? "not part of a date" : all;
}

/// The networks whose memory is compared: for n_to_n the one that runs; else all three cells in one direction, bundled but for
/// the one that runs, and after them that one if it runs in both.
struct Memories {
    std::vector<std::unique_ptr<Network>> others;
    std::vector<MemoryOf> all;
};

Memories memories_of(const Network& network, bool trained) {
    const RnnDesign& design = network.model.design();
    const std::string own = recurrent_title(design.cell) + (design.both_directions ? " in both directions" : "");
    Memories memories;
    if (design.shape == RnnShape::n_to_n) {
        memories.all = {{own, &network.model}};
        return memories;
    }
    for (const RecurrentKind cell : cell_kinds) {
        if (cell == design.cell && !design.both_directions) {
            memories.all.push_back({own, &network.model});
            continue;
        }
        const RnnDesign other{design.shape, cell, false};
        const ModelPtr file = bundled_model(rnn_id(other));
        memories.others.push_back(std::make_unique<Network>(*file, weights_of(*file, other, trained), other));
        if (memories.others.back()->inputs == network.inputs &&
            memories.others.back()->model.sizes().embedding == network.model.sizes().embedding)
            memories.all.push_back({recurrent_title(cell), &memories.others.back()->model});
    }
    if (design.both_directions) memories.all.push_back({own, &network.model});
    return memories;
}

void note_what_is_not_used(const Params& params, Probe& probe) {
    if (params.text("shape") == "1-to-n" && params.text("direction") == "bi")
        probe.note({"direction", "1 to N has one input, so there is nothing to read backwards", "shown left to right"});
}

void run_rnn_shapes(RunContext& context) {
    const RnnDesign design = chosen_design(context.params);
    require_design(*context.model, design);
    const bool trained = context.params.toggle("trained");
    const Network network(*context.model, weights_of(*context.model, design, trained), design);
    const RnnInput input = input_of(context, network);
    note_what_is_not_used(context.params, context.probe);
    const Memories memories = memories_of(network, trained);
    const Ids output = run_rnn_shape(network.model, input, memories.all, context.probe, context.stop);
    context.probe.text("output", design.shape == RnnShape::n_to_n ? tagged(output, input, context.params.text("text"))
                                                                  : joined(output, input));
    if (!trained) context.probe.text("weights", "before training");
    if (trained && input.end >= 0 && (output.empty() || output.back() != input.end))
        note_unended(context, design.shape == RnnShape::one_to_n ? "month" : "text",
                     fmt::format("the output did not end within {} characters", input.most_steps),
                     "the input is unlike any that the model was trained on");
}

std::vector<ParamSpec> rnn_shapes_params() {
    ParamSpec text = text_param(
        "text", "Text", "A date as people write it, in English or Chinese; each character is one step. Not used by 1 to N.",
        "September 30, 2019", longest_text);
    text.examples = {"September 30, 2019",         "30/9/19",    "2019年9月30日", "二〇一九年九月三十日", "Mon, 30 Sep 2019",
                     "the 30th of September 2019", "2019-09-30", "30.09.2019"};
    text.placeholder = "a date, for example September 30, 2019";
    ParamSpec shape = choice_param("shape", "Shape",
                                   "How many inputs and outputs: N to 1 reads a date and says its month; N to N tags each "
                                   "character as part of the "
                                   "year, month or day; N to M reads a date and then writes it as yyyy-mm-dd; 1 to N is given "
                                   "a month's number and spells its "
                                   "name.",
                                   {{"1-to-n", "1 to N"}, {"n-to-1", "N to 1"}, {"n-to-n", "N to N"}, {"n-to-m", "N to M"}});
    shape.fallback = std::string("n-to-1");
    ParamSpec cell = choice_param("cell", "Cell",
                                  "Elman: h' = tanh(W x + U h + b). GRU: gates r and z mix the old state with a new one. LSTM: "
                                  "a cell c is kept, erased and "
                                  "read through gates. Each was trained by itself on the same data.",
                                  {{"elman", "Elman"}, {"gru", "GRU"}, {"lstm", "LSTM"}});
    cell.fallback = std::string("gru");
    return {shape,
            cell,
            choice_param(
                "direction", "Direction",
                "Left to right alone, or a second network from right to left beside it, each of half the width. Not for 1 to "
                "N, which has nothing to read backwards.",
                {{"uni", "Left to right"}, {"bi", "Both"}}),
            text,
            integer_param("month", "Month", "The one input of 1 to N, from 1 to 12. Not used by the other shapes.", 9, 1,
                          static_cast<double>(month_count)),
            toggle_param(
                "trained", "Trained",
                "Off: the weights as they were before the first step of training, random. Memory fades fastest there, which "
                "is why such networks are hard to train.",
                true)};
}

std::vector<std::string> model_ids() {
    std::vector<std::string> ids;
    for (const RnnShape shape : {RnnShape::n_to_one, RnnShape::n_to_n, RnnShape::n_to_m, RnnShape::one_to_n})
        for (const bool both : {false, true})
            for (const RecurrentKind cell : cell_kinds)
                if (shape != RnnShape::one_to_n || !both) ids.push_back(rnn_id({shape, cell, both}));
    return ids;
}

}  // namespace

Exhibit rnn_shapes_exhibit() {
    Exhibit exhibit;
    exhibit.id = "rnn-shapes";
    exhibit.title = "Shapes of recurrence";
    exhibit.group = "Sequence";
    exhibit.summary =
        "One recurrent network as 1 to N, N to 1, N to N and N to M: its states over time, and how the memory of each input "
        "fades.";
    exhibit.source = "Elman 1990; Hochreiter 1997; Schuster 1997; Cho 2014; Sutskever 2014; Pascanu 2013";
    exhibit.params = rnn_shapes_params();
    exhibit.models = model_ids();
    exhibit.choose_model = [](const Params& params) { return rnn_id(chosen_design(params)); };
    exhibit.views = {{"heatmap", "states", 0, 0.62f, 0.56f},
                     {"bars", "probabilities", 0, 0.38f, 0.56f},
                     {"curves", "memory.norm", 1, 0.62f, 0.44f},
                     {"heatmap", "probabilities", 1, 0.38f, 0.44f}};
    // One output alone: its bars say all of it.
    exhibit.place = [views = exhibit.views](const Params& params) {
        std::vector<ViewPlacement> placed = views;
        if (chosen_design(params).shape == RnnShape::n_to_one) {
            placed.pop_back();
            placed.back().width = 1;
        }
        return placed;
    };
    exhibit.step_axis = "position";
    exhibit.output_text = "output";
    exhibit.run = run_rnn_shapes;
    exhibit.training_task = "*";
    exhibit.lesson = rnn_shapes_lesson();
    return exhibit;
}

}  // namespace saccade
