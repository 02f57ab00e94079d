#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "image/samples.hpp"
#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "ui/palette.hpp"
#include "unit/gui/controller_fixture.hpp"
#include "unit/scratch.hpp"

namespace saccade::document_test {
namespace {

/// What belongs to an exhibit ends with it.
class DocumentTest : public ControllerTest {
 protected:
    std::string path(const std::string& name) const { return test::scratch_path(name); }
    void run_command(const std::string& title) {
        for (const PaletteEntry& entry : palette_entries(state_, act_))
            if (entry.title == title) return entry.run(state_, act_);
        FAIL() << "no command " << title;
    }
};

TEST_F(DocumentTest, AnotherExhibitIsAFreshDocument) {
    act_.choose_exhibit("spatial");
    settle();
    act_.inputs().set_seed(11);
    act_.undo();
    act_.redo();
    act_.inputs().set_seed(12);
    act_.undo();
    act_.comparison().toggle();
    act_.comparison().toggle_linked();
    settle();
    act_.stage().move_selection(0, 0);
    act_.stage().hover(state_.document.stage.selected.cell);
    act_.stage().set_step(0);
    act_.stage().enlarge("heatmap/weights");
    act_.stage().toggle_play();
    act_.toggle_scene_maker();
    act_.scenes().press(1, 0.5, 0.5);
    act_.scenes().random();
    act_.hand().toggle_mask_drawing();
    act_.hand().draw_on_all_layers(false);
    state_.document.matrix = {"q", 2, 3, true, "1", true, "no number", "q"};
    act_.training().start();
    act_.toggle_theme();
    act_.toggle_lesson();
    settle();
    act_.pictures().poll();
    ASSERT_NE(state_.document.difference, nullptr);
    ASSERT_FALSE(state_.history.undo.empty());
    act_.choose_exhibit("memory");

    const Document& document = state_.document;
    EXPECT_EQ(document.sides[0].request.exhibit, "memory");
    EXPECT_EQ(document.sides[0].shown.trace, nullptr);
    EXPECT_EQ(document.sides[1].request.exhibit, "");
    EXPECT_EQ(document.sides[1].shown.trace, nullptr);
    EXPECT_EQ(document.focus, 0u);
    EXPECT_FALSE(document.comparing);
    EXPECT_TRUE(document.linked);
    EXPECT_TRUE(document.reload_fields);
    EXPECT_EQ(document.difference, nullptr);
    EXPECT_EQ(document.difference_of[0], nullptr);
    EXPECT_FALSE(document.edited);
    EXPECT_EQ(state_.history.coalescing, "");
    const StageState& stage = document.stage;
    EXPECT_TRUE(stage.selected.empty());
    EXPECT_TRUE(stage.hovered.empty());
    EXPECT_EQ(stage.step, -1);
    EXPECT_EQ(stage.enlarged, "");
    EXPECT_TRUE(stage.explained.empty());
    EXPECT_FALSE(stage.explanation.has_value());
    EXPECT_FALSE(stage.show_explained);
    EXPECT_FALSE(stage.playing);
    EXPECT_FALSE(document.hand.drag.active);
    EXPECT_FALSE(document.hand.mask.on);
    EXPECT_TRUE(document.hand.mask.all_layers);
    EXPECT_EQ(document.hand.changes.after, nullptr);
    EXPECT_FALSE(document.scene.open);
    EXPECT_EQ(document.scene.shape, -1);
    EXPECT_FALSE(document.scene.held);
    EXPECT_EQ(document.scene.seed, 0u);
    EXPECT_EQ(document.scene.known[1].value, "");
    EXPECT_EQ(document.pictures.facts[0].value, "");
    EXPECT_FALSE(document.pictures.reading.facts.valid());
    EXPECT_EQ(document.matrix.param, "");
    EXPECT_EQ(document.matrix.problem, "");
    EXPECT_EQ(document.training.run, nullptr);
    EXPECT_EQ(document.training.side, 0u);
    EXPECT_EQ(document.session, nullptr);
    // What outlives it.
    EXPECT_EQ(document.sides[0].request.seed, 11u);
    EXPECT_EQ(state_.view.theme, "light");
    EXPECT_TRUE(state_.view.lesson);
    settle();
}

TEST_F(DocumentTest, AWeightThatIsNudgedByKeysComesBackByUndo) {
    act_.stage().select({"weights", {3, 2}});
    const double before = weight(3, 2);
    for (int i = 0; i < 3; ++i) {
        act_.hand().nudge_selected(0.05);
        settle();
    }
    EXPECT_NEAR(weight(3, 2), before + 0.15, 1e-5);
    EXPECT_EQ(state_.history.undo.size(), 1u);
    act_.undo();
    settle();
    EXPECT_EQ(weight(3, 2), before);
}

TEST_F(DocumentTest, ATrainingWaitsForItsExhibit) {
    act_.training().start();
    ASSERT_NE(state_.document.training.run, nullptr);
    while (state_.document.training.shown_snapshot < 0) {
        act_.poll();
        act_.training().poll();
    }
    EXPECT_NE(state_.document.side().request.model, nullptr);
    act_.choose_exhibit("memory");
    settle();
    EXPECT_EQ(state_.document.training.run, nullptr);
    EXPECT_EQ(state_.document.side().request.model, nullptr);
    ASSERT_TRUE(state_.banner.has_value());
    EXPECT_NE(state_.banner->text.find("waits"), std::string::npos) << state_.banner->text;
    act_.choose_exhibit("alignment");
    ASSERT_NE(state_.document.training.run, nullptr);
    EXPECT_EQ(state_.document.training.run->state(), Training::State::running);
    EXPECT_NE(state_.document.side().request.model, nullptr);
    act_.training().close();
    settle();
}

TEST_F(DocumentTest, EachExhibitKeepsWhatWasDoneInIt) {
    set_source("1 May 2020");
    act_.inputs().set_param("score", std::string("dot"));
    state_.history.coalescing.clear();
    act_.hand().set_weight({"weights", {4, 1}}, 0.9);
    settle();
    act_.comparison().toggle();
    settle();
    act_.stage().select({"weights", {3, 2}});
    act_.stage().enlarge("heatmap/weights");
    state_.document.options.special = ViewOptions::Special::dim;
    const std::array<RunRequest, 2> before{state_.document.sides[0].request, state_.document.sides[1].request};
    const std::size_t undo = state_.history.undo.size();
    const TracePtr shown = state_.document.side().shown.trace;
    // Twice around, through every other exhibit: what it has there is no other one's.
    for (int round = 0; round < 2; ++round)
        for (const Exhibit& e : exhibits()) act_.choose_exhibit(e.id);
    EXPECT_EQ(state_.document.options, ViewOptions());
    act_.choose_exhibit("alignment");
    EXPECT_EQ(state_.document.side().shown.trace, shown);
    EXPECT_FALSE(state_.document.running());  // it is still the answer
    EXPECT_TRUE(state_.document.reload_fields);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_TRUE(state_.document.sides[i].request.params == before[i].params);
        EXPECT_EQ(state_.document.sides[i].request.interventions, before[i].interventions);
    }
    EXPECT_TRUE(state_.document.comparing);
    EXPECT_EQ(state_.document.stage.selected.cell, (CellRef{"weights", {3, 2}}));
    EXPECT_EQ(state_.document.stage.enlarged, "heatmap/weights");
    EXPECT_EQ(state_.document.options.special, ViewOptions::Special::dim);
    ASSERT_EQ(state_.history.undo.size(), undo + 1);
    act_.undo();  // of how special tokens are shown
    EXPECT_EQ(state_.document.options.special, ViewOptions::Special::show);
    act_.undo();  // of the comparison
    EXPECT_FALSE(state_.document.comparing);
    act_.choose_exhibit("memory");
    EXPECT_FALSE(state_.document.comparing);
    settle();
}

TEST_F(DocumentTest, ARunThatIsLeftBeforeItsAnswerIsAskedForAgain) {
    act_.inputs().set_param("source", std::string("1 May 2020"));
    act_.choose_exhibit("memory");
    settle();
    act_.choose_exhibit("alignment");
    EXPECT_TRUE(state_.document.running());
    settle();
    EXPECT_EQ(output(), "2020-05-01");
    EXPECT_FALSE(state_.document.stale());
}

TEST_F(DocumentTest, AnExhibitCanBeStartedAfreshAndUndoTakesThatBack) {
    set_source("1 May 2020");
    run_command("Start this exhibit afresh");
    settle();
    EXPECT_EQ(output(), "2019-09-30");
    act_.undo();
    settle();
    EXPECT_EQ(output(), "2020-05-01");
}

TEST_F(DocumentTest, AFileOfAnExhibitThatWasOpenIsAnEditOfIt) {
    const std::string file = path("session.json");
    act_.files().save_session_to(file);
    set_source("1 May 2020");
    act_.choose_exhibit("memory");
    settle();
    open(file);
    settle();
    EXPECT_EQ(output(), "2019-09-30");
    act_.undo();
    settle();
    EXPECT_EQ(output(), "2020-05-01");
    std::filesystem::remove(file);
}

TEST_F(DocumentTest, APictureThatIsStillReadEndsWithItsExhibit) {
    const std::string file = path("photo.png");
    write_file(file, write_png(Image(1200, 900)));
    act_.choose_exhibit("spatial");
    act_.pictures().open(file);
    act_.choose_exhibit("memory");
    settle();
    for (int i = 0; i < 300; ++i) {
        act_.pictures().poll();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(state_.document.side().request.exhibit, "memory");
    std::filesystem::remove(file);
}

TEST_F(DocumentTest, ADragEndsWithItsExhibit) {
    act_.hand().begin_weight_drag({"weights", {3, 2}}, 500, 160);
    act_.hand().drag_weight(450);
    act_.choose_exhibit("memory");
    act_.hand().drag_weight(400);
    EXPECT_TRUE(state_.document.side().request.interventions.empty());
    settle();
}

TEST_F(DocumentTest, KeystrokesInTwoExhibitsAreTwoUndoEntries) {
    act_.inputs().set_param("source", std::string("1 May 2020"));
    act_.choose_exhibit("transformer");
    act_.inputs().set_param("source", std::string("2 May 2020"));
    EXPECT_EQ(state_.history.undo.size(), 2u);
    settle();
}

TEST_F(DocumentTest, KeysOfANewerVersionStayWithTheirSession) {
    const std::string newer = path("newer.json"), other = path("other.json");
    act_.files().save_session_to(newer);
    nlohmann::json document = nlohmann::json::parse(read_file(newer));
    document["of a newer version"] = 1;
    write_file(newer, document.dump());
    open(newer);
    settle();
    act_.files().save_session_to(newer);
    EXPECT_TRUE(nlohmann::json::parse(read_file(newer)).contains("of a newer version"));
    act_.choose_exhibit("memory");
    settle();
    act_.files().save_session_to(other);
    EXPECT_FALSE(nlohmann::json::parse(read_file(other)).contains("of a newer version"));
    for (const std::string& file : {newer, other}) std::filesystem::remove(file);
}

TEST_F(DocumentTest, AModelThatIsNoMoreIsNotSaidToBeSaved) {
    state_.prompt = {PathPrompt::Kind::save_model, path("model.safetensors"), ""};
    act_.files().answer_prompt();
    EXPECT_NE(state_.prompt.problem, "");
    EXPECT_FALSE(std::filesystem::exists(path("model.safetensors")));
}

TEST_F(DocumentTest, TrainingsOfAllExhibitsAreNamedBeforeTheyAreLost) {
    EXPECT_TRUE(trainings_under_way(state_).empty());
    act_.training().start();
    ASSERT_EQ(trainings_under_way(state_).size(), 1u);
    act_.choose_exhibit("memory");
    ASSERT_EQ(trainings_under_way(state_).size(), 1u);
    EXPECT_EQ(trainings_under_way(state_)[0].exhibit, "alignment");
    EXPECT_EQ(trainings_under_way(state_)[0].title, "Alignment");
    EXPECT_TRUE(trainings_under_way(state_)[0].waits);
    act_.quit();
    EXPECT_TRUE(state_.leaving);
    EXPECT_FALSE(state_.quit);
    state_.leaving = false;
    act_.choose_exhibit("alignment");
    act_.training().close();
    act_.quit();
    EXPECT_TRUE(state_.quit);
    settle();
}

/// The inspector showed the explanation of a cell that was none any more, and ended the window.
TEST_F(DocumentTest, ASessionWhoseRunFailsLeavesNoExplanationBehind) {
    act_.stage().select({"weights", {1, 2}});
    ASSERT_TRUE(state_.document.stage.explanation);
    const std::string session = path("no-weights.json");
    write_file(session, R"({"format":"saccade-session","version":1,"request":{"exhibit":"alignment","weights":")" +
                            path("none.safetensors") + "\"}}");
    act_.files().open(session);
    for (int i = 0; i < 2000 && !state_.document.side().problem; ++i) {
        EXPECT_TRUE(!state_.document.stage.explanation || !state_.document.stage.explained.empty());
        act_.poll();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(state_.document.side().problem);
    EXPECT_FALSE(state_.document.stage.explanation);
    std::filesystem::remove(session);
}

/// It may be large, on a slow disk: the window goes on, and so does the training that is under way until it is there.
TEST_F(DocumentTest, ACheckpointIsReadBesideTheWindow) {
    const auto& run = state_.document.training.run;
    const auto until = [&](const auto& holds) {
        for (int i = 0; i < 2000 && !holds(); ++i) {
            act_.training().poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        EXPECT_TRUE(holds());
    };
    act_.training().start();
    const Training* first = run.get();
    first->save_checkpoint(path("a.checkpoint"));
    write_file(path("broken.checkpoint"), "no checkpoint");

    act_.training().start(path("broken.checkpoint"));
    EXPECT_EQ(run.get(), first);
    until([&] { return state_.banner && state_.banner->error; });
    EXPECT_EQ(run.get(), first) << "what cannot be read ends nothing";

    act_.training().start(path("a.checkpoint"));
    EXPECT_EQ(run.get(), first);
    until([&] { return run && run.get() != first; });
    act_.training().close();

    // Another exhibit is open when it has been read: it waits for its own.
    act_.training().start(path("a.checkpoint"));
    act_.choose_exhibit("memory");
    settle();
    until([&] { return act_.work_ended(); });
    EXPECT_EQ(run, nullptr);
    act_.choose_exhibit("alignment");
    until([&] { return run != nullptr; });
    act_.training().close();
    until([&] { return act_.work_ended(); });
    settle();
}

TEST_F(DocumentTest, NumbersThatAreTypedAreRead) {
    act_.choose_exhibit("permutation");
    settle();
    const auto chosen = [&] { return state_.document.side().request.params.text("projections"); };
    EXPECT_EQ(chosen(), "seed");
    Tensor<float> own = state_.document.side().request.params.matrix("in_proj").clone();
    own.data()[0] = 3;
    act_.inputs().set_param("in_proj", own);
    settle();
    EXPECT_EQ(chosen(), "own");
    EXPECT_EQ(state_.document.trace()->tensor("weight.query").values.at({0, 0}), 3);
    act_.undo();
    settle();
    EXPECT_EQ(chosen(), "seed");
    EXPECT_EQ(state_.document.side().request.params.matrix("in_proj").data()[0], 1);
}

TEST_F(DocumentTest, APromptAboutTheExhibitClosesWithIt) {
    state_.prompt = {PathPrompt::Kind::save_model, path("model.safetensors"), ""};
    act_.choose_exhibit("memory");
    EXPECT_EQ(state_.prompt.kind, PathPrompt::Kind::none);
    state_.prompt = {PathPrompt::Kind::open, "", ""};
    act_.choose_exhibit("alignment");
    EXPECT_EQ(state_.prompt.kind, PathPrompt::Kind::open);
    settle();
}

TEST_F(DocumentTest, TheLessonOpensTheDrawerByEveryWay) {
    run_command("Lesson");
    EXPECT_TRUE(state_.view.lesson);
    EXPECT_TRUE(state_.inspector_drawer);
}

TEST_F(DocumentTest, GoingToTheExhibitThatIsOpenLosesNothing) {
    set_source("1 May 2020");
    run_command("Go to Alignment");
    settle();
    EXPECT_EQ(state_.document.side().request.params.text("source"), "1 May 2020");
}

TEST_F(DocumentTest, TheSceneMakerStartsWithASceneByEveryWay) {
    const std::string file = path("photo.png");
    write_file(file, write_png(Image(40, 30)));
    act_.choose_exhibit("spatial");
    act_.pictures().open(file);
    do {
        act_.poll();
        act_.pictures().poll();
    } while (state_.document.running() || state_.document.pictures.reading.facts.valid());
    ASSERT_EQ(act_.scenes().scene(0), nullptr);
    run_command("Scene maker");
    settle();
    EXPECT_NE(act_.scenes().scene(0), nullptr);
    std::filesystem::remove(file);
}

}  // namespace
}  // namespace saccade::document_test
