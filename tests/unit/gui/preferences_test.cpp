#include "ui/preferences.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "io/atomic_file.hpp"

namespace saccade::preferences_test {
namespace {

class PreferencesTest : public testing::Test {
 protected:
    PreferencesTest() : folder_(testing::TempDir() + "saccade-preferences-" + std::to_string(getpid())) {
        setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
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
    first.read(settings, 1);
    first.keep(settings);
    EXPECT_FALSE(std::filesystem::exists(file()));  // nothing was set
    settings.theme = "light";
    settings.language = "zh";
    settings.ui_scale = 1.5;
    first.keep(settings);
    ViewSettings again;
    Preferences().read(again, 2);
    EXPECT_EQ(again.theme, "light");
    EXPECT_EQ(again.language, "zh");
    EXPECT_DOUBLE_EQ(again.ui_scale, 3);
}

TEST_F(PreferencesTest, DamagedOnesAreLikeNone) {
    std::filesystem::create_directories(folder_ + "/saccade");
    for (const char* text : {"", "{", "[]", R"({"theme": "no such"})", R"({"theme": 3})"}) {
        write_file(file(), text);
        ViewSettings settings;
        Preferences().read(settings, 1.2);
        EXPECT_EQ(settings.theme, "dark") << text;
        EXPECT_DOUBLE_EQ(settings.ui_scale, 1.2) << text;
    }
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
