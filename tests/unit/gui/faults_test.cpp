#include "ui/faults.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "io/json_text.hpp"
#include "run/session.hpp"
#include "ui/saved_view.hpp"
#include "ui/window.hpp"
#include "unit/core/broken_json.hpp"
#include "unit/scratch.hpp"

namespace saccade::faults_test {
namespace {

using nlohmann::json;

/// A window whose frames can be made to throw, and where the work goes then.
class FaultsTest : public testing::Test {
 protected:
    FaultsTest() : folder_(test::scratch_path("faults")) {
        setenv("XDG_STATE_HOME", folder_.c_str(), 1);
        WindowOptions options;
        options.width = 900;
        options.height = 700;
        options.in_each_frame = [this] {
            if (to_throw_ && times_ > 0) {
                --times_;
                to_throw_();
            }
        };
        window_ = std::make_unique<Window>(options);
        frames(20);
        Controller& act = window_->controller();
        act.recovery().start();
        act.inputs().set_param("source", std::string("1 May 2021"));
        kept_ = act.recovery().keep_now();
    }
    ~FaultsTest() override {
        window_.reset();
        unsetenv("XDG_STATE_HOME");
        std::filesystem::remove_all(folder_);
    }
    void frames(int n) {
        for (int i = 0; i < n; ++i) window_->frame();
    }
    void fault(std::function<void()> what, int times) {
        to_throw_ = std::move(what);
        times_ = times;
    }
    std::string banner() { return window_->state().banner ? window_->state().banner->text : std::string(); }

    std::string folder_, kept_;
    std::function<void()> to_throw_;
    int times_ = 0;
    std::unique_ptr<Window> window_;
};

const std::vector<std::function<void()>>& thrown() {
    static const std::vector<std::function<void()>> all{
        [] { throw std::runtime_error(json::parse("[1e999]").dump()); }, [] { throw std::bad_alloc(); },
        [] { std::vector<int>().at(3); }, [] { throw Error(ErrorCode::io, "a file", "another"); }, [] { throw 3; }};
    return all;
}

TEST_F(FaultsTest, whatever_a_frame_throws_is_a_banner_and_the_work_is_kept) {
    for (const auto& what : thrown()) {
        window_->controller().messages().dismiss();
        fault(what, 1);
        frames(3);
        EXPECT_EQ(times_, 0);
        EXPECT_NE(banner().find(kept_), std::string::npos) << banner();
        EXPECT_EQ(banner().find("json.exception"), std::string::npos) << banner();
        EXPECT_EQ(banner().find("vector::"), std::string::npos) << banner();
        ASSERT_TRUE(std::filesystem::exists(kept_));
        EXPECT_EQ(load_session(kept_).request.params.text("source"), "1 May 2021");
    }
    // And it goes on as before.
    window_->controller().choose_exhibit("memory");
    frames(10);
    EXPECT_EQ(window_->state().document.exhibit().id, "memory");
}

TEST_F(FaultsTest, what_comes_again_lets_go_of_what_is_shown_and_goes_on) {
    window_->state().help_open = true;
    fault(thrown()[2], 3);
    frames(6);
    EXPECT_EQ(times_, 0);
    EXPECT_FALSE(window_->state().help_open);
    EXPECT_FALSE(banner().empty());
    frames(5);
}

TEST_F(FaultsTest, what_never_ends_ends_the_window_with_a_line_and_the_work_kept) {
    fault(thrown()[1], 1000);
    try {
        frames(50);
        ADD_FAILURE() << "still there";
    } catch (const Error& error) {
        EXPECT_NE(error.line().find(kept_), std::string::npos) << error.line();
    }
    EXPECT_TRUE(std::filesystem::exists(kept_));
}

TEST_F(FaultsTest, where_nothing_can_be_written_the_window_still_goes_on) {
    window_->controller().recovery().finish();
    fault(thrown()[1], 1);
    frames(3);
    EXPECT_NE(banner().find("your work goes on"), std::string::npos) << banner();
    EXPECT_EQ(banner().find("is in"), std::string::npos) << banner();
}

TEST(BrokenViews, of_a_session_are_refused_with_a_line) {
    AppState state;
    const json good =
        json::parse(R"({"theme": "dark", "ui_scale": 1.0, "step": -1, "scale": "linear", "options": {}, "language": "en",
        "lesson": false, "enlarged": "", "selected": {"tensor": "weights", "index": [1, 2]}, "shares": {"a": 0.5}})");
    ASSERT_NO_THROW(saved_view_from_json(good));
    std::vector<std::string> not_step = test::not_whole();
    std::erase(not_step, "-1");  // the last
    const std::vector<std::string> texts =
        test::broken_documents(good, {{"/theme", {"3", "\"pink\"", "null"}},
                                      {"/ui_scale", test::not_number()},
                                      {"/step", not_step},
                                      {"/scale", {"3", "\"cube\"", "null"}},
                                      {"/options", {"3", "[]", "null", "{\"heads\": [1e300]}"}},
                                      {"/language", test::not_text()},
                                      {"/lesson", test::not_toggle()},
                                      {"/enlarged", test::not_text()},
                                      {"/selected", {"3", "[]", "null"}},
                                      {"/selected/tensor", test::not_text()},
                                      {"/selected/index", {"3", "[1e300]", "[1.5]", "[\"x\"]", "[1e19]", "[[1]]", "{}"}},
                                      {"/shares", {"3", "[]", "null", "{\"a\": \"b\"}", "{\"a\": null}"}}});
    EXPECT_GE(test::expect_all_refused(
                  texts, [](const std::string& text) { saved_view_from_json(parse_json(text, "the session's view", "")); }),
              50u);
    for (const char* text : {"3", "[]", "null", "\"x\""})
        test::expect_refused(text, [&] { saved_view_from_json(json::parse(text)); });
}

}  // namespace
}  // namespace saccade::faults_test
