#include "run/lesson_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/text_file.hpp"
#include "run/guess.hpp"
#include "run/run.hpp"
#include "testing.hpp"

namespace saccade::lesson_file_test {
namespace {

using nlohmann::json;
using test::contains;
using test::error_of;
using test::put_bytes;
using test::TemporaryFolder;

json sample() {
    return json::parse(R"({"format": "saccade-lesson", "version": 1, "title": {"en": "Memory", "zh": "记忆"}, "scenes": [
        {"state": {"request": {"exhibit": "memory"}, "view": {"enlarged": "heatmap/weights",
                   "selected": {"tensor": "weights", "at": {"query": 1, "slot": "bat"}}}},
         "text": {"en": "A query finds a slot."},
         "highlights": {"tokens": {"slot": ["bat"]}, "cards": ["heatmap/weights"]},
         "question": {"text": {"en": "Which slot?"}, "tensor": "weights", "row": {"query": 1}},
         "claims": [{"claim": "sums_to_1", "text": {"en": "rows sum to 1"}, "tensor": "weights"},
                    {"claim": "largest", "text": {"zh": "蝙蝠"}, "tensor": "weights", "row": {"query": 1},
                     "on": {"slot": "bat"}, "after_guess": true}]},
        {"state": {"request": {"exhibit": "memory", "params": {"read": "hard"}}, "compare": {"params": {"tie": true}}},
         "text": {"en": "Hard.", "zh": "硬。"},
         "claims": [{"claim": "point", "point": 8}, {"claim": "point", "point": 2, "side": "b"}]}]})");
}

std::string refusal(const json& document) {
    return error_of(ErrorCode::bad_format, [&] { lesson_from_json(document); });
}

/// The same with something else at a place.
json with(const char* pointer, const json& value) {
    json document = sample();
    document[json::json_pointer(pointer)] = value;
    return document;
}

TEST(LessonFile, holds_scenes_of_which_only_what_differs_is_written) {
    const LessonFile lesson = lesson_from_json(sample());
    ASSERT_EQ(lesson.scenes.size(), 2u);
    EXPECT_EQ(lesson.title.in(true), "记忆");
    const LessonScene& first = lesson.scenes[0];
    EXPECT_EQ(first.request.exhibit, "memory");
    EXPECT_EQ(first.text.in(true), "A query finds a slot.") << "what is written in one language stands in for the other";
    EXPECT_EQ(first.view.value("enlarged", ""), "heatmap/weights");
    EXPECT_EQ(first.claims[1].point.english, "蝙蝠");
    EXPECT_TRUE(first.claims[1].after_guess);
    const TracePtr trace = run(first.request);
    EXPECT_EQ(asked_row(*trace, *first.question), (CellRef{"weights", {0, -1}}));
    EXPECT_EQ(cell_of(*trace, first.selected), (CellRef{"weights", {0, 4}}));
    const LessonScene& second = lesson.scenes[1];
    EXPECT_EQ(second.compared->params.text("read"), "hard") << "B has what A has";
    EXPECT_TRUE(second.compared->params.toggle("tie"));
}

TEST(LessonFile, says_what_is_wrong_where_and_what_there_is) {
    EXPECT_TRUE(contains(refusal(json::object()), "is not a Saccade lesson"));
    EXPECT_TRUE(contains(refusal(with("/version", 2)), "version 2; this Saccade knows version 1"));
    EXPECT_TRUE(contains(refusal(with("/scenes", json::array())), "has 0 scenes"));
    EXPECT_TRUE(contains(refusal(with("/title", {{"fr", "Mémoire"}})), "there is no language 'fr': there are en, zh"));
    const std::string exhibit = refusal(with("/scenes/1/state/request/exhibit", "memorry"));
    EXPECT_TRUE(contains(exhibit, "scene 2") && contains(exhibit, "no exhibit 'memorry'") && contains(exhibit, "alignment"));
    const std::string model =
        refusal(with("/scenes/0/state/request", {{"exhibit", "alignment"}, {"params", {{"model", "x"}}}}));
    EXPECT_TRUE(contains(model, "scene 1") && contains(model, "zh-en-gru")) << model;
    const std::string param = refusal(with("/scenes/0/state/request/params", {{"hop", 2}}));
    EXPECT_TRUE(contains(param, "memory has no parameter 'hop': there are q, k, v")) << param;
    const std::string view = refusal(with("/scenes/0/state/view/enlarged", "heatmap/weight"));
    EXPECT_TRUE(contains(view, "scene 1") && contains(view, "no view 'heatmap/weight'") && contains(view, "heatmap/weights"));
    EXPECT_TRUE(contains(refusal(with("/scenes/0/highlights/cards/0", "x/y")), "no view 'x/y'"));
    const std::string key = refusal(with("/scenes/1/clams", json::array()));
    EXPECT_TRUE(contains(key, "scene 2: there is no key 'clams'") && contains(key, "claims")) << key;
    const std::string kind = refusal(with("/scenes/0/claims/1/claim", "biggest"));
    EXPECT_TRUE(contains(kind, "scene 1, claim 2: there is no claim 'biggest': choose one of: point, sums_to_1, largest"));
    EXPECT_TRUE(contains(refusal(with("/scenes/1/claims/0/point", 99)), "from 1 to 12"));
    EXPECT_TRUE(contains(refusal(with("/scenes/1/claims/0/point", 10)), "point 10 of memory claims nothing"));
    EXPECT_TRUE(contains(refusal(with("/scenes/0/claims/0/side", "b")), "the scene compares nothing"));
    EXPECT_TRUE(contains(refusal(with("/scenes/1/claims/0/after_guess", true)), "the scene asks nothing"));
    EXPECT_TRUE(contains(refusal(with("/scenes/0/claims/1/on/slot", 0)), "scene 1, claim 2"));
}

TEST(LessonFile, a_text_has_an_end) {
    std::string text;
    for (std::size_t i = 0; i < longest_lesson_text; ++i) text += "中";
    EXPECT_EQ(lesson_from_json(with("/scenes/0/text/zh", text)).scenes.size(), 2u);
    const std::string said = refusal(with("/scenes/0/text/zh", text + "中"));
    EXPECT_TRUE(contains(said, "scene 1's text has 2001 characters") && contains(said, "at most 2000")) << said;
}

/// What is not there of a scene of "memory" on its run.
std::string not_there(const char* pointer, const json& value) {
    const LessonScene scene = lesson_from_json(with(pointer, value)).scenes[0];
    const TracePtr trace = run(scene.request);
    return error_of(ErrorCode::not_found, [&] {
        check_state(scene, *trace);
        asked_row(*trace, *scene.question);
    });
}

TEST(LessonFile, what_a_scene_names_and_its_run_does_not_have_is_said) {
    const std::string changes = not_there("/scenes/0/state/request/interventions", {"weights[99,1]=0"});
    EXPECT_TRUE(contains(changes, "weights[99,1]=0") && contains(changes, "query goes from 0 to ")) << changes;
    const std::string step = not_there("/scenes/0/state/view/step", 3);
    EXPECT_TRUE(contains(step, "no step 3") && contains(step, "from 0 to 1")) << step;
    const std::string negative = refusal(with("/scenes/0/state/view/step", -5));
    EXPECT_TRUE(contains(negative, "'step' is -5: give a step, from 0 on")) << negative;
    const std::string cell = not_there("/scenes/0/state/view/selected", {{"tensor", "weights"}, {"index", {0, 99}}});
    EXPECT_TRUE(contains(cell, "weights has no cell [0,99]")) << cell;
    const std::string tensor = not_there("/scenes/0/state/view/selected", {{"tensor", "wieghts"}, {"index", {0, 0}}});
    EXPECT_TRUE(contains(tensor, "no tensor 'wieghts'") && contains(tensor, "saccade describe memory")) << tensor;
    const std::string axis = not_there("/scenes/0/question/row", {{"qurey", 1}});
    EXPECT_TRUE(contains(axis, "no axis 'qurey'") && contains(axis, "query, slot")) << axis;
}

TEST(LessonFile, a_missing_comma_is_said_with_file_line_and_column) {
    const TemporaryFolder folder;
    put_bytes(folder / "l.json", "{\n  \"format\": \"saccade-lesson\"\n  \"version\": 1\n}");
    const std::string line = error_of(ErrorCode::bad_format, [&] { load_lesson(folder / "l.json"); });
    EXPECT_TRUE(contains(line, "l.json: is not JSON (line 2, column 29): expected ',' or '}'")) << line;
}

TEST(LessonFile, what_is_wrong_in_a_scene_is_said_with_its_line_and_column) {
    const TemporaryFolder folder;
    const auto said_of = [&](const json& document) {
        put_bytes(folder / "l.json", document.dump(1));
        return error_of(ErrorCode::bad_format, [&] { load_lesson(folder / "l.json"); });
    };
    /// Of the text that dump(1) writes of a document.
    const auto place_of = [](const json& document, const std::string& word) {
        const std::string text = document.dump(1), before = text.substr(0, text.find(word));
        const auto line = std::ranges::count(before, '\n') + 1;
        return fmt::format("(line {}, column {})", line, before.size() - before.rfind('\n'));
    };
    const json exhibit = with("/scenes/1/state/request/exhibit", "memorry");
    EXPECT_TRUE(contains(said_of(exhibit), "scene 2") && contains(said_of(exhibit), place_of(exhibit, "\"memorry\"")))
        << said_of(exhibit);
    json key = with("/scenes/0/text/fr", "Où ?");
    key["scenes"][1]["text"]["fr"] = "Là.";
    EXPECT_TRUE(contains(said_of(key), "scene 1's text") && contains(said_of(key), place_of(key, "\"fr\""))) << said_of(key);
    const json second = with("/scenes/1/text", {{"fr", "Là."}});
    EXPECT_TRUE(contains(said_of(second), place_of(second, "\"fr\""))) << said_of(second);
    const json title = with("/title", {{"fr", "Mémoire"}});
    EXPECT_TRUE(contains(said_of(title), place_of(title, "\"fr\""))) << said_of(title);
    EXPECT_FALSE(contains(said_of(with("/scenes", json::array())), "line")) << "that nothing is there is nowhere";
}

/// The verdict of one claim on the first scene's run, and what was found.
std::pair<std::string, std::string> judged(const json& claim) {
    json document = sample();
    document["scenes"] = json::array({document["scenes"][0]});
    document["scenes"][0]["claims"] = json::array({claim});
    const LessonFile lesson = lesson_from_json(document);
    const TracePtr trace = run(lesson.scenes[0].request);
    const Finding finding = check_scene(lesson.scenes[0], *trace, nullptr).front();
    return {verdict(lesson.scenes[0].claims[0].point, finding),
            finding.claim ? found_against_claimed(*finding.claim) : finding.problem};
}

json claim(const char* text) {
    json result = json::parse(text);
    result["text"] = {{"en", "said"}};
    return result;
}

TEST(LessonFile, claims_are_executed_and_can_be_broken) {
    const auto verdict_of = [](const char* text) { return judged(claim(text)).first; };
    EXPECT_EQ(verdict_of(R"({"claim": "sums_to_1", "tensor": "weights"})"), "held");
    EXPECT_EQ(verdict_of(R"({"claim": "sums_to_1", "tensor": "values"})"), "broken");
    EXPECT_EQ(verdict_of(R"({"claim": "largest", "tensor": "weights", "row": {"query": 1}, "on": {"slot": "bat"}})"), "held");
    const auto other =
        judged(claim(R"({"claim": "largest", "tensor": "weights", "row": {"query": 1}, "on": {"slot": "cat"}})"));
    EXPECT_EQ(other.first, "broken");
    EXPECT_TRUE(contains(other.second, "the largest is on “bat”")) << other.second;
    EXPECT_EQ(verdict_of(R"({"claim": "share", "tensor": "weights", "on": {"slot": [1, 2, 3, 4, 5]}, "at_least": 0.999})"),
              "held");
    EXPECT_EQ(verdict_of(R"({"claim": "share", "tensor": "weights", "on": {"slot": "bat"}, "at_most": 0.01})"), "broken");
    EXPECT_EQ(verdict_of(R"({"claim": "rule", "tensor": "scores"})"), "held");
    EXPECT_EQ(verdict_of(R"j({"claim": "rule", "rule": "context[i,k] = sum_j(weights[i,j] * values[j,k])"})j"), "held");
    EXPECT_EQ(verdict_of(R"j({"claim": "rule", "rule": "context[i,k] = sum_j(values[j,k])"})j"), "broken");
    const auto tensor = judged(claim(R"({"claim": "sums_to_1", "tensor": "wieghts"})"));
    EXPECT_EQ(tensor.first, "not on this run");
    EXPECT_TRUE(contains(tensor.second, "wieghts") && contains(tensor.second, "weights")) << tensor.second;
    const auto token = judged(claim(R"({"claim": "share", "tensor": "weights", "on": {"slot": "dog"}, "at_least": 0})"));
    EXPECT_EQ(token.first, "not on this run");
    EXPECT_TRUE(contains(token.second, "no “dog” on slot: there are cat eagle salmon whale bat")) << token.second;
}

TEST(LessonFile, a_text_that_is_claimed_is_what_the_run_wrote) {
    json document = sample();
    document["scenes"] = json::array({{{"state", {{"request", {{"exhibit", "alignment"}}}}},
                                       {"text", {{"en", "A date."}}},
                                       {"claims",
                                        {{{"claim", "text"}, {"text", {{"en", "it"}}}, {"is", "2019-09-30"}},
                                         {{"claim", "text"}, {"text", {{"en", "it"}}}, {"contains", "2020"}}}}}});
    const LessonFile lesson = lesson_from_json(document);
    const std::vector<Finding> findings = check_scene(lesson.scenes[0], *run(lesson.scenes[0].request), nullptr);
    EXPECT_TRUE(findings[0].claim->holds);
    EXPECT_FALSE(findings[1].claim->holds);
    EXPECT_EQ(findings[1].claim->found, "it is “2019-09-30”");
}

TEST(LessonFile, a_guess_is_as_far_off_as_the_weight_that_lies_elsewhere) {
    EXPECT_DOUBLE_EQ(guess_distance({0.5f, 0.5f, 0}, {0.5f, 0.5f, 0}), 0);
    EXPECT_DOUBLE_EQ(guess_distance({1, 0, 0}, {0, 0, 1}), 1);
    EXPECT_DOUBLE_EQ(guess_distance({0.5f, 0.5f, 0}, {0.25f, 0.5f, 0.25f}), 0.25);
    std::vector<float> guess = even_guess(4);
    set_share(guess, 1, 0.7f);
    EXPECT_FLOAT_EQ(guess[1], 0.7f);
    EXPECT_FLOAT_EQ(guess[0], 0.1f) << "the others give in proportion";
    set_share(guess, 1, 1);
    EXPECT_EQ(guess, (std::vector<float>{0, 1, 0, 0}));
    set_share(guess, 1, 0.4f);
    EXPECT_FLOAT_EQ(guess[3], 0.2f) << "and where they have nothing, all alike";
}

/// Of each scene the verdicts of its claims: h held, b broken, - not on this run; ? after a question.
std::string verdicts_of(const std::string& name) {
    std::string all;
    for (const LessonScene& scene : load_lesson(bundled_lesson_path(name)).scenes) {
        const TracePtr a = run(scene.request), b = scene.compared ? run(*scene.compared) : nullptr;
        if (!all.empty()) all += " ";
        if (scene.question) all += "?";
        if (scene.question) asked_row(*a, *scene.question);
        check_state(scene, *a);
        if (!scene.selected.tensor.empty()) cell_of(*a, scene.selected);
        for (const NamedPlaces& lit : scene.tokens) {
            EXPECT_NE(a->axis(lit.axis), nullptr) << name << ": " << lit.axis;
            if (a->axis(lit.axis) != nullptr) positions_of(*a->axis(lit.axis), lit);
        }
        const std::vector<Finding> findings = check_scene(scene, *a, b.get());
        for (std::size_t i = 0; i < findings.size(); ++i) {
            const std::string said = verdict(scene.claims[i].point, findings[i]);
            all += said == "held" ? 'h' : said == "not on this run" ? '-' : 'b';
            EXPECT_EQ(said, "held") << name << ": " << scene.claims[i].point.english << ": " << findings[i].problem;
        }
    }
    return all;
}

TEST(LessonFile, every_scene_of_every_lesson_claims_what_is_so) {
    const std::map<std::string, std::string> pinned{
        {"alignment", "hhh ?hh hhh hhh hh"},
        {"bottleneck", "hh hh hh hh"},
        {"captioning", "hhh hh hhh h h"},
        {"capture", "hh ?hh hhh h"},
        {"channel", "hh hhh h hhh hh"},
        {"checkpoint", "hh ?hh hh hh"},
        {"complexity", "hh h hhh hh h"},
        {"fixed-context-to-attention", "hh hhhh hhh ?hhh hhh hh hh hhh hhh hh"},
        {"first-look", "hhh"},
        {"glimpses", "hh ?hhh hh hh hh"},
        {"head-statistics", "h ?hh hh hhh h"},
        {"induction", "hh ?hh hh hh hh"},
        {"inside-a-transformer", "hhh hhh ?hh hh hh hhh hh ?hh hhh"},
        {"memory", "hh ?hhh hhh hh hh"},
        {"multi-head", "hhh ?hh hh hh hh"},
        {"permutation", "hh ?hh hh h h"},
        {"positions", "h hh hh hh hhh"},
        {"reading", "hh hhh hh hh h"},
        {"rnn-shapes", "hhh h h h h hhh"},
        {"saliency", "?hh hhh hhh hh hhh"},
        {"seeing-with-attention", "hhh hh h h hhh hh h hhh ?hh"},
        {"self-attention", "hhh ?hhh hh hh hh"},
        {"spatial", "h hh hh h hh"},
        {"temporal", "hh ?h hhh hh hh"},
        {"transformer", "hh h ?hh hhh hh"},
        {"vision-checkpoint", "hh hh h hh"},
    };
    std::vector<std::string> names;
    for (const auto& [name, verdicts] : pinned) names.push_back(name);
    EXPECT_EQ(bundled_lessons(), names) << "a lesson that is bundled is pinned here";
    for (const auto& [name, verdicts] : pinned) EXPECT_EQ(verdicts_of(name), verdicts) << name;
}

TEST(LessonFile, every_exhibit_has_one_of_its_own_behind_the_courses) {
    const std::vector<OfferedLesson> all = offered_lessons();
    ASSERT_EQ(all.size(), bundled_lessons().size()) << "each can be read";
    const std::size_t courses = all.size() - exhibits().size();
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string of = i < courses ? "" : exhibits()[i - courses].id;
        EXPECT_EQ(all[i].exhibit, of) << all[i].name;
        if (i < courses) continue;
        EXPECT_EQ(all[i].name, of);
        EXPECT_TRUE(all[i].scenes >= 4 && all[i].scenes <= 6) << all[i].name;
    }
}

TEST(LessonFile, every_text_of_every_lesson_is_in_both_languages) {
    const auto whole = [](const InLanguages& text) {
        return !text.english.empty() && !text.chinese.empty() &&
               text.english.find_first_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos;
    };
    for (const std::string& name : bundled_lessons()) {
        const LessonFile lesson = load_lesson(bundled_lesson_path(name));
        EXPECT_TRUE(whole(lesson.title) && whole(lesson.text)) << name;
        for (const LessonScene& scene : lesson.scenes) {
            EXPECT_TRUE(whole(scene.text)) << name << ": " << scene.text.english;
            EXPECT_TRUE(!scene.question || whole(scene.question->text)) << name << ": " << scene.text.english;
        }
        // A claim in one language stands in for the other, so the document says whether it is there.
        for (const json& scene : lesson.document["scenes"])
            for (const json& one : scene["claims"]) EXPECT_EQ(one["text"].size(), 2u) << name << ": " << one;
    }
}

}  // namespace
}  // namespace saccade::lesson_file_test
