#include "run/lesson_edit.hpp"

#include "run/lesson_file.hpp"
#include "run/run.hpp"
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

TEST(LessonEdit, records_what_differs_from_the_opening_and_plays_it_again) {
    Session session = shown();
    const json scene = recorded_scene(session, "A hard read.", "en");
    EXPECT_EQ(scene["state"]["request"]["params"], (json{{"read", "hard"}}));
    EXPECT_FALSE(scene["state"]["request"].contains("seed"));
    EXPECT_EQ(scene["state"]["view"],
              (json{{"enlarged", "heatmap/weights"}, {"selected", {{"tensor", "weights"}, {"index", {0, 1}}}}}));
    session.compared = session.request;
    session.compared->interventions.clear();
    session.compared->params.set("tie", true);
    json document = new_lesson_document("Mine");
    insert_scene(document, std::string::npos, scene);
    insert_scene(document, 0, recorded_scene(session, "并排。", "zh"));
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
    json document = new_lesson_document("Mine");
    for (const char* text : {"one", "two", "three"})
        insert_scene(document, document["scenes"].size(), recorded_scene(shown(), text, "en"));
    EXPECT_EQ(move_scene(document, 2, -1), 1u);
    EXPECT_EQ(move_scene(document, 0, -1), 0u);
    EXPECT_EQ(document["scenes"][1]["text"]["en"], "three");
    set_scene_text(document, 1, "zh", "三");
    EXPECT_EQ(document["scenes"][1]["text"], (json{{"en", "three"}, {"zh", "三"}}));
    EXPECT_TRUE(remove_scene(document, 0));
    EXPECT_TRUE(remove_scene(document, 0));
    EXPECT_FALSE(remove_scene(document, 0)) << "a lesson has a scene";
    EXPECT_EQ(document["scenes"][0]["text"]["en"], "two");
}

}  // namespace
}  // namespace saccade::lesson_edit_test
