#include "ui/recovery.hpp"

#include <nlohmann/json.hpp>

#include "controller_fixture.hpp"
#include "io/atomic_file.hpp"
#include "unit/core/testing.hpp"

namespace saccade {
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

    AppState state;
    Runner a, b;
    Controller next(state, a, b);
    next.choose_exhibit("alignment");
    next.recovery().start();
    ASSERT_TRUE(next.recovery().left());
    EXPECT_EQ(next.recovery().left()->path(), folder_ / "state/saccade/work-1-dead.json") << "not what a living window holds";
    {
        AppState third_state;
        Controller third(third_state, a, b);
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
    AppState state;
    Runner a, b;
    Controller next(state, a, b);
    next.choose_exhibit("alignment");
    next.recovery().start();
    next.files().restore_left();
    ASSERT_TRUE(state.banner && state.banner->error);
    EXPECT_NE(state.banner->text.find("work-1-dead.json"), std::string::npos);
    EXPECT_TRUE(fs::exists(path));
    next.recovery().discard_left();
    EXPECT_FALSE(fs::exists(path));
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
}  // namespace saccade
