#include "ui/recovery.hpp"

#include <nlohmann/json.hpp>

#include "controller_fixture.hpp"
#include "io/atomic_file.hpp"
#include "unit/core/testing.hpp"

namespace saccade::recovery_test {
namespace {

namespace fs = std::filesystem;
using test::bytes_of;
using test::put_bytes;

class RecoveryTest : public ControllerTest {
 protected:
    RecoveryTest() {
        setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
        act_.recovery().start();
    }
    ~RecoveryTest() override { unsetenv("XDG_STATE_HOME"); }
    std::vector<std::string> files(const std::string& ending = ".json") const {
        std::vector<std::string> found;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(folder_ / "state/saccade", error))
            if (entry.path().extension() == ending) found.push_back(entry.path().string());
        return found;
    }
    static nlohmann::json read(const std::string& path) { return nlohmann::json::parse(bytes_of(path)); }

    test::TemporaryFolder folder_;
};

/// The next window, as it stands when it has started.
struct Next {
    AppState state;
    Runner a, b;
    Controller act{state, a, b};
    Next() {
        act.choose_exhibit("alignment");
        act.recovery().start();
    }
};

TEST_F(RecoveryTest, KeepsWhatWasEditedAndNothingElse) {
    EXPECT_EQ(act_.recovery().keep_now(), "");
    EXPECT_TRUE(files().empty());
    set_source("1 May 2021");
    const std::string path = act_.recovery().keep_now();
    ASSERT_EQ(files(), std::vector<std::string>{path});
    EXPECT_EQ(read(path)["request"]["params"]["source"], "1 May 2021");
    EXPECT_EQ(load_session(path).request.params.text("source"), "1 May 2021") << "it is a session like any other";
    act_.choose_exhibit("transformer");
    act_.recovery().keep_now();
    EXPECT_EQ(read(path)["request"]["exhibit"], "transformer");
    EXPECT_EQ(read(path)["others"][0]["request"]["params"]["source"], "1 May 2021");
    act_.recovery().finish();
    EXPECT_TRUE(files().empty() && files(".lock").empty());
}

TEST_F(RecoveryTest, IsWrittenByItselfWithinASecond) {
    set_source("1 May 2021");
    act_.recovery().keep();
    for (int tenth = 0; tenth < 10 && files().empty(); ++tenth) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_EQ(files().size(), 1u);
    act_.inputs().set_param("source", std::string("2 May 2021"));  // an edit is handed over at once, however soon it follows
    act_.recovery().keep();
    act_.recovery().flush();
    EXPECT_EQ(read(files()[0])["request"]["params"]["source"], "2 May 2021");
}

TEST_F(RecoveryTest, AFullDiskIsSaidAndForgottenWhenThereIsRoom) {
    set_source("1 May 2021");
    {
        const test::FileSizeLimit full(100);
        EXPECT_EQ(act_.recovery().keep_now(), "");
        ASSERT_TRUE(act_.recovery().problem());
        EXPECT_NE(act_.recovery().problem()->line().find("cannot be written"), std::string::npos);
    }
    const std::string path = act_.recovery().keep_now();
    EXPECT_EQ(files(), std::vector<std::string>{path});
    EXPECT_FALSE(act_.recovery().problem());
}

TEST_F(RecoveryTest, WhatAProgramLeftIsOfferedOnceAndComesBack) {
    set_source("1 May 2021");
    act_.choose_exhibit("memory");
    settle();
    const std::string path = act_.recovery().keep_now();
    fs::copy_file(path, folder_ / "state/saccade/work-1-dead.json");  // as a killed program leaves it: nobody holds its lock

    Next window;
    AppState& state = window.state;
    Controller& next = window.act;
    ASSERT_TRUE(next.recovery().left());
    EXPECT_EQ(next.recovery().left()->path(), folder_ / "state/saccade/work-1-dead.json") << "not what a living window holds";
    {
        AppState third_state;
        Controller third(third_state, window.a, window.b);
        third.recovery().start();
        EXPECT_FALSE(third.recovery().left()) << "two windows offer the same";
    }
    next.files().restore_left();
    EXPECT_EQ(state.document.side().request.exhibit, "memory");
    EXPECT_FALSE(next.recovery().left());
    EXPECT_TRUE(fs::exists(folder_ / "state/saccade/work-1-dead.json")) << "before the new file holds it";
    const std::string own = next.recovery().keep_now();
    EXPECT_EQ(read(own)["others"][0]["request"]["params"]["source"], "1 May 2021");
    EXPECT_FALSE(fs::exists(folder_ / "state/saccade/work-1-dead.json"));
    next.choose_exhibit("alignment");
    EXPECT_EQ(state.document.side().request.params.text("source"), "1 May 2021");
}

TEST_F(RecoveryTest, ADamagedOneIsALineAndStays) {
    const std::string path = folder_ / "state/saccade/work-1-dead.json";
    put_bytes(path, R"({"format": "saccade-session", "version": 1, "request)");
    Next window;
    Controller& next = window.act;
    next.files().restore_left();
    ASSERT_TRUE(next.recovery().left_problem()) << "said where it is offered";
    EXPECT_NE(next.recovery().left_problem()->line().find("work-1-dead.json"), std::string::npos);
    EXPECT_TRUE(fs::exists(path) && next.recovery().left());
    next.recovery().discard_left();
    EXPECT_FALSE(fs::exists(path));
}

/// Each exhibit's training has its own, and the old one lasts until the new window has it.
TEST_F(RecoveryTest, TrainingsOfAllExhibitsComeBackAndGoOnBeingKept) {
    const auto in_state = [&](const std::string& name) { return folder_ / ("state/saccade/" + name); };
    const auto keep_at = [](Controller& act) {
        act.training().keep_at([&act](const std::string& exhibit) { return act.recovery().training_path(exhibit); });
    };
    keep_at(act_);
    for (const char* id : {"alignment", "positions"}) {
        act_.choose_exhibit(id);
        settle();
        act_.training().start();
    }
    const std::string json = act_.recovery().keep_now();
    act_.training().keep_all_now(state_);
    // It waits for them no longer than a person would; they are written all the same.
    for (int i = 0; i < 4000 && files(".checkpoint").size() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_EQ(files(".checkpoint").size(), 2u);
    put_bytes(in_state("work-1-dead.json"), bytes_of(json));
    put_bytes(in_state("work-1-dead.alignment.checkpoint"), bytes_of(act_.recovery().training_path("alignment")));
    put_bytes(in_state("work-1-dead.positions.checkpoint"), bytes_of(act_.recovery().training_path("positions")));
    act_.training().close();

    Next window;
    AppState& state = window.state;
    Controller& next = window.act;
    keep_at(next);
    ASSERT_TRUE(next.recovery().left());
    next.files().restore_left();
    EXPECT_EQ(state.document.side().request.exhibit, "positions");
    const std::string own = next.recovery().keep_now();  // the old file is gone, and the window may be killed any moment
    EXPECT_FALSE(fs::exists(in_state("work-1-dead.json")) || fs::exists(in_state("work-1-dead.alignment.checkpoint")));
    EXPECT_TRUE(read(own).value("training", false) && read(own)["others"][0].value("training", false));
    for (const char* id : {"alignment", "positions"}) EXPECT_TRUE(fs::exists(next.recovery().training_path(id))) << id;
    for (const char* id : {"positions", "alignment"}) {
        next.choose_exhibit(id);
        for (int i = 0; i < 4000 && !state.document.training.run; ++i) {
            next.training().poll();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        EXPECT_NE(state.document.training.run, nullptr) << id;
        next.training().close();
        EXPECT_FALSE(fs::exists(next.recovery().training_path(id))) << "given up";
    }
    while (!next.work_ended()) next.training().poll();
}

TEST_F(RecoveryTest, WhatCannotBeShownKeepsNothingElseBack) {
    set_source("2 May 2022");
    act_.choose_exhibit("memory");
    nlohmann::json work = read(act_.recovery().keep_now());
    nlohmann::json newer = work["others"][0];
    newer["request"]["exhibit"] = "of-a-newer-version";
    work["others"].push_back(newer);
    work["training"] = true;  // it had not been kept yet
    put_bytes(folder_ / "state/saccade/work-1-dead.json", work.dump());
    Next window;
    AppState& state = window.state;
    Controller& next = window.act;
    next.files().restore_left();
    EXPECT_EQ(state.document.side().request.exhibit, "memory");
    ASSERT_TRUE(state.banner && state.banner->error);
    EXPECT_NE(state.banner->text.find("kept-1-dead.json"), std::string::npos) << state.banner->text;
    EXPECT_TRUE(fs::exists(folder_ / "state/saccade/kept-1-dead.json"));
    EXPECT_FALSE(next.recovery().left());
    next.choose_exhibit("alignment");
    EXPECT_EQ(state.document.side().request.params.text("source"), "2 May 2022");
}

TEST_F(RecoveryTest, AFolderThatCannotBeUsedIsSaid) {
    const std::string odd = folder_ / "odd";
    put_bytes(odd, "a file");
    setenv("XDG_STATE_HOME", odd.c_str(), 1);
    Next window;
    AppState& state = window.state;
    Controller& next = window.act;
    ASSERT_TRUE(next.recovery().problem());
    EXPECT_NE(next.recovery().problem()->line().find(odd), std::string::npos) << next.recovery().problem()->line();
    next.recovery().keep();
    next.recovery().finish();
    // What others put there, under names of ours, is no reason.
    setenv("XDG_STATE_HOME", (folder_ / "loops").c_str(), 1);
    fs::create_directories(folder_ / "loops/saccade/work-2-beef.json");
    fs::create_symlink("work-1-abcd.json", folder_ / "loops/saccade/work-1-abcd.json");
    put_bytes(folder_ / "loops/saccade/work-1-abcd.lock", "");
    Controller third(state, window.a, window.b);
    third.recovery().start();
    EXPECT_FALSE(third.recovery().problem());
    EXPECT_FALSE(third.recovery().left());
}

TEST_F(ControllerTest, ResultsOfExhibitsPutAsideHaveALimit) {
    set_source("1 May 2021");
    for (const char* id : {"memory", "self-attention", "complexity"}) {
        act_.choose_exhibit(id);
        settle();
    }
    const auto has_results = [&](const char* id) { return state_.aside.at(id).sides[0].shown.trace != nullptr; };
    EXPECT_TRUE(has_results("alignment") && has_results("memory") && has_results("self-attention")) << "there is room";
    const Trace& last = *state_.aside.at("self-attention").sides[0].shown.trace;
    std::size_t bytes = 0;
    for (const TraceTensor& tensor : last.tensors()) bytes += static_cast<std::size_t>(tensor.values.size()) * sizeof(float);
    forget_oldest(state_.aside, bytes);
    EXPECT_TRUE(has_results("self-attention")) << "left last";
    EXPECT_FALSE(has_results("alignment") || has_results("memory"));
    act_.choose_exhibit("alignment");
    settle();
    EXPECT_EQ(output(), "2021-05-01") << "it is computed again";
}

}  // namespace
}  // namespace saccade::recovery_test
