#include "ui/pasted_pictures.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "io/atomic_file.hpp"
#include "io/user_folder.hpp"
#include "unit/scratch.hpp"

namespace saccade::pasted_pictures_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Pictures from the clipboard, in a state folder of the test's own.
class PastedPictures : public testing::Test {
 protected:
    PastedPictures() {
        if (const char* before = std::getenv("XDG_STATE_HOME")) before_ = before;
        setenv("XDG_STATE_HOME", home_.c_str(), 1);
    }
    ~PastedPictures() override {
        before_.empty() ? unsetenv("XDG_STATE_HOME") : setenv("XDG_STATE_HOME", before_.c_str(), 1);
        fs::remove_all(home_);
    }
    static RunRequest showing(const std::string& path) {
        RunRequest request;
        request.exhibit = "spatial";
        request.params.set("image", path);
        return request;
    }
    static auto in(std::chrono::hours hours) { return std::chrono::system_clock::now() + hours; }

    std::string home_ = test::scratch_path("pasted"), before_;
};

TEST_F(PastedPictures, TheSamePictureIsTheSameFile) {
    const std::string one = keep_pasted("picture", "png"), again = keep_pasted("picture", "png");
    EXPECT_EQ(one, again);
    EXPECT_NE(one, keep_pasted("another", "png"));
    EXPECT_TRUE(one.starts_with(state_folder() + "/pasted/"));
}

TEST_F(PastedPictures, WhatNobodyNeedsGoesAfterAMonth) {
    const std::string left = keep_pasted("left", "png"), saved = keep_pasted("saved", "png"),
                      open = keep_pasted("open", "jpeg");
    note_saved(showing(saved));
    note_saved(showing("/elsewhere/ship.png"));
    note_saved({});  // the side of a comparison that is not there
    write_file(state_folder() + "/work-1-abcd.json", R"({"request": {"params": {"image": ")" + open + "\"}}}");
    sweep_pasted(in(29 * 24h));
    for (const std::string& path : {left, saved, open}) EXPECT_TRUE(fs::exists(path)) << path;
    sweep_pasted(in(31 * 24h));
    EXPECT_FALSE(fs::exists(left));
    EXPECT_TRUE(fs::exists(saved));
    EXPECT_TRUE(fs::exists(open));
    fs::remove(state_folder() + "/work-1-abcd.json");
    sweep_pasted(in(31 * 24h));
    EXPECT_FALSE(fs::exists(open)) << "nobody has it open any more";
    EXPECT_TRUE(fs::exists(saved));
}

TEST_F(PastedPictures, TheOldestGoWhereThereIsTooMuch) {
    std::vector<std::string> paths;
    for (int i = 0; i < 4; ++i) {
        paths.push_back(keep_pasted("picture " + std::to_string(i), "png"));
        fs::resize_file(paths.back(), std::uintmax_t{100} << 20);  // empty space takes none on the disk
        fs::last_write_time(paths.back(), fs::file_time_type::clock::now() - (4 - i) * 1h);
    }
    sweep_pasted(in(12h));
    for (const std::string& path : paths) EXPECT_TRUE(fs::exists(path)) << "of today";
    sweep_pasted(in(48h));
    EXPECT_FALSE(fs::exists(paths[0]));
    EXPECT_FALSE(fs::exists(paths[1]));
    EXPECT_TRUE(fs::exists(paths[2]));
    EXPECT_TRUE(fs::exists(paths[3]));
}

}  // namespace
}  // namespace saccade::pasted_pictures_test
