#include "ui/controller.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "io/atomic_file.hpp"

namespace saccade {
namespace {

/// A controller over the real exhibit and engine, no window. Waiting has no time limit of its own: ctest's is the limit.
class ControllerTest : public testing::Test {
 protected:
    ControllerTest() : act_(state_, runner_, second_runner_) {
        act_.choose_exhibit("alignment");
        settle();
    }

    void settle() {
        while (state_.running() || runner_.busy()) {
            act_.poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        for (int frame = 0; frame < 2; ++frame) act_.poll();  // the picture is drawn first, then its claims are checked
    }
    void set_source(const std::string& text) {
        act_.set_param("source", text);
        state_.coalescing.clear();  // as if the person had paused
        settle();
    }
    std::string output() const { return state_.trace()->texts().at("output"); }
    double weight(Index i, Index j) const { return static_cast<double>(state_.trace()->tensor("weights").values.at({i, j})); }
    static double row_sum(const Trace& trace, Index i) {
        const Tensor<float> row = trace.tensor("weights").values.row(i);
        double sum = 0;
        for (const float w : row.values()) sum += static_cast<double>(w);
        return sum;
    }

    AppState state_;
    Runner runner_, second_runner_;
    Controller act_;
};

TEST_F(ControllerTest, TheDefaultSentenceIsRewrittenAsADate) {
    EXPECT_EQ(output(), "2019-09-30");
    EXPECT_FALSE(state_.stale());
    EXPECT_FALSE(state_.side().claims.empty());
    for (const Claim& claim : state_.side().claims) EXPECT_TRUE(claim.holds) << claim.text;
}

TEST_F(ControllerTest, AnEmptySourceIsAProblemAndThePictureBeforeStays) {
    const TracePtr before = state_.side().shown.trace;
    set_source("");
    ASSERT_TRUE(state_.side().problem.has_value());
    EXPECT_NE(state_.side().problem->hint(), "");
    EXPECT_EQ(state_.side().shown.trace, before);
    EXPECT_TRUE(state_.stale());  // it is not the answer to what stands in the field
    set_source("1 May 2021");
    EXPECT_FALSE(state_.side().problem.has_value());
    EXPECT_EQ(output(), "2021-05-01");
}

TEST_F(ControllerTest, OneDragIsOneUndoEntryAndTheRowKeepsItsSum) {
    const double before = weight(3, 2);
    const std::size_t entries = state_.undo.size();
    act_.begin_weight_drag({"weights", {3, 2}}, 500);
    for (float y = 500; y >= 380; y -= 10) act_.drag_weight(y, 160);
    act_.end_weight_drag();
    settle();
    EXPECT_EQ(state_.undo.size(), entries + 1);
    ASSERT_EQ(state_.side().request.interventions.size(), 1u);
    EXPECT_NEAR(weight(3, 2), std::min(1.0, before + 120.0 / 160), 1e-5);
    EXPECT_NEAR(row_sum(*state_.trace(), 3), 1, 1e-5);
    act_.undo();
    settle();
    EXPECT_TRUE(state_.side().request.interventions.empty());
    EXPECT_DOUBLE_EQ(weight(3, 2), before);
    act_.redo();
    settle();
    EXPECT_EQ(state_.side().request.interventions.size(), 1u);
    EXPECT_GT(weight(3, 2), before);
}

TEST_F(ControllerTest, AClickThatDoesNotMoveChangesNothing) {
    const std::size_t entries = state_.undo.size();
    act_.begin_weight_drag({"weights", {3, 2}}, 500);
    act_.drag_weight(502, 160);
    act_.end_weight_drag();
    EXPECT_TRUE(state_.side().request.interventions.empty());
    EXPECT_EQ(state_.undo.size(), entries);
}

TEST_F(ControllerTest, KeystrokesInOneFieldAreOneUndoEntry) {
    const std::size_t entries = state_.undo.size();
    for (const char* text : {"1", "1 ", "1 M", "1 Ma", "1 May", "1 May 2020"}) act_.set_param("source", std::string(text));
    settle();
    EXPECT_EQ(state_.undo.size(), entries + 1);
    act_.undo();
    settle();
    EXPECT_EQ(state_.side().request.params.text("source"), "Mon, 30 Sep 2019");
    EXPECT_EQ(output(), "2019-09-30");
}

TEST_F(ControllerTest, ADisabledInterventionIsKeptButChangesNothing) {
    const double before = weight(2, 1);
    act_.set_weight({"weights", {2, 1}}, 0.9);
    settle();
    EXPECT_NEAR(weight(2, 1), 0.9, 1e-6);
    act_.toggle_intervention(0);
    settle();
    EXPECT_DOUBLE_EQ(weight(2, 1), before);
    EXPECT_EQ(state_.side().request.interventions.size(), 1u);
    act_.remove_intervention(0);
    act_.remove_intervention(7);  // there is none: nothing happens
    settle();
    EXPECT_TRUE(state_.side().request.interventions.empty());
}

TEST_F(ControllerTest, SelectionExplainsItselfAndOperandsOpenWithAWayBack) {
    act_.select({"weights", {4, 3}});
    ASSERT_TRUE(state_.explanation.has_value());
    EXPECT_NEAR(state_.explanation->recorded, weight(4, 3), 1e-6);
    EXPECT_NEAR(state_.explanation->recomputed, state_.explanation->recorded, 1e-5);
    EXPECT_EQ(act_.current_step(), 4);  // the transport follows
    ASSERT_FALSE(state_.explanation->operands.empty());
    const CellRef scores = state_.explanation->operands.front().ref;
    act_.open_operand(scores);
    ASSERT_TRUE(state_.explanation.has_value());
    EXPECT_EQ(state_.explanation->cell, scores);
    EXPECT_EQ(state_.explained.size(), 2u);
    act_.back_to(0);
    EXPECT_EQ(state_.explanation->cell.tensor, "weights");
}

TEST_F(ControllerTest, ASelectionBeyondAShorterSourceIsForgottenNotDangling) {
    const Index last = state_.trace()->axis("source")->extent - 1;
    act_.select({"weights", {9, last}});
    set_source("1/1/21");
    ASSERT_NE(state_.trace(), nullptr);
    for (const CellRef& cell : state_.explained) {
        const Tensor<float>& values = state_.trace()->tensor(cell.tensor).values;
        for (std::size_t a = 0; a < cell.index.size(); ++a) EXPECT_LT(cell.index[a], values.shape()[static_cast<int>(a)]);
    }
    const Focus& selected = state_.stage.selected;
    for (const auto& [axis, position] : selected.marks) EXPECT_LT(position, state_.trace()->axis(axis)->extent);
}

TEST_F(ControllerTest, ArrowsStayWithinTheMatrix) {
    act_.select({"weights", {0, 0}});
    act_.move_selection(-1, -1);
    EXPECT_EQ(state_.stage.selected.cell.index, (std::vector<Index>{0, 0}));
    for (int i = 0; i < 100; ++i) act_.move_selection(1, 1);
    const Shape shape = state_.trace()->tensor("weights").values.shape();
    EXPECT_EQ(state_.stage.selected.cell.index, (std::vector<Index>{shape[0] - 1, shape[1] - 1}));
}

TEST_F(ControllerTest, PlayWalksToTheLastStepAndStops) {
    act_.set_step(0);
    act_.toggle_play();
    for (int i = 0; i < 1000 && state_.playing; ++i) act_.advance(0.25);
    EXPECT_FALSE(state_.playing);
    EXPECT_EQ(act_.current_step(), act_.step_count() - 1);
}

TEST_F(ControllerTest, ASessionComesBackAsItWas) {
    const std::string path = testing::TempDir() + "saccade-session-" + std::to_string(getpid()) + ".json";
    set_source("2 June 1999");
    act_.set_weight({"weights", {1, 1}}, 0.5);
    act_.select({"weights", {1, 1}});
    act_.toggle_theme();
    settle();
    const std::string written = output(), theme = state_.stage.theme;
    act_.save_session_to(path);

    AppState other;
    Runner runner, second_runner;
    Controller act(other, runner, second_runner);
    act.choose_exhibit("alignment");
    act.open_file(path);
    while (other.stale()) {
        act.poll();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(other.side().request.params.text("source"), "2 June 1999");
    EXPECT_EQ(other.side().request.interventions, state_.side().request.interventions);
    EXPECT_EQ(other.trace()->texts().at("output"), written);
    EXPECT_EQ(other.stage.theme, theme);
    EXPECT_EQ(other.stage.selected.cell, state_.stage.selected.cell);
    std::filesystem::remove(path);
}

TEST_F(ControllerTest, AFileThatIsNothingBecomesOneLineAndLosesNothing) {
    const std::string path = testing::TempDir() + "saccade-nothing-" + std::to_string(getpid()) + ".json";
    write_file(path, "not a session\n");
    const RunRequest before = state_.side().request;
    act_.open_file(path);
    ASSERT_TRUE(state_.banner.has_value());
    EXPECT_TRUE(state_.banner->error);
    EXPECT_EQ(state_.banner->text.find('\n'), std::string::npos);
    EXPECT_EQ(state_.side().request.params, before.params);
    std::filesystem::remove(path);
}

TEST_F(ControllerTest, AnExportedPictureBecomesTheLiveSessionAgain) {
    const std::string path = testing::TempDir() + "saccade-picture-" + std::to_string(getpid()) + ".svg";
    set_source("3 March 2003");
    state_.exporting.path = path;
    state_.exporting.view = "heatmap";
    act_.export_now();
    ASSERT_FALSE(state_.exporting.failed) << state_.exporting.result;
    set_source("4 April 2004");
    act_.open_file(path);
    settle();
    EXPECT_EQ(state_.side().request.params.text("source"), "3 March 2003");
    EXPECT_EQ(output(), "2003-03-03");
    std::filesystem::remove(path);
}

TEST_F(ControllerTest, AnExportThatCannotBeWrittenSaysWhy) {
    state_.exporting.path = "/proc/no-such-folder/x.png";
    act_.export_now();
    EXPECT_TRUE(state_.exporting.failed);
    EXPECT_NE(state_.exporting.result.find("/proc/no-such-folder"), std::string::npos) << state_.exporting.result;
}

TEST_F(ControllerTest, PathsThatNoFileSystemTakesAreAProblemNotAnEnd) {
    const std::string absurd = "/tmp/" + std::string(5000, 'x') + ".png";
    act_.open_file(absurd);
    EXPECT_TRUE(state_.banner && state_.banner->error);
    state_.prompt = {PathPrompt::Kind::open, absurd, ""};
    act_.answer_prompt();
    EXPECT_NE(state_.prompt.problem, "");
    state_.prompt = {PathPrompt::Kind::save_session, absurd, ""};
    act_.answer_prompt();
    EXPECT_NE(state_.prompt.problem, "");
    state_.exporting.path = absurd;
    act_.export_now();
    EXPECT_TRUE(state_.exporting.failed);
}

TEST_F(ControllerTest, WeightsThatDoNotFitCanBeTakenBack) {
    const std::string path = testing::TempDir() + "saccade-weights-" + std::to_string(getpid()) + ".safetensors";
    const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size());
    write_file(path, file + header + std::string(4, '\0'));
    act_.open_file(path);
    settle();
    ASSERT_TRUE(state_.side().problem.has_value());
    EXPECT_EQ(output(), "2019-09-30");  // the picture before stays
    act_.undo();
    settle();
    EXPECT_FALSE(state_.side().problem.has_value());
    EXPECT_FALSE(state_.stale());
    std::filesystem::remove(path);
}

TEST_F(ControllerTest, TenThousandCharactersAreOneLineAndTheNextTextWorks) {
    set_source(std::string(10000, '7'));
    ASSERT_TRUE(state_.side().problem.has_value());
    EXPECT_EQ(state_.side().problem->line().find('\n'), std::string::npos);
    EXPECT_LT(state_.side().problem->line().size(), 300u);
    set_source("7 July 2007");
    EXPECT_EQ(output(), "2007-07-07");
}

// --- A | B ---

TEST_F(ControllerTest, ComparingOpensBAsACopyAndOnlyBChanges) {
    act_.toggle_compare();
    settle();
    ASSERT_TRUE(state_.comparing);
    EXPECT_EQ(state_.focus, 1u);
    ASSERT_NE(state_.difference, nullptr);
    for (const float v : state_.difference->tensor("weights").values.values()) EXPECT_EQ(v, 0);
    act_.set_param("temperature", 3.0);
    settle();
    EXPECT_DOUBLE_EQ(state_.sides[0].request.params.number("temperature"), 1);
    EXPECT_DOUBLE_EQ(state_.sides[1].request.params.number("temperature"), 3);
    const Tensor<float> a = state_.sides[0].trace()->tensor("weights").values;
    const Tensor<float> b = state_.sides[1].trace()->tensor("weights").values;
    EXPECT_NEAR(state_.difference->tensor("weights").values.at({2, 3}), b.at({2, 3}) - a.at({2, 3}), 1e-6);
}

TEST_F(ControllerTest, InputsAreSharedWhileTheyAreLinked) {
    act_.toggle_compare();
    settle();
    set_source("2 June 1999");
    for (const Side& side : state_.sides) {
        EXPECT_EQ(side.request.params.text("source"), "2 June 1999");
        EXPECT_EQ(side.trace()->texts().at("output"), "1999-06-02");
    }
    act_.toggle_linked();
    set_source("3 July 2001");
    EXPECT_EQ(state_.sides[0].request.params.text("source"), "2 June 1999");
    EXPECT_EQ(state_.sides[1].request.params.text("source"), "3 July 2001");
    act_.focus_on(0);
    act_.toggle_linked();
    settle();
    EXPECT_EQ(state_.sides[1].request.params.text("source"), "2 June 1999");
}

TEST_F(ControllerTest, UndoGoesBackThroughBothSidesAndTheComparisonItself) {
    act_.toggle_compare();
    act_.set_param("temperature", 3.0);
    settle();
    act_.focus_on(0);
    act_.set_weight({"weights", {1, 1}}, 0.5);  // as a drag does, which remembers once
    act_.set_seed(11);
    settle();
    EXPECT_EQ(state_.sides[0].request.seed, 11u);
    act_.undo();
    settle();
    EXPECT_EQ(state_.sides[0].request.seed, 7u);
    EXPECT_DOUBLE_EQ(state_.sides[1].request.params.number("temperature"), 3);
    act_.undo();
    settle();
    EXPECT_DOUBLE_EQ(state_.sides[1].request.params.number("temperature"), 1);
    EXPECT_TRUE(state_.comparing);
    act_.undo();
    settle();
    EXPECT_FALSE(state_.comparing);
    EXPECT_EQ(state_.focus, 0u);
    act_.redo();
    act_.redo();
    settle();
    EXPECT_TRUE(state_.comparing);
    EXPECT_DOUBLE_EQ(state_.sides[1].request.params.number("temperature"), 3);
    EXPECT_FALSE(state_.sides[1].stale());
}

TEST_F(ControllerTest, ACellOfOneSideThatTheOtherHasNotIsNoEnd) {
    act_.toggle_compare();
    act_.toggle_linked();
    set_source("1/1/21");
    const Index last = state_.sides[0].trace()->axis("source")->extent - 1;
    act_.focus_on(0);
    act_.select({"weights", {3, last}});
    act_.hover({"weights", {3, last}}, state_.sides[0].trace());
    act_.focus_on(1);
    EXPECT_FALSE(state_.explanation.has_value());
    act_.select_on(1, {"weights", {3, last}});
    act_.move_selection(0, 1);
    const CellRef both{"weights", {3, 1}};
    act_.select_on(0, both);
    EXPECT_EQ(state_.focus, 0u);
    EXPECT_EQ(state_.explanation->cell, both);
}

TEST_F(ControllerTest, ASessionKeepsBAndAPictureOfTheDifferenceBringsBothBack) {
    const std::string stem = testing::TempDir() + "saccade-compare-" + std::to_string(getpid());
    act_.toggle_compare();
    act_.set_param("temperature", 2.5);
    settle();
    act_.save_session_to(stem + ".json");
    state_.exporting.path = stem + ".svg";
    state_.exporting.what = 2;
    act_.export_now();
    ASSERT_FALSE(state_.exporting.failed) << state_.exporting.result;
    for (const char* ending : {".json", ".svg"}) {
        AppState other;
        Runner a, b;
        Controller act(other, a, b);
        act.choose_exhibit("alignment");
        act.open_file(stem + ending);
        while (other.running()) {
            act.poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        ASSERT_TRUE(other.comparing) << ending;
        EXPECT_TRUE(other.linked);
        EXPECT_DOUBLE_EQ(other.sides[0].request.params.number("temperature"), 1);
        EXPECT_DOUBLE_EQ(other.sides[1].request.params.number("temperature"), 2.5);
        ASSERT_NE(other.difference, nullptr);
        EXPECT_EQ(other.difference->tensor("weights").values.at({0, 0}),
                  state_.difference->tensor("weights").values.at({0, 0}));
        std::filesystem::remove(stem + ending);
    }
    act_.toggle_compare();
    act_.save_session_to(stem + ".json");
    std::ifstream file(stem + ".json");
    EXPECT_FALSE(nlohmann::json::parse(file).contains("compare"));
    std::filesystem::remove(stem + ".json");
}

TEST_F(ControllerTest, SwappingSidesSwapsWhatTheyAre) {
    act_.toggle_compare();
    act_.set_param("temperature", 2.0);
    act_.swap_sides();
    settle();
    EXPECT_DOUBLE_EQ(state_.sides[0].shown.request.params.number("temperature"), 2);
    EXPECT_DOUBLE_EQ(state_.sides[1].shown.request.params.number("temperature"), 1);
}

// --- lessons, picks ---

TEST_F(ControllerTest, ALessonIsCheckedOnTheRunThatIsShown) {
    const Lesson& lesson = exhibit("alignment").lesson;
    ASSERT_EQ(state_.side().lesson.size(), lesson.points.size());
    for (std::size_t i = 0; i < lesson.points.size(); ++i)
        EXPECT_NE(verdict(lesson.points[i], state_.side().lesson[i]), "broken") << lesson.points[i].english;
}

TEST_F(ControllerTest, AClickOnAFinishedHypothesisPicksIt) {
    act_.set_param("beam", std::int64_t{4});
    settle();
    const TraceTensor* rank = state_.trace()->find("beam.rank");
    ASSERT_NE(rank, nullptr);
    for (Index t = 0; t < rank->values.shape()[0]; ++t)
        for (Index c = 0; c < rank->values.shape()[1]; ++c)
            if (rank->values.at({t, c}) == 2) act_.select({"beam.score", {t, c}});
    settle();
    EXPECT_EQ(state_.side().request.params.integer("hypothesis"), 2);
}

// --- a run under way ---

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
    while (!state.side().partial()) act.poll();
    EXPECT_TRUE(state.running());
    EXPECT_DOUBLE_EQ(state.side().progress, 0.4);
    ASSERT_NE(state.trace(), nullptr);
    EXPECT_FALSE(state.stale());
    act.cancel_runs();
    EXPECT_FALSE(state.running());
    EXPECT_TRUE(state.side().cancelled);
    EXPECT_TRUE(state.side().partial());
    EXPECT_EQ(state.trace()->texts().at("output"), "2019-09-30");
    go = true;
    act.run_again(0);
    EXPECT_FALSE(state.side().cancelled);
    while (state.running()) act.poll();
    EXPECT_FALSE(state.side().partial());
    EXPECT_FALSE(state.side().cancelled);
}

}  // namespace
}  // namespace saccade
