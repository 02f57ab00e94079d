#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/typed_text.hpp"
#include "exhibit/characters.hpp"
#include "exhibit/exhibits.hpp"
#include "exhibit/saliency_lesson.hpp"
#include "model/card_json.hpp"
#include "model/date_questions.hpp"
#include "model/per_model.hpp"
#include "params/param_make.hpp"

namespace saccade {

namespace {

constexpr double longest_source = 512;
const std::vector<std::string> questions = {"year", "month", "day"};

/// A list of names in the model's card. Error{bad_format}.
std::vector<std::string> names_in(const JsonObject& object, const char* key) {
    std::vector<std::string> names;
    object.needs({key}).texts(key, names);
    return names;
}

struct Names {
    Vocabulary source;
    std::vector<std::string> questions, answers;
};

Names names_of(const Model& model, const DateQuestionsSizes& sizes) {
    const std::string where = model.path.empty() ? model.id : model.path;
    const JsonObject card = card_object(model.card.json(), where);
    Names names{Vocabulary(names_in(card.object("vocabulary"), "source")), names_in(card, "questions"),
                names_in(card, "answers")};
    const auto size = [](const std::vector<std::string>& list) { return static_cast<Index>(list.size()); };
    if (names.source.size() != sizes.vocabulary || names.source.find("<unk>") < 0 || names.questions != questions ||
        size(names.questions) != sizes.questions || size(names.answers) != sizes.answers)
        throw Error(ErrorCode::bad_format, where + ": the names on its card do not fit its weights",
                    "use the card that was written with these weights");
    return names;
}

void declare_axes(Probe& probe, const DateQuestionsSizes& s, const Names& names, const std::vector<std::string>& labels) {
    probe.axis({"source", AxisKind::key, static_cast<Index>(labels.size()), labels, "j"});
    probe.axis({"question", AxisKind::query, s.questions, names.questions, "q"});
    probe.axis({"answer", AxisKind::class_, s.answers, names.answers, "o"});
    probe.axis({"embedding", AxisKind::feature, s.embedding, {}, "m"});
    probe.axis({"hidden", AxisKind::feature, s.hidden, {}, "k"});
    probe.axis({"annotation", AxisKind::feature, 2 * s.hidden, {}, "k"});
    probe.axis({"attention", AxisKind::feature, s.attention, {}, "a"});
    probe.axis({"question_feature", AxisKind::feature, s.question, {}, "u"});
    probe.axis({"reading", AxisKind::feature, s.reading, {}, "c"});
    probe.axis({"unit", AxisKind::feature, 1, {}, "u"});
    probe.axis({"vocabulary", AxisKind::class_, s.vocabulary, names.source.tokens(), "v"});
}

/// The three maps for the question that was asked, one per row.
void show_maps(Probe& probe, Index question, const DateQuestions<float>::Maps& maps) {
    const Index n = maps.max.size();
    Tensor<float> rows(Shape{3, n});
    std::copy_n(maps.focus.data() + question * n, n, rows.data());
    std::copy_n(maps.max.data(), n, rows.data() + n);
    std::copy_n(maps.gate.data(), n, rows.data() + 2 * n);
    Observer{probe}("maps", rows, [&] {
        return Shown{
            .role = Role::map,
            .title = "Where each looks: " + questions[static_cast<std::size_t>(question)],
            .unit = "share",
            .axes = {"mechanism", "source"},
            .step = {"compare", "the weights of focus for the question, the saliency of max pooling, the weights of gating",
                     fmt::format("@maps[m,j] = where(m == 0, @focus.weights[{},j], where(m == 1, @max.saliency[j], "
                                 "@gate.weights[j]))",
                                 question),
                     "focus and saliency: Qiu 2020, section 8.1"}};
    });
}

void run_saliency(RunContext& context) {
    const TypedText typed = read_typed(context.params.text("source"));
    if (typed.characters.empty())
        refuse_nothing_to_read("Source", typed.dropped, "type a date, for example 30 Sep 2019 or 2019年9月30日");
    constexpr std::size_t most_kept = 4;
    static PerModel<DateQuestions<float>> kept(most_kept);
    const auto held = kept.get(
        context.model, [&] { return std::make_shared<const DateQuestions<float>>(Weights<float>(context.model->weights)); },
        context.stop);
    const DateQuestions<float>& model = *held;
    const Names names = names_of(*context.model, model.sizes());
    const Index question = std::ranges::find(questions, context.params.text("question")) - questions.begin();
    const Ids text = character_ids(typed.read(), names.source, names.source.find("<unk>"), "source", context.probe);
    note_dropped(typed.dropped, "source", context.probe);

    const auto result = model.run(text, Observer(context.probe), context.stop);
    show_maps(context.probe, question, result.maps);
    declare_axes(context.probe, model.sizes(), names, visible_characters(typed.shown()));

    const auto answer = [&](const Ids& ids) {
        return names.answers[static_cast<std::size_t>(ids[static_cast<std::size_t>(question)])];
    };
    const std::string focus = answer(result.focus), max = answer(result.max), gate = answer(result.gate);
    // What each answers stands beside where it looked.
    context.probe.axis({"mechanism", AxisKind::query, 3, {"focus: " + focus, "max pooling: " + max, "gating: " + gate}, "m"});
    context.probe.text("focus", focus);
    context.probe.text("max pooling", max);
    context.probe.text("gating", gate);
    context.probe.text("output", focus == max && focus == gate
                                     ? focus
                                     : fmt::format("focus {} · max pooling {} · gating {}", focus, max, gate));
}

}  // namespace

Exhibit saliency_exhibit() {
    ParamSpec source =
        text_param("source", "Source", "A date as people write it, in English or Chinese; each character is one token.",
                   "Mon, 30 Sep 2019", longest_source);
    source.examples = {"Mon, 30 Sep 2019", "2019年9月30日",      "二〇一九年九月三十日", "the 30th of September 2019",
                       "30/9/19",          "September 30, 2019", "30.09.2019",           "19年9月30日"};
    source.placeholder = "a date, for example 30 Sep 2019";

    Exhibit exhibit;
    exhibit.id = "saliency";
    exhibit.title = "Focus and saliency";
    exhibit.group = "Sequence";
    exhibit.summary =
        "One text, three ways to look at it: attention that a question steers, and max pooling and gating, which nothing "
        "steers.";
    exhibit.source = "Bahdanau 2014; Collobert 2011, Conneau 2017; Dauphin 2017; Qiu 2020, section 8.1";
    exhibit.params = {
        source,
        choice_param("question", "Question",
                     "What is asked of the date. It is the query of focus; max pooling and gating look before they are asked.",
                     {{questions[0], "Which year?"}, {questions[1], "Which month?"}, {questions[2], "Which day?"}})};
    exhibit.models = {"date-questions"};
    exhibit.views = {{"heatmap", "maps", 0, 1, 0.34f},
                     {"flow", "focus.weights", 1, 1, 0.3f},
                     {"heatmap", "focus.weights", 2, 0.5f, 0.36f},
                     {"bars", "max.saliency", 2, 0.25f, 0.36f},
                     {"bars", "gate.gates", 2, 0.25f, 0.36f}};
    exhibit.output_text = "output";
    exhibit.output_said = true;
    exhibit.run = run_saliency;
    exhibit.training_task = "date-questions";
    exhibit.lesson = saliency_lesson();
    return exhibit;
}

}  // namespace saccade
