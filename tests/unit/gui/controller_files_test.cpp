#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "unit/gui/controller_fixture.hpp"

namespace saccade {
namespace {

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

}  // namespace
}  // namespace saccade
