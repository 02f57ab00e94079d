#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/input_file.hpp"
#include "io/npz.hpp"
#include "unit/gui/controller_fixture.hpp"
#include "unit/scratch.hpp"

namespace saccade::controller_files_test {
namespace {

TEST_F(ControllerTest, ASessionComesBackAsItWas) {
    const std::string path = test::scratch_path("session.json");
    set_source("2 June 1999");
    act_.hand().set_weight({"weights", {1, 1}}, 0.5);
    act_.stage().select({"weights", {1, 1}});
    state_.view.scale = Normalization::Scale::sqrt;
    state_.view.theme = "light";
    state_.view.ui_scale = 1.7;
    state_.view.language = "zh";
    settle();
    const std::string written = output();
    act_.files().save_session_to(path);

    AppState other;
    Runner runner, second_runner;
    Controller act(other, runner, second_runner);
    act.choose_exhibit("alignment");
    act.files().open(path);
    while (act.files().opening() || other.document.stale()) {
        act.poll();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(other.document.side().request.params.text("source"), "2 June 1999");
    EXPECT_EQ(other.document.side().request.interventions, state_.document.side().request.interventions);
    EXPECT_EQ(other.document.trace()->texts().at("output"), written);
    EXPECT_EQ(other.view.scale, Normalization::Scale::sqrt);
    // How a person wants to see everything is not the file's to change.
    EXPECT_EQ(other.view.theme, "dark");
    EXPECT_EQ(other.view.language, "en");
    EXPECT_EQ(other.view.ui_scale, 1);
    EXPECT_EQ(other.document.stage.selected.cell, state_.document.stage.selected.cell);
    std::filesystem::remove(path);
}

TEST_F(ControllerTest, EveryPromptReadsPathsInOneWay) {
    const std::string folder = test::scratch_path("prompts");
    std::filesystem::create_directories(folder);
    std::string address = "file://" + folder + "/a%20session.json";
    for (std::size_t at = 0; (at = address.find(' ')) != std::string::npos;) address.replace(at, 1, "%20");
    state_.prompt = {PathPrompt::Kind::save_session, address, ""};
    act_.files().answer_prompt();
    EXPECT_EQ(state_.prompt.problem, "");
    EXPECT_TRUE(std::filesystem::exists(folder + "/a session.json"));
    state_.desk.path = " '" + folder + "/a figure.svg' ";
    settle();
    act_.desk().export_now();
    EXPECT_FALSE(state_.desk.failed) << state_.desk.result;
    EXPECT_TRUE(std::filesystem::exists(folder + "/a figure.svg"));
    for (const std::string& written : {address, "\"" + folder + "/a session.json\""}) {
        state_.prompt = {PathPrompt::Kind::open, written, ""};
        act_.files().answer_prompt();
        EXPECT_EQ(state_.prompt.problem, "") << written;
    }
    std::filesystem::remove_all(folder);
}

TEST_F(ControllerTest, AFileThatIsNothingBecomesOneLineAndLosesNothing) {
    const std::string path = test::scratch_path("nothing.json");
    write_file(path, "not a session\n");
    const RunRequest before = state_.document.side().request;
    open(path);
    ASSERT_TRUE(state_.banner.has_value());
    EXPECT_TRUE(state_.banner->error);
    EXPECT_EQ(state_.banner->text.find('\n'), std::string::npos);
    EXPECT_EQ(state_.document.side().request.params, before.params);
    std::filesystem::remove(path);
}

TEST_F(ControllerTest, AnArrayThatIsNoCaptureSaysWhatIsWrongWithItAsOne) {
    const std::string folder = test::scratch_path("wrong");
    std::filesystem::create_directory(folder);
    write_npz(folder + "/about.npz",
              {{"a", Tensor<float>(Shape{2, 3, 8, 8}, 0.125f), ""}, {"capture.json", {}, "{\"axes\": ["}});
    write_file(folder + "/saved.pkl", std::string("\x80\x04\x95", 3));
    open(folder + "/about.npz");
    ASSERT_TRUE(state_.banner && state_.banner->error);
    EXPECT_NE(state_.banner->text.find("capture.json"), std::string::npos) << state_.banner->text;
    open(folder + "/saved.pkl");
    EXPECT_NE(state_.banner->text.find("is a pickle"), std::string::npos) << state_.banner->text;
    std::filesystem::remove_all(folder);
}

TEST_F(ControllerTest, AClickedPatchLooksWhoseverMapItIsIn) {
    act_.choose_exhibit("vision-checkpoint");
    settle();
    const auto query = [&] { return state_.document.side().request.params.integer("query"); };
    act_.stage().select({"query.weights", {1, 1, 1, 2}});
    settle();
    const TraceTensor& numbers = state_.document.trace()->tensor("patch.number");
    EXPECT_EQ(query(), static_cast<std::int64_t>(numbers.values.at({1, 2})));
    act_.stage().select({"rollout.map", {0, 0}});
    settle();
    EXPECT_EQ(query(), static_cast<std::int64_t>(numbers.values.at({0, 0})));
}

TEST_F(ControllerTest, AnExportedPictureBecomesTheLiveSessionAgain) {
    for (const char* ending : {".svg", ".html"}) {
        const std::string path = test::scratch_path(std::string("picture") + ending);
        set_source("3 March 2003");
        settle();
        state_.desk.path = path;
        act_.desk().export_now();
        ASSERT_FALSE(state_.desk.failed) << state_.desk.result;
        set_source("4 April 2004");
        open(path);
        settle();
        EXPECT_EQ(state_.document.side().request.params.text("source"), "3 March 2003") << ending;
        EXPECT_EQ(output(), "2003-03-03") << ending;
        std::filesystem::remove(path);
    }
}

TEST_F(ControllerTest, AFileThatIsThereIsReplacedWhenItIsAskedForTwice) {
    const std::string path = test::scratch_path("replace.json");
    using Kind = PathPrompt::Kind;
    for (const Kind kind : {Kind::save_session, Kind::save_model, Kind::save_checkpoint, Kind::save_picture}) {
        write_file(path, "precious");
        state_.prompt = {kind, path, ""};
        act_.files().answer_prompt();
        EXPECT_NE(state_.prompt.problem.find("is there already"), std::string::npos) << state_.prompt.problem;
        EXPECT_EQ(read_file(path), "precious");
    }
    state_.prompt = {Kind::save_session, path, ""};
    act_.files().answer_prompt();
    act_.files().answer_prompt();
    EXPECT_NE(read_file(path), "precious");
    const std::string picture = path + ".svg";
    write_file(picture, "precious");
    state_.desk.path = picture;
    act_.desk().export_now();
    EXPECT_TRUE(state_.desk.failed);
    EXPECT_EQ(read_file(picture), "precious");
    for (int again = 0; again < 2; ++again) {  // and then as often as one likes
        act_.desk().export_now();
        EXPECT_FALSE(state_.desk.failed) << state_.desk.result;
    }
    for (const std::string& file : {path, picture}) std::filesystem::remove(file);
}

TEST_F(ControllerTest, WhatIsAskedAboutIsWhatIsReplacedHoweverItIsWritten) {
    const std::string folder = test::scratch_path("quotes");
    std::filesystem::create_directories(folder);
    using Kind = PathPrompt::Kind;
    const std::string file = folder + "/s.json";
    std::string escaped;
    for (const char c : file) escaped += c == ' ' ? std::string("\\ ") : std::string(1, c);
    for (const std::string& written : {"'" + file + "'", "\"" + file + "\"", "  " + file + " ", "file://" + file, escaped}) {
        for (const Kind kind : {Kind::save_session, Kind::save_model, Kind::save_checkpoint, Kind::save_picture}) {
            write_file(file, "precious");
            state_.prompt = {kind, written, ""};
            act_.files().answer_prompt();
            EXPECT_NE(state_.prompt.problem.find("once more replaces it"), std::string::npos)
                << written << state_.prompt.problem;
            EXPECT_EQ(read_file(file), "precious") << written;
        }
        state_.prompt = {Kind::save_session, written, ""};
        act_.files().answer_prompt();
        state_.prompt.path = "'" + file + "'";  // the same file, written in another way
        act_.files().answer_prompt();
        EXPECT_NE(read_file(file), "precious");
    }
    for (const char* nothing : {"", "  ", "''"}) {
        state_.prompt = {Kind::save_session, nothing, ""};
        act_.files().answer_prompt();
        EXPECT_NE(state_.prompt.problem, "");
    }
    std::filesystem::remove_all(folder);
}

TEST_F(ControllerTest, AnExportThatCannotBeWrittenSaysWhy) {
    state_.desk.path = "/proc/no-such-folder/x.png";
    act_.desk().export_now();
    EXPECT_TRUE(state_.desk.failed);
    EXPECT_NE(state_.desk.result.find("/proc/no-such-folder"), std::string::npos) << state_.desk.result;
}

TEST_F(ControllerTest, PathsThatNoFileSystemTakesAreAProblemNotAnEnd) {
    const std::string absurd = "/tmp/" + std::string(5000, 'x') + ".png";
    open(absurd);
    EXPECT_TRUE(state_.banner && state_.banner->error);
    state_.prompt = {PathPrompt::Kind::open, absurd, ""};
    act_.files().answer_prompt();
    EXPECT_NE(state_.prompt.problem, "");
    state_.prompt = {PathPrompt::Kind::save_session, absurd, ""};
    act_.files().answer_prompt();
    EXPECT_NE(state_.prompt.problem, "");
    state_.desk.path = absurd;
    act_.desk().export_now();
    EXPECT_TRUE(state_.desk.failed);
}

TEST_F(ControllerTest, WeightsThatDoNotFitCanBeTakenBack) {
    const std::string path = test::scratch_path("weights.safetensors");
    const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size());
    write_file(path, file + header + std::string(4, '\0'));
    open(path);
    settle();
    ASSERT_TRUE(state_.document.side().problem.has_value());
    EXPECT_EQ(output(), "2019-09-30");  // the picture before stays
    act_.undo();
    settle();
    EXPECT_FALSE(state_.document.side().problem.has_value());
    EXPECT_FALSE(state_.document.stale());
    std::filesystem::remove(path);
}

TEST_F(ControllerTest, ASessionKeepsBAndAPictureOfTheDifferenceBringsBothBack) {
    const std::string stem = test::scratch_path("compare");
    act_.comparison().toggle();
    act_.inputs().set_param("temperature", 2.5);
    settle();
    act_.files().save_session_to(stem + ".json");
    state_.desk.path = stem + ".svg";
    state_.desk.what = 2;
    act_.desk().export_now();
    ASSERT_FALSE(state_.desk.failed) << state_.desk.result;
    for (const char* ending : {".json", ".svg"}) {
        AppState other;
        Runner a, b;
        Controller act(other, a, b);
        act.choose_exhibit("alignment");
        act.files().open(stem + ending);
        while (act.files().opening() || other.document.running()) {
            act.poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        ASSERT_TRUE(other.document.comparing) << ending;
        EXPECT_TRUE(other.document.linked);
        EXPECT_DOUBLE_EQ(other.document.sides[0].request.params.number("temperature"), 1);
        EXPECT_DOUBLE_EQ(other.document.sides[1].request.params.number("temperature"), 2.5);
        ASSERT_NE(other.document.difference, nullptr);
        EXPECT_EQ(other.document.difference->tensor("weights").values.at({0, 0}),
                  state_.document.difference->tensor("weights").values.at({0, 0}));
        std::filesystem::remove(stem + ending);
    }
    act_.comparison().toggle();
    act_.files().save_session_to(stem + ".json");
    std::ifstream file(stem + ".json");
    EXPECT_FALSE(nlohmann::json::parse(file).contains("compare"));
    std::filesystem::remove(stem + ".json");
}

}  // namespace
}  // namespace saccade::controller_files_test
