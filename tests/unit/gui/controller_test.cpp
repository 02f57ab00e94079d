#include <algorithm>
#include <atomic>

#include "exhibit/opening.hpp"
#include "unit/gui/controller_fixture.hpp"

namespace saccade::controller_test {
namespace {

TEST_F(ControllerTest, TheDefaultSentenceIsRewrittenAsADate) {
    EXPECT_EQ(output(), "2019-09-30");
    EXPECT_FALSE(state_.document.stale());
    EXPECT_FALSE(state_.document.side().claims.empty());
    for (const Claim& claim : state_.document.side().claims) EXPECT_TRUE(claim.holds) << claim.text;
}

TEST_F(ControllerTest, AnEmptySourceIsAProblemAndThePictureBeforeStays) {
    const TracePtr before = state_.document.side().shown.trace;
    set_source("");
    ASSERT_TRUE(state_.document.side().problem.has_value());
    EXPECT_NE(state_.document.side().problem->hint(), "");
    EXPECT_EQ(state_.document.side().shown.trace, before);
    EXPECT_TRUE(state_.document.stale());  // it is not the answer to what stands in the field
    set_source("1 May 2021");
    EXPECT_FALSE(state_.document.side().problem.has_value());
    EXPECT_EQ(output(), "2021-05-01");
}

TEST_F(ControllerTest, OneDragIsOneUndoEntryAndTheRowKeepsItsSum) {
    const double before = weight(3, 2);
    const std::size_t entries = state_.history.undo.size();
    act_.hand().begin_weight_drag({"weights", {3, 2}}, 500, 160);
    for (float y = 500; y >= 380; y -= 10) act_.hand().drag_weight(y);
    act_.hand().end_weight_drag();
    settle();
    EXPECT_EQ(state_.history.undo.size(), entries + 1);
    ASSERT_EQ(state_.document.side().request.interventions.size(), 1u);
    EXPECT_NEAR(weight(3, 2), std::min(1.0, before + 120.0 / 160), 1e-5);
    EXPECT_NEAR(row_sum(*state_.document.trace(), 3), 1, 1e-5);
    act_.undo();
    settle();
    EXPECT_TRUE(state_.document.side().request.interventions.empty());
    EXPECT_DOUBLE_EQ(weight(3, 2), before);
    act_.redo();
    settle();
    EXPECT_EQ(state_.document.side().request.interventions.size(), 1u);
    EXPECT_GT(weight(3, 2), before);
}

TEST_F(ControllerTest, AClickThatDoesNotMoveChangesNothing) {
    const std::size_t entries = state_.history.undo.size();
    act_.hand().begin_weight_drag({"weights", {3, 2}}, 500, 160);
    act_.hand().drag_weight(502);
    act_.hand().end_weight_drag();
    EXPECT_TRUE(state_.document.side().request.interventions.empty());
    EXPECT_EQ(state_.history.undo.size(), entries);
}

TEST_F(ControllerTest, ACellOfWhatTheViewsJoinedBecomesTheRunsOwnWhenTheyJoinNoMore) {
    act_.stage().select({"weights.without_0", {1, 2}});
    act_.stage().leave_joined();
    EXPECT_EQ(state_.document.stage.selected.cell, (CellRef{"weights", {1, 2}}));
    ASSERT_TRUE(state_.document.stage.explanation.has_value());
    EXPECT_EQ(state_.document.stage.explained.back().tensor, "weights");
    act_.stage().leave_joined();  // the run's own cells stay
    EXPECT_EQ(state_.document.stage.selected.cell, (CellRef{"weights", {1, 2}}));
}

TEST_F(ControllerTest, ACellOfWhatAnAnalysisMadeExplainsItselfAndStaysSelectedInTheNextRun) {
    act_.stage().select({"weights.without_0", {1, 2}});
    ASSERT_TRUE(state_.document.stage.explanation.has_value());
    EXPECT_TRUE(state_.document.stage.explanation->has_rule);
    EXPECT_NEAR(state_.document.stage.explanation->recomputed, state_.document.stage.explanation->recorded, 1e-6);
    EXPECT_EQ(state_.document.stage.selected.marks.at("output"), 1);
    act_.stage().move_selection(0, 1);
    EXPECT_EQ(state_.document.stage.selected.cell, (CellRef{"weights.without_0", {1, 3}}));
    set_source("1 May 2021");
    ASSERT_TRUE(state_.document.stage.explanation.has_value());
    EXPECT_EQ(state_.document.stage.explanation->cell.tensor, "weights.without_0");
    act_.stage().hover({"weights.without_0", {0, 1}});
    EXPECT_EQ(state_.document.stage.hovered.marks.at("source"), 1);
}

TEST_F(ControllerTest, KeystrokesInOneFieldAreOneUndoEntry) {
    const std::size_t entries = state_.history.undo.size();
    for (const char* text : {"1", "1 ", "1 M", "1 Ma", "1 May", "1 May 2020"})
        act_.inputs().set_param("source", std::string(text));
    settle();
    EXPECT_EQ(state_.history.undo.size(), entries + 1);
    act_.undo();
    settle();
    EXPECT_EQ(state_.document.side().request.params.text("source"), "Mon, 30 Sep 2019");
    EXPECT_EQ(output(), "2019-09-30");
}

TEST_F(ControllerTest, ADisabledInterventionIsKeptButChangesNothing) {
    const double before = weight(2, 1);
    act_.hand().set_weight({"weights", {2, 1}}, 0.9);
    settle();
    EXPECT_NEAR(weight(2, 1), 0.9, 1e-6);
    act_.hand().toggle_intervention(0);
    settle();
    EXPECT_DOUBLE_EQ(weight(2, 1), before);
    EXPECT_EQ(state_.document.side().request.interventions.size(), 1u);
    act_.hand().remove_intervention(0);
    act_.hand().remove_intervention(7);  // there is none: nothing happens
    settle();
    EXPECT_TRUE(state_.document.side().request.interventions.empty());
}

TEST_F(ControllerTest, SelectionExplainsItselfAndOperandsOpenWithAWayBack) {
    act_.stage().select({"weights", {4, 3}});
    ASSERT_TRUE(state_.document.stage.explanation.has_value());
    EXPECT_NEAR(state_.document.stage.explanation->recorded, weight(4, 3), 1e-6);
    EXPECT_NEAR(state_.document.stage.explanation->recomputed, state_.document.stage.explanation->recorded, 1e-5);
    EXPECT_EQ(act_.stage().current_step(), 4);  // the transport follows
    ASSERT_FALSE(state_.document.stage.explanation->operands.empty());
    const CellRef scores = state_.document.stage.explanation->operands.front().ref;
    act_.stage().open_operand(scores);
    ASSERT_TRUE(state_.document.stage.explanation.has_value());
    EXPECT_EQ(state_.document.stage.explanation->cell, scores);
    EXPECT_EQ(state_.document.stage.explained.size(), 2u);
    act_.stage().back_to(0);
    EXPECT_EQ(state_.document.stage.explanation->cell.tensor, "weights");
}

TEST_F(ControllerTest, ASelectionBeyondAShorterSourceIsForgottenNotDangling) {
    const Index last = state_.document.trace()->axis("source")->extent - 1;
    act_.stage().select({"weights", {9, last}});
    set_source("1/1/21");
    ASSERT_NE(state_.document.trace(), nullptr);
    for (const CellRef& cell : state_.document.stage.explained) {
        const Tensor<float>& values = state_.document.trace()->tensor(cell.tensor).values;
        for (std::size_t a = 0; a < cell.index.size(); ++a) EXPECT_LT(cell.index[a], values.shape()[static_cast<int>(a)]);
    }
    const Focus& selected = state_.document.stage.selected;
    for (const auto& [axis, position] : selected.marks) EXPECT_LT(position, state_.document.trace()->axis(axis)->extent);
}

TEST_F(ControllerTest, ArrowsStayWithinTheMatrix) {
    act_.stage().select({"weights", {0, 0}});
    act_.stage().move_selection(-1, -1);
    EXPECT_EQ(state_.document.stage.selected.cell.index, (std::vector<Index>{0, 0}));
    for (int i = 0; i < 100; ++i) act_.stage().move_selection(1, 1);
    const Shape shape = state_.document.trace()->tensor("weights").values.shape();
    EXPECT_EQ(state_.document.stage.selected.cell.index, (std::vector<Index>{shape[0] - 1, shape[1] - 1}));
}

TEST_F(ControllerTest, StepAndSelectionAreOneThing) {
    act_.stage().select({"weights", {4, 3}});
    EXPECT_EQ(act_.stage().current_step(), 4);
    for (const Index step : {5, 0, 9}) {
        act_.stage().set_step(step);
        EXPECT_EQ(act_.stage().current_step(), step);
        const CellRef& cell = state_.document.stage.selected.cell;
        ASSERT_EQ(cell.index.size(), 2u);
        EXPECT_EQ(cell.index[0], step);
        for (Index j = 0; j < state_.document.trace()->axis("source")->extent; ++j)
            EXPECT_LE(weight(step, j), weight(step, cell.index[1]));
        ASSERT_TRUE(state_.document.stage.explanation.has_value());
        EXPECT_EQ(state_.document.stage.explanation->cell, cell);
    }
}

TEST_F(ControllerTest, ItOpensOnACellWithAStory) {
    const CellRef& cell = state_.document.stage.selected.cell;
    ASSERT_EQ(cell.tensor, "weights");
    const std::string query = state_.document.trace()->axis("output")->label(cell.index[0]);
    EXPECT_NE(query, "<end>");
    EXPECT_EQ(act_.stage().current_step(), cell.index[0]);
    EXPECT_TRUE(state_.document.stage.explanation.has_value());
    EXPECT_FALSE(state_.document.stage.show_explained);  // nobody asked for it: the settings stay in sight
    // What a person then chooses stays chosen, and nothing too.
    act_.stage().select({});
    set_source("1 May 2020");
    EXPECT_TRUE(state_.document.stage.selected.empty());
}

TEST_F(ControllerTest, ASelectionThatIsGoneGivesWayToTheOpeningCell) {
    const auto one_thing = [&] {
        const CellRef& cell = state_.document.stage.selected.cell;
        ASSERT_FALSE(cell.empty());
        EXPECT_EQ(act_.stage().current_step(), cell.index[0]);
        EXPECT_NE(state_.document.trace()->axis("output")->label(cell.index[0]), "<end>");
        ASSERT_TRUE(state_.document.stage.explanation.has_value());
        EXPECT_EQ(state_.document.stage.explanation->cell, cell);
    };
    act_.stage().select({"weights", {6, 15}});
    set_source("1/1/21");
    one_thing();
    act_.undo();
    settle();
    one_thing();
    EXPECT_EQ(state_.document.stage.selected.cell, (CellRef{"weights", {6, 15}})) << "it is there again";
    // Typed letter by letter, it is where the whole text has it.
    for (const char* text : {"1", "1 M", "1 May 2020"}) set_source(text);
    one_thing();
    const CellRef opening =
        opening_cell(exhibit("alignment"), state_.document.side().shown.request.params, *state_.document.trace());
    EXPECT_EQ(state_.document.stage.selected.cell, opening);
    act_.stage().set_step(10);
    set_source("2 June 1999");
    act_.inputs().set_param("target", std::string("19"));
    settle();
    one_thing();
    // Without attention, or where nothing was selected, the step is one that there is.
    act_.stage().select({});
    act_.inputs().set_param("target", std::string());
    settle();
    act_.stage().set_step(9);
    act_.inputs().set_param("target", std::string("19"));
    settle();
    EXPECT_LT(act_.stage().current_step(), act_.stage().step_count());
    EXPECT_TRUE(state_.document.stage.selected.empty());
}

TEST_F(ControllerTest, WhatIsTakenAwayByKeysEndsAtNothing) {
    act_.stage().select({"weights", {4, 3}});
    act_.hand().set_weight({"weights", {4, 3}}, 0.15);
    settle();
    for (int i = 0; i < 3; ++i) {
        act_.hand().nudge_selected(-0.05);
        settle();
    }
    EXPECT_EQ(state_.document.side().request.interventions.back().value, 0.0f);
    act_.stage().select({});
    act_.hand().nudge_selected(0.05);
    ASSERT_TRUE(state_.banner.has_value());
    EXPECT_NE(state_.banner->text.find("select"), std::string::npos);
}

TEST_F(ControllerTest, ALayerThatAnotherModelLacksBecomesItsLast) {
    act_.choose_exhibit("multi-head");
    act_.inputs().set_param("layer", std::int64_t{3});
    settle();
    act_.inputs().set_model("induction");
    settle();
    const Side& side = state_.document.side();
    EXPECT_EQ(side.request.params.integer("layer"), 2);
    EXPECT_FALSE(side.problem.has_value());
    EXPECT_FALSE(side.stale());
    act_.undo();  // of the model, and the layer with it
    settle();
    EXPECT_EQ(side.request.params.integer("layer"), 3);
    act_.inputs().set_param("layer", std::int64_t{64});  // asked for by itself it is refused
    settle();
    ASSERT_TRUE(side.problem.has_value());
    EXPECT_EQ(side.request.params.integer("layer"), 64);
}

TEST_F(ControllerTest, AnErrorEndsWithTheNextEdit) {
    open("/proc/none/there-is-no-such.json");
    ASSERT_TRUE(state_.banner.has_value() && state_.banner->error);
    act_.poll();
    EXPECT_TRUE(state_.banner.has_value());
    set_source("1 May 2020");
    EXPECT_FALSE(state_.banner.has_value());
}

TEST_F(ControllerTest, PlayWalksToTheLastStepAndStops) {
    act_.stage().set_step(0);
    act_.stage().toggle_play();
    for (int i = 0; i < 1000 && state_.document.stage.playing; ++i) act_.stage().advance(0.25);
    EXPECT_FALSE(state_.document.stage.playing);
    EXPECT_EQ(act_.stage().current_step(), act_.stage().step_count() - 1);
    // From the end it begins again, and what is selected with it, also if it is stopped at once.
    act_.stage().toggle_play();
    act_.stage().toggle_play();
    EXPECT_EQ(act_.stage().current_step(), 0);
    EXPECT_EQ(state_.document.stage.selected.cell.index.front(), 0);
}

TEST_F(ControllerTest, TenThousandCharactersAreOneLineAndTheNextTextWorks) {
    set_source(std::string(10000, '7'));
    ASSERT_TRUE(state_.document.side().problem.has_value());
    EXPECT_EQ(state_.document.side().problem->line().find('\n'), std::string::npos);
    EXPECT_LT(state_.document.side().problem->line().size(), 300u);
    set_source("7 July 2007");
    EXPECT_EQ(output(), "2007-07-07");
}

TEST_F(ControllerTest, ALessonIsCheckedOnTheRunThatIsShown) {
    const Lesson& lesson = exhibit("alignment").lesson;
    ASSERT_EQ(state_.document.side().lesson.size(), lesson.points.size());
    for (std::size_t i = 0; i < lesson.points.size(); ++i)
        EXPECT_NE(verdict(lesson.points[i], state_.document.side().lesson[i]), "broken") << lesson.points[i].english;
}

TEST_F(ControllerTest, AClickOnAFinishedHypothesisPicksIt) {
    act_.inputs().set_param("beam", std::int64_t{4});
    settle();
    const TraceTensor* rank = state_.document.trace()->find("beam.rank");
    ASSERT_NE(rank, nullptr);
    for (Index t = 0; t < rank->values.shape()[0]; ++t)
        for (Index c = 0; c < rank->values.shape()[1]; ++c)
            if (rank->values.at({t, c}) == 2) act_.stage().select({"beam.score", {t, c}});
    settle();
    EXPECT_EQ(state_.document.side().request.params.integer("hypothesis"), 2);
}

TEST(ControllerProgress, APartialResultIsShownAndStaysAfterCancel) {
    std::atomic<bool> go{false};
    const Runner::Run slow = [&](const RunRequest& request, const std::stop_token& stop, const Progress& progress) {
        const TracePtr whole = run(request, stop);
        progress(0.4, whole);
        while (!go) {
            if (stop.stop_requested()) throw Error(ErrorCode::cancelled, "cancelled");
            std::this_thread::yield();
        }
        return whole;
    };
    AppState state;
    Runner a({}, slow), b;
    Controller act(state, a, b);
    act.choose_exhibit("alignment");
    while (!state.document.side().partial()) act.poll();
    EXPECT_TRUE(state.document.running());
    EXPECT_DOUBLE_EQ(state.document.side().progress, 0.4);
    ASSERT_NE(state.document.trace(), nullptr);
    EXPECT_FALSE(state.document.stale());
    act.runs().cancel();
    EXPECT_FALSE(state.document.running());
    EXPECT_TRUE(state.document.side().cancelled);
    EXPECT_TRUE(state.document.side().partial());
    EXPECT_EQ(state.document.trace()->texts().at("output"), "2019-09-30");
    go = true;
    act.runs().submit(0);
    EXPECT_FALSE(state.document.side().cancelled);
    while (state.document.running()) act.poll();
    EXPECT_FALSE(state.document.side().partial());
    EXPECT_FALSE(state.document.side().cancelled);
}

}  // namespace
}  // namespace saccade::controller_test
