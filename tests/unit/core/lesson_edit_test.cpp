#include "run/lesson_edit.hpp"

#include <set>

#include "io/text_file.hpp"
#include "run/lesson_file.hpp"
#include "run/run.hpp"
#include "run/scene_offer.hpp"
#include "testing.hpp"

namespace saccade::lesson_edit_test {
namespace {

using nlohmann::json;
using test::TemporaryFolder;

Session shown() {
    Session session;
    session.request.exhibit = "memory";
    for (const ParamSpec& spec : exhibit("memory").params) session.request.params.set(spec.name, spec.fallback);
    session.request.params.set("read", std::string("hard"));
    session.request.interventions = {parse_intervention("weights[0,1]=0.5")};
    session.view = {{"theme", "dark"},           {"step", -1},
                    {"scale", "linear"},         {"enlarged", "heatmap/weights"},
                    {"options", json::object()}, {"selected", {{"tensor", "weights"}, {"index", {0, 1}}}}};
    return session;
}

json scene_that_says(const Session& session, const std::string& text, const char* language) {
    json scene = recorded_scene(session);
    scene["text"][language] = text;
    return scene;
}

TEST(LessonEdit, records_what_differs_from_the_opening_and_plays_it_again) {
    Session session = shown();
    const json scene = scene_that_says(session, "A hard read.", "en");
    EXPECT_EQ(scene["state"]["request"]["params"], (json{{"read", "hard"}}));
    EXPECT_FALSE(scene["state"]["request"].contains("seed"));
    EXPECT_EQ(scene["state"]["view"],
              (json{{"enlarged", "heatmap/weights"}, {"selected", {{"tensor", "weights"}, {"index", {0, 1}}}}}));
    session.compared = session.request;
    session.compared->interventions.clear();
    session.compared->params.set("tie", true);
    json document = new_lesson_document("Mine", "en");
    insert_scene(document, std::string::npos, scene);
    insert_scene(document, 0, scene_that_says(session, "并排。", "zh"));
    const TemporaryFolder folder;
    save_lesson(folder / "l.json", document);
    const LessonFile lesson = load_lesson(folder / "l.json");
    ASSERT_EQ(lesson.scenes.size(), 2u);
    EXPECT_EQ(lesson.scenes[0].request.params.text("read"), "hard");
    EXPECT_EQ(lesson.scenes[0].request.interventions, session.request.interventions);
    ASSERT_TRUE(lesson.scenes[1].compared);
    EXPECT_TRUE(lesson.scenes[1].compared->interventions.empty()) << "B is not changed by hand because A is";
    EXPECT_TRUE(lesson.scenes[1].compared->params.toggle("tie"));
    EXPECT_EQ(lesson.scenes[1].text.in(false), "并排。");
}

TEST(LessonEdit, scenes_change_places_and_texts_and_go) {
    json document = new_lesson_document("Mine", "en");
    for (const char* text : {"one", "two", "three"})
        insert_scene(document, document["scenes"].size(), scene_that_says(shown(), text, "en"));
    EXPECT_EQ(move_scene(document, 2, -1), 1u);
    EXPECT_EQ(move_scene(document, 0, -1), 0u);
    EXPECT_EQ(document["scenes"][1]["text"]["en"], "three");
    EXPECT_TRUE(set_lesson_text(document, "/scenes/1/text", "zh", "三"));
    EXPECT_EQ(document["scenes"][1]["text"], (json{{"en", "three"}, {"zh", "三"}}));
    EXPECT_TRUE(remove_scene(document, 0));
    EXPECT_TRUE(remove_scene(document, 0));
    EXPECT_FALSE(remove_scene(document, 0)) << "a lesson has a scene";
    EXPECT_EQ(document["scenes"][0]["text"]["en"], "two");
}

TEST(LessonEdit, a_text_goes_where_the_other_language_is_left) {
    json document = new_lesson_document("Mine", "en");
    insert_scene(document, std::string::npos, scene_that_says(shown(), "one", "en"));
    EXPECT_EQ(lesson_text(document, "/text", "en"), "");
    EXPECT_TRUE(set_lesson_text(document, "/text", "zh", "关于"));
    EXPECT_EQ(lesson_text(document, "/text", "zh"), "关于");
    EXPECT_TRUE(set_lesson_text(document, "/text", "zh", "")) << "the line about the whole may be left out";
    EXPECT_FALSE(document.contains("text"));
    EXPECT_FALSE(set_lesson_text(document, "/title", "en", "")) << "a lesson has a title";
    EXPECT_TRUE(set_lesson_text(document, "/scenes/0/text", "zh", "一"));
    EXPECT_TRUE(set_lesson_text(document, "/scenes/0/text", "en", ""));
    EXPECT_EQ(document["scenes"][0]["text"], (json{{"zh", "一"}}));
    add_claim(document, 0, {{"claim", "point"}, {"point", 2}, {"text", {{"en", "it sums"}}}});
    EXPECT_TRUE(set_lesson_text(document, "/scenes/0/claims/0/text", "en", "")) << "the exhibit's own words stand in";
    EXPECT_NO_THROW(lesson_from_json(document));
}

TEST(LessonEdit, claims_about_the_row_that_is_asked_for_wait_for_the_guess) {
    json document = new_lesson_document("Mine", "en");
    insert_scene(document, std::string::npos, scene_that_says(shown(), "one", "en"));
    const json row{{"query", "q1"}};
    const auto claim = [&](const json& of) {
        return json{
            {"claim", "largest"}, {"tensor", "weights"}, {"row", of}, {"on", {{"slot", "bat"}}}, {"text", {{"en", "x"}}}};
    };
    const auto waits = [&](std::size_t i) { return document["scenes"][0]["claims"][i].contains("after_guess"); };
    add_claim(document, 0, claim(row));
    EXPECT_FALSE(waits(0));
    set_question(document, 0, {{"text", {{"en", "Where?"}}}, {"tensor", "weights"}, {"row", row}});
    EXPECT_TRUE(waits(0));
    add_claim(document, 0, claim(row));
    add_claim(document, 0, claim({{"query", "q2"}}));
    EXPECT_TRUE(waits(1));
    EXPECT_FALSE(waits(2)) << "another row is no answer";
    EXPECT_NO_THROW(lesson_from_json(document));
    remove_claim(document, 0, 1);
    EXPECT_EQ(document["scenes"][0]["claims"].size(), 2u);
    remove_question(document, 0);
    EXPECT_FALSE(waits(0));
    EXPECT_NO_THROW(lesson_from_json(document));
}

TEST(LessonEdit, tokens_and_views_are_lit_and_no_longer) {
    json scene = scene_that_says(shown(), "one", "en");
    const json bat{{"query", {"q1"}}, {"slot", {"bat"}}}, cat{{"slot", {"cat"}}};
    EXPECT_FALSE(is_lit(scene, bat));
    toggle_lit(scene, bat);
    toggle_lit(scene, cat);
    EXPECT_TRUE(is_lit(scene, bat) && is_lit(scene, cat));
    EXPECT_EQ(scene["highlights"]["tokens"], (json{{"query", {"q1"}}, {"slot", {"bat", "cat"}}}));
    toggle_lit(scene, bat);
    EXPECT_EQ(scene["highlights"]["tokens"], (json{{"slot", {"cat"}}}));
    toggle_framed(scene, "heatmap/weights");
    EXPECT_TRUE(is_framed(scene, "heatmap/weights"));
    toggle_framed(scene, "heatmap/weights");
    toggle_lit(scene, cat);
    EXPECT_FALSE(scene.contains("highlights")) << "nothing is left to be written";
    scene["highlights"]["tokens"]["slot"] = "bat";
    EXPECT_TRUE(is_lit(scene, {{"slot", {"bat"}}})) << "as people write one";
}

TEST(LessonEdit, a_scene_that_says_nothing_yet_is_a_draft_and_no_lesson) {
    json document = new_lesson_document("Mine", "en");
    insert_scene(document, std::string::npos, scene_that_says(shown(), "one", "en"));
    insert_scene(document, 0, recorded_scene(shown()));
    EXPECT_EQ(scenes_without_text(lesson_draft_from_json(document)), std::vector<std::size_t>{2});
    EXPECT_THROW(lesson_from_json(document), Error);
    EXPECT_TRUE(set_lesson_text(document, "/scenes/0/text", "en", "")) << "it is being written anew";
    EXPECT_EQ(scenes_without_text(lesson_draft_from_json(document)), (std::vector<std::size_t>{1, 2}));
    for (const char* scene : {"/scenes/0/text", "/scenes/1/text"}) set_lesson_text(document, scene, "zh", "一");
    EXPECT_TRUE(scenes_without_text(lesson_draft_from_json(document)).empty());
    EXPECT_NO_THROW(lesson_from_json(document));
    document["scenes"][0]["text"] = 3;
    EXPECT_THROW(lesson_draft_from_json(document), Error) << "that is no text";
}

TEST(LessonEdit, an_updated_scene_keeps_what_it_says_claims_and_asks) {
    json document = new_lesson_document("Mine", "en");
    insert_scene(document, std::string::npos, scene_that_says(shown(), "one", "en"));
    const json row{{"query", "q1"}};
    add_claim(document, 0, {{"claim", "sums_to_1"}, {"tensor", "weights"}, {"text", {{"en", "it sums"}}}});
    set_question(document, 0, {{"text", {{"en", "Where?"}}}, {"tensor", "weights"}, {"row", row}});
    json expected = document;
    Session now = shown();
    now.request.params.set("tie", true);
    now.request.interventions.clear();
    update_scene(document, 0, now);
    const RunRequest updated = lesson_from_json(document).scenes[0].request;
    EXPECT_TRUE(updated.params.toggle("tie") && updated.interventions.empty());
    EXPECT_NE(document["scenes"][0]["state"], expected["scenes"][0]["state"]);
    expected["scenes"][0]["state"] = document["scenes"][0]["state"];
    EXPECT_EQ(document, expected);
}

/// Of all of the document but what names places, parameters and options.
void collect_keys(const json& value, std::set<std::string>& keys) {
    const std::set<std::string> named = {"params", "options", "at", "row", "on", "tokens"};
    if (value.is_array())
        for (const json& one : value) collect_keys(one, keys);
    if (!value.is_object()) return;
    for (const auto& [key, one] : value.items()) {
        keys.insert(key);
        if (!named.contains(key)) collect_keys(one, keys);
    }
}

TEST(LessonEdit, every_key_that_is_written_is_documented) {
    Session session = shown();
    session.request.seed = 11;
    session.request.weights_path = "other.safetensors";
    session.request.capture.names = {"weights"};
    session.request.analyses = {"entropy"};
    session.compared = session.request;
    session.compared->params.set("tie", true);
    session.view["step"] = 2;
    session.view["scale"] = "log";
    session.view["options"] = {{"numbers", true}};
    session.request.params.set("read", std::string("soft"));
    json document = new_lesson_document("Mine", "en");
    set_lesson_text(document, "/text", "zh", "关于");
    insert_scene(document, std::string::npos, scene_that_says(session, "one", "en"));
    RunRequest request;
    request.exhibit = "memory";
    const TracePtr trace = run(request);
    const CellRef cell{"weights", {0, 4}};
    for (json claim : offered_claims(*trace, exhibit("memory"), cell, true)) add_claim(document, 0, std::move(claim));
    set_question(document, 0, *offered_question(*trace, cell));
    toggle_lit(document["scenes"][0], offered_tokens(*trace, cell).places);
    toggle_framed(document["scenes"][0], "heatmap/weights");
    std::set<std::string> keys;
    collect_keys(document, keys);
    for (const char* key : {"index", "seed", "capture", "compare", "question", "cards"}) EXPECT_TRUE(keys.contains(key)) << key;
    for (const std::string& name : bundled_lessons()) collect_keys(load_lesson(bundled_lesson_path(name)).document, keys);
    const std::string documented = read_text(SACCADE_SOURCE_DIR "/assets/lessons/README.md", 1 << 20);
    for (const std::string& key : keys)
        EXPECT_TRUE(documented.find("`" + key + "`") != std::string::npos ||
                    documented.find("\"" + key + "\"") != std::string::npos)
            << key << " is written, and assets/lessons/README.md does not say what it is";
}

}  // namespace
}  // namespace saccade::lesson_edit_test
