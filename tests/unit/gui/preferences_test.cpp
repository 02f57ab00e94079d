#include "ui/preferences.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "io/atomic_file.hpp"
#include "unit/scratch.hpp"

namespace saccade::preferences_test {
namespace {

class PreferencesTest : public testing::Test {
 protected:
    PreferencesTest() : folder_(test::scratch_path("preferences")) {
        setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
        // The system's language, whatever that of who runs the test.
        for (const char* name : {"SACCADE_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"}) unsetenv(name);
    }
    ~PreferencesTest() override {
        unsetenv("XDG_CONFIG_HOME");
        std::filesystem::remove_all(folder_);
    }
    std::string file() const { return folder_ + "/saccade/preferences.json"; }
    std::string folder_;
};

TEST_F(PreferencesTest, WhatWasSetIsThereAgainAndAsLargeOnAnotherScreen) {
    ViewSettings settings;
    Preferences first;
    std::vector<Recent> recent;
    first.read(settings, recent, 1);
    first.keep(settings, recent);
    EXPECT_FALSE(std::filesystem::exists(file()));  // nothing was set
    settings.theme = "light";
    settings.language = "zh";
    settings.lesson_language_chosen = true;
    settings.window_language = "zh";
    settings.window_language_chosen = true;
    settings.ui_scale = 1.5;
    settings.present_size = 1.2;
    first.keep(settings, recent);
    ViewSettings again;
    Preferences().read(again, recent, 2);
    EXPECT_EQ(again.theme, "light");
    EXPECT_EQ(again.language, "zh");
    EXPECT_EQ(again.window_language, "zh");
    EXPECT_DOUBLE_EQ(again.ui_scale, 3);
    EXPECT_DOUBLE_EQ(again.present_size, 1.2);  // a part of whatever screen
}

TEST_F(PreferencesTest, TheFirstStartIsToldFromTheNextEvenIfNothingWasSet) {
    ViewSettings settings;
    std::vector<Recent> recent;
    Preferences first, second, third;
    first.read(settings, recent, 1);
    EXPECT_TRUE(first.first_start());
    first.note_first_scene();
    first.keep(settings, recent);
    second.read(settings, recent, 1);
    EXPECT_FALSE(second.first_start());
    EXPECT_FALSE(settings.tour_seen);
    settings.tour_seen = true;
    second.keep(settings, recent);
    ViewSettings again;
    third.read(again, recent, 1);
    EXPECT_TRUE(again.tour_seen);
    write_file(file(), "{");
    Preferences damaged;
    damaged.read(again, recent, 1);
    EXPECT_FALSE(damaged.first_start()) << "somebody has been here";
    unsetenv("XDG_CONFIG_HOME");
    const char* const home = std::getenv("HOME");
    const std::string was = home != nullptr ? home : "";
    unsetenv("HOME");
    Preferences nowhere;
    nowhere.read(again, recent, 1);
    if (home != nullptr) setenv("HOME", was.c_str(), 1);
    EXPECT_FALSE(nowhere.first_start()) << "it could not be remembered, and would be the first each time";
}

TEST_F(PreferencesTest, ALanguageThatNobodyChoseIsTheSystems) {
    ViewSettings settings;
    std::vector<Recent> recent;
    Preferences first;
    first.read(settings, recent, 1);
    settings.theme = "light";
    settings.window_language = settings.language = "zh";  // by LANG, then
    first.keep(settings, recent);
    ViewSettings again;
    Preferences().read(again, recent, 1);
    EXPECT_EQ(again.theme, "light");
    EXPECT_EQ(again.window_language, "en");
    EXPECT_FALSE(again.window_language_chosen);
    EXPECT_FALSE(again.lesson_language_chosen);
}

TEST_F(PreferencesTest, WhatIsAskedForGoesBeforeWhatWasChosen) {
    ViewSettings settings;
    std::vector<Recent> recent;
    Preferences first;
    first.read(settings, recent, 1);
    settings.window_language = "zh";
    settings.window_language_chosen = true;
    first.keep(settings, recent);
    setenv("SACCADE_LANGUAGE", "en", 1);
    ViewSettings again;
    Preferences().read(again, recent, 1);
    EXPECT_EQ(again.window_language, "en");
    unsetenv("SACCADE_LANGUAGE");
    Preferences().read(again, recent, 1);
    EXPECT_EQ(again.window_language, "zh");
}

TEST_F(PreferencesTest, WhatWasOpenedLastIsThereAgain) {
    ViewSettings settings;
    std::vector<Recent> recent, again;
    Preferences first;
    first.read(settings, recent, 1);
    for (int i = 0; i < 9; ++i) note_recent(recent, {"checkpoint", "/models/" + std::to_string(i)});
    note_recent(recent, {"checkpoint", "/models/7"});
    EXPECT_EQ(recent.size(), 6u);
    EXPECT_EQ(recent[0].path, "/models/7");
    EXPECT_EQ(recent[1].path, "/models/8");
    first.keep(settings, recent);
    Preferences().read(settings, again, 1);
    EXPECT_EQ(again, recent);
    forget_recent(again, "/models/8");
    EXPECT_EQ(again.size(), 5u);
}

TEST(Recent, IsCalledByItsOwnName) {
    EXPECT_EQ(recent_title({"checkpoint", "/models/gpt2"}), "gpt2");
    EXPECT_EQ(recent_title({"checkpoint", "/models/gpt2/"}), "gpt2");
    EXPECT_EQ(recent_title({"capture", "run-0412.safetensors"}), "run-0412.safetensors");
    EXPECT_EQ(recent_title({"checkpoint", "/hub/models--openai-community--gpt2/snapshots/607a30d7"}), "gpt2");
}

TEST_F(PreferencesTest, DamagedOnesAreLikeNone) {
    std::filesystem::create_directories(folder_ + "/saccade");
    for (const char* text : {"", "{", "[]", R"({"theme": "no such"})", R"({"theme": 3})"}) {
        write_file(file(), text);
        ViewSettings settings;
        std::vector<Recent> recent;
        Preferences().read(settings, recent, 1.2);
        EXPECT_EQ(settings.theme, "dark") << text;
        EXPECT_DOUBLE_EQ(settings.ui_scale, 1.2) << text;
    }
}

TEST_F(PreferencesTest, AnotherScreenMakesAllAsMuchLargerAndWhatAPersonChoseStays) {
    ViewSettings settings;
    std::vector<Recent> recent;
    double screen = 1;
    Preferences preferences;
    preferences.read(settings, recent, screen);
    settings.ui_scale = 1.2;
    preferences.follow_screen(settings, screen, 1.001);
    EXPECT_DOUBLE_EQ(settings.ui_scale, 1.2) << "that is no change";
    preferences.follow_screen(settings, screen, 2);
    EXPECT_DOUBLE_EQ(settings.ui_scale, 2.4);
    EXPECT_DOUBLE_EQ(screen, 2);
    preferences.keep(settings, recent);
    ViewSettings again;
    Preferences().read(again, recent, 1);
    EXPECT_DOUBLE_EQ(again.ui_scale, 1.2) << "on the screen before it is what it was";
    preferences.follow_screen(settings, screen, 0);
    EXPECT_DOUBLE_EQ(screen, 2);
}

TEST(ScreenScale, IsWhatTheScreenAsksForLessWhatTheSystemDoes) {
    EXPECT_DOUBLE_EQ(scale_of_screen(1, 1), 1);
    EXPECT_DOUBLE_EQ(scale_of_screen(2, 1), 2);         // X11, Xft.dpi 192
    EXPECT_DOUBLE_EQ(scale_of_screen(2, 2), 1);         // Wayland: the window's units are larger already
    EXPECT_DOUBLE_EQ(scale_of_screen(1.2604, 1), 1.3);  // 121 dpi
    EXPECT_DOUBLE_EQ(scale_of_screen(9, 1), 3);
    EXPECT_DOUBLE_EQ(scale_of_screen(0, 1), 1);
}

}  // namespace
}  // namespace saccade::preferences_test
