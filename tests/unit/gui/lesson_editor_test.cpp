#include "ui/lesson_editor.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "run/lesson_edit.hpp"
#include "run/scene_offer.hpp"
#include "unit/gui/controller_fixture.hpp"
#include "unit/scratch.hpp"

namespace saccade::lesson_editor_test {
namespace {

using nlohmann::json;

class LessonEditorTest : public ControllerTest {
 protected:
    LessonEditorTest() {
        act_.choose_exhibit("memory");
        settle();
        editor_.record();
        judge();
    }

    /// Until the claims of the scene are checked on what is shown.
    void judge() {
        settle();
        while (state_.lesson.judged[0] != state_.document.sides[0].shown.trace) act_.poll();
    }
    const json& document() const { return state_.lesson.file->document; }
    const json& scene() const { return document()["scenes"][state_.lesson.scene]; }
    std::vector<std::string> verdicts() const {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < state_.lesson.findings.size(); ++i)
            all.push_back(verdict(state_.lesson.current()->claims[i].point, state_.lesson.findings[i]));
        return all;
    }
    /// What is offered of this kind of the cell.
    json offered(const std::string& kind, const CellRef& cell) const {
        for (const json& claim : offered_claims(*state_.document.trace(), state_.document.exhibit(), cell, false))
            if (claim["claim"] == kind) return claim;
        return nullptr;
    }

    LessonEditor& editor_ = act_.editor();
};

TEST_F(LessonEditorTest, ClaimsAreJudgedAsTheyAreAddedAndTakenOutAgain) {
    editor_.add_claim(offered("largest", {"weights", {0, 4}}));
    nlohmann::json wrong = offered("largest", {"weights", {0, 4}});
    wrong["on"] = {{"slot", "cat"}};
    editor_.add_claim(wrong);
    judge();
    EXPECT_EQ(verdicts(), (std::vector<std::string>{"held", "broken"}));
    editor_.remove_claim(1);
    judge();
    EXPECT_EQ(verdicts(), std::vector<std::string>{"held"});
    editor_.undo();
    judge();
    EXPECT_EQ(verdicts(), (std::vector<std::string>{"held", "broken"}));
}

TEST_F(LessonEditorTest, UndoGoesBackThroughEveryChangeAndRedoOnAgain) {
    const json first = document();
    EXPECT_TRUE(state_.lesson.unsaved());
    editor_.set_text("/title", "A");
    editor_.set_text("/title", "Animals");
    state_.view.language = "zh";
    editor_.set_text("/title", "动物");
    EXPECT_EQ(document()["title"], (json{{"en", "Animals"}, {"zh", "动物"}}));
    editor_.ask(*offered_question(*state_.document.trace(), {"weights", {0, 4}}));
    editor_.toggle_lit({{"slot", {"bat"}}});
    editor_.toggle_framed("heatmap/weights");
    act_.inputs().set_param("read", std::string("hard"));
    settle();
    editor_.record();
    editor_.move_scene(-1);
    EXPECT_EQ(state_.lesson.scene, 0u);
    const json last = document();
    EXPECT_EQ(state_.lesson.editing.undo.size(), 7u) << "what is typed in one field without a pause is one change";
    while (!state_.lesson.editing.undo.empty()) editor_.undo();
    EXPECT_EQ(document(), first);
    while (!state_.lesson.editing.redo.empty()) editor_.redo();
    EXPECT_EQ(document(), last);
    editor_.undo();
    editor_.set_text("/title", "Andere");
    EXPECT_TRUE(state_.lesson.editing.redo.empty()) << "what was undone is gone once something else is done";
}

TEST_F(LessonEditorTest, TheStageGoesAlongWithASceneThatComesBack) {
    act_.inputs().set_param("read", std::string("hard"));
    settle();
    editor_.record();
    ASSERT_EQ(state_.lesson.scene, 1u);
    editor_.remove_scene();
    judge();
    EXPECT_EQ(state_.document.side().request.params.text("read"), "soft");
    editor_.undo();
    judge();
    EXPECT_EQ(state_.lesson.scene, 1u);
    EXPECT_EQ(state_.document.side().request.params.text("read"), "hard");
    EXPECT_TRUE(editor_.shows_scene());
}

TEST_F(LessonEditorTest, KeysOfUndoAreTheEditorsWhileItHasTheFocus) {
    const std::uint64_t before = state_.document.side().request.seed;
    act_.inputs().set_seed(before + 1);
    settle();
    editor_.set_text("/title", "Animals");
    state_.lesson.editing.has_focus = true;
    act_.undo();
    EXPECT_EQ(document()["title"]["en"], "My lesson");
    EXPECT_EQ(state_.document.side().request.seed, before + 1);
    act_.redo();
    EXPECT_EQ(document()["title"]["en"], "Animals");
    state_.lesson.editing.has_focus = false;
    act_.undo();
    EXPECT_EQ(state_.document.side().request.seed, before);
    EXPECT_EQ(document()["title"]["en"], "Animals");
}

TEST_F(LessonEditorTest, WhoWritesAQuestionSeesItsRowAndAClassDoesNot) {
    editor_.ask(*offered_question(*state_.document.trace(), {"weights", {0, 4}}));
    editor_.add_claim(offered("largest", {"weights", {0, 4}}));
    EXPECT_TRUE(scene()["claims"][0]["after_guess"]);
    judge();
    EXPECT_FALSE(act_.lesson().covered());
    editor_.preview();
    EXPECT_TRUE(state_.present.on && act_.lesson().covered());
    act_.lesson().reveal();
    state_.present.end();
    editor_.preview();
    EXPECT_TRUE(act_.lesson().covered()) << "each time anew";
    state_.present.end();
    editor_.ask_no_more();
    EXPECT_FALSE(scene().contains("question") || scene()["claims"][0].contains("after_guess"));
}

TEST_F(LessonEditorTest, ANewLessonIsInTheLanguageThatIsWritten) {
    state_.lesson = {};
    state_.view.language = "zh";
    editor_.record();
    EXPECT_EQ(document()["title"].size(), 1u);
    EXPECT_TRUE(document()["title"].contains("zh"));
    editor_.set_text("/scenes/0/text", "一");
    EXPECT_EQ(scene()["text"], (json{{"zh", "一"}}));
}

TEST_F(LessonEditorTest, ATextThatIsTooLongIsRefusedAndSaid) {
    const json before = document();
    editor_.set_text("/title", std::string(longest_lesson_text + 1, 'a'));
    EXPECT_EQ(document(), before);
    ASSERT_TRUE(state_.banner && state_.banner->error);
    EXPECT_TRUE(state_.lesson.editing.undo.empty());
}

TEST_F(LessonEditorTest, WhatIsSavedAndComeBackToIsNotUnsaved) {
    const test::TemporaryFolder folder;
    editor_.set_text("/scenes/0/text", "It reads.");
    editor_.save_to(folder / "mine.json");
    EXPECT_FALSE(state_.lesson.unsaved());
    editor_.set_text("/title", "Animals");
    EXPECT_TRUE(state_.lesson.unsaved());
    editor_.undo();
    EXPECT_FALSE(state_.lesson.unsaved());
    EXPECT_EQ(load_lesson(folder / "mine.json").title.english, "My lesson");
}

TEST_F(LessonEditorTest, ASceneWithoutATextIsNamedAndNothingIsSavedOrLost) {
    const test::TemporaryFolder folder;
    EXPECT_TRUE(scene()["text"].empty()) << "no words are put into anybody's mouth";
    editor_.set_text("/scenes/0/text", "It reads.");
    editor_.record();
    const json before = document();
    editor_.save();
    EXPECT_EQ(state_.prompt.kind, PathPrompt::Kind::none);
    ASSERT_TRUE(state_.banner && state_.banner->error);
    EXPECT_NE(state_.banner->text.find("scene 2"), std::string::npos) << state_.banner->text;
    EXPECT_THROW(editor_.save_to(folder / "mine.json"), Error);
    EXPECT_FALSE(std::filesystem::exists(folder / "mine.json"));
    EXPECT_EQ(document(), before);
    editor_.set_text("/scenes/1/text", "And again.");
    editor_.save();
    EXPECT_EQ(state_.prompt.kind, PathPrompt::Kind::save_lesson);
    editor_.save_to(folder / "mine.json");
    EXPECT_EQ(load_lesson(folder / "mine.json").scenes.size(), 2u);
}

TEST_F(LessonEditorTest, ASceneIsUpdatedByWhatIsShownAndKeepsWhatItSays) {
    editor_.set_text("/scenes/0/text", "It reads.");
    editor_.add_claim(offered("sums_to_1", {"weights", {0, 4}}));
    const json before = document();
    act_.inputs().set_param("read", std::string("hard"));
    judge();
    EXPECT_FALSE(editor_.shows_scene());
    editor_.update_scene();
    judge();
    EXPECT_TRUE(editor_.shows_scene());
    EXPECT_EQ(scene()["state"]["request"]["params"]["read"], "hard");
    EXPECT_EQ(scene()["text"], before["scenes"][0]["text"]);
    EXPECT_EQ(verdicts(), std::vector<std::string>{"held"}) << "its claims are judged on the run that it now asks for";
    editor_.undo();
    judge();
    EXPECT_EQ(document(), before);
    EXPECT_EQ(state_.document.side().request.params.text("read"), "soft");
    EXPECT_TRUE(editor_.shows_scene());
    editor_.redo();
    judge();
    EXPECT_EQ(state_.document.side().request.params.text("read"), "hard");
    EXPECT_TRUE(editor_.shows_scene());
}

TEST_F(LessonEditorTest, WhatAClaimOfTheSceneNeedsIsNotUpdatedAway) {
    act_.comparison().toggle();
    judge();
    editor_.update_scene();
    ASSERT_TRUE(scene()["state"].contains("compare"));
    json of_b = offered("sums_to_1", {"weights", {0, 4}});
    of_b["side"] = "b";
    editor_.add_claim(of_b);
    const json before = document();
    act_.comparison().toggle();
    judge();
    editor_.update_scene();
    EXPECT_EQ(document(), before);
    EXPECT_TRUE(state_.banner && state_.banner->error);
    EXPECT_FALSE(editor_.shows_scene()) << "it would be taken for what is shown";
}

TEST_F(LessonEditorTest, WhatIsNotSavedIsAskedAboutOnceWhereverItWouldBeLost) {
    act_.lesson().close();
    EXPECT_TRUE(state_.lesson.closing && state_.lesson.file);
    state_.lesson.closing = false;  // they stay
    act_.quit();
    EXPECT_TRUE(state_.leaving && !state_.quit) << "that it was asked before does not answer it";
    state_.leaving = false;
    act_.lesson().close();
    act_.quit();
    EXPECT_TRUE(state_.leaving && !state_.lesson.closing && !state_.quit) << "one question at a time";
    act_.quit();
    EXPECT_TRUE(state_.quit);
    state_.leaving = state_.quit = false;
    act_.lesson().close();
    act_.lesson().close();
    EXPECT_FALSE(state_.lesson.file);
    act_.quit();
    EXPECT_TRUE(state_.quit && !state_.leaving) << "nothing is left to be lost";
}

}  // namespace
}  // namespace saccade::lesson_editor_test
