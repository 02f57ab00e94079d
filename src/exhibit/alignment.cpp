#include <algorithm>

#include "base/utf8.hpp"
#include "exhibit/exhibits.hpp"
#include "model/seq2seq.hpp"
#include "model/vocabulary.hpp"

namespace saccade {

namespace {

constexpr double longest_source = 512;
constexpr double longest_target = 64;
constexpr Index most_steps = 24;  // an output that has not ended by then never will

/// Ids of the source's characters; those that the model never saw become <unk>, and a note says which.
Ids read_source(const std::vector<std::string>& characters, const SequenceVocabularies& vocabularies, Probe& probe) {
    Ids ids;
    std::vector<std::string> unseen;
    for (const std::string& character : characters) {
        const Index id = vocabularies.source.find(character);
        ids.push_back(id < 0 ? vocabularies.unknown() : id);
        if (id < 0 && std::find(unseen.begin(), unseen.end(), character) == unseen.end()) unseen.push_back(character);
    }
    if (unseen.empty()) return ids;
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(unseen.size(), 8); ++i) list += (i == 0 ? "" : " ") + unseen[i];
    if (unseen.size() > 8) list += " …";
    const std::string count = unseen.size() == 1 ? "1 character" : std::to_string(unseen.size()) + " characters";
    probe.note({"source", count + " the model never saw: " + list, "read as unknown; the output may be wrong"});
    return ids;
}

/// The forced output; empty text: none, the model decodes freely.
std::optional<Ids> read_target(const std::string& text, const SequenceVocabularies& vocabularies) {
    if (text.empty()) return std::nullopt;
    Ids ids;
    for (const std::string& character : code_points(text)) {
        const Index id = vocabularies.target.find(character);
        if (id < 0) {
            std::string known;
            for (Index t = 0; t < vocabularies.end(); ++t) known += vocabularies.target.token(t);
            throw Error(ErrorCode::invalid_input, "Output: the model cannot write '" + character + "'", "it writes " + known);
        }
        ids.push_back(id);
    }
    return ids;
}

/// A space must be seen on an axis.
std::string visible(const std::string& character) {
    if (character == " ") return "␣";
    if (character == "\t") return "⇥";
    if (character == "\n" || character == "\r") return "↵";
    return character;
}

void run_alignment(RunContext& context) {
    const std::string where = context.model->path.empty() ? context.model->id : context.model->path;
    const SequenceVocabularies vocabularies = vocabularies_from_json(context.model->card, where);
    const std::vector<std::string> characters = code_points(context.params.text("source"));
    if (characters.empty())
        throw Error(ErrorCode::invalid_input, "Source is empty", "type a date, for example 30 Sep 2019 or 2019年9月30日");
    const Ids source = read_source(characters, vocabularies, context.probe);
    const std::optional<Ids> forced = read_target(context.params.text("target"), vocabularies);
    std::vector<std::string> labels;
    for (const std::string& character : characters) labels.push_back(visible(character));

    const Weights<float> weights(context.model->weights);
    const Seq2Seq<float> model(weights);
    if (model.sizes().source_vocabulary != vocabularies.source.size() ||
        model.sizes().target_vocabulary != vocabularies.target.size())
        throw Error(ErrorCode::bad_format, where + ": the vocabulary of its card does not fit its embeddings",
                    "use the card that was written with these weights");
    const Ids output =
        run_seq2seq(model, source, labels, vocabularies.target.tokens(), forced, most_steps, context.probe, context.stop);

    std::string text;
    for (const Index id : output)
        if (id < vocabularies.end()) text += vocabularies.target.token(id);
    context.probe.text("output", text);
    if (!forced && (output.empty() || output.back() != vocabularies.end()))
        context.probe.note({"source", "the output did not end within " + std::to_string(most_steps) + " characters",
                            "the source is unlike any date the model was trained on"});
}

}  // namespace

Exhibit alignment_exhibit() {
    ParamSpec source;
    source.name = "source";
    source.type = ParamType::text;
    source.title = "Source";
    source.help = "A date as people write it, in English or Chinese; each character is one token.";
    source.fallback = std::string("Mon, 30 Sep 2019");
    source.max = longest_source;
    source.examples = {"Mon, 30 Sep 2019", "2019年9月30日",      "二〇一九年九月三十日", "the 30th of September 2019",
                       "30/9/19",          "September 30, 2019", "30.09.2019",           "19年9月30日"};
    source.placeholder = "a date, for example 30 Sep 2019";

    ParamSpec target;
    target.name = "target";
    target.type = ParamType::text;
    target.title = "Output";
    target.help = "Forces the decoder to write this instead of what it would choose; empty: it decodes freely.";
    target.fallback = std::string();
    target.max = longest_target;
    target.optional_text = true;
    target.placeholder = "free";

    Exhibit exhibit;
    exhibit.id = "alignment";
    exhibit.title = "Alignment";
    exhibit.group = "Sequence";
    exhibit.summary =
        "An encoder-decoder with attention rewrites a date; each output character shows where in the source it looked.";
    exhibit.source = "Bahdanau, Cho and Bengio 2014";
    exhibit.params = {source, target};
    exhibit.models = {"dates"};
    exhibit.views = {
        {"flow", "weights", 0, 1, 0.3f}, {"heatmap", "weights", 1, 0.62f, 0.7f}, {"stages", "weights", 1, 0.38f, 0.7f}};
    exhibit.step_axis = "output";
    exhibit.output_text = "output";
    exhibit.forced_param = "target";
    exhibit.run = run_alignment;
    exhibit.training_task = "dates";
    return exhibit;
}

}  // namespace saccade
