#include "ui/file_browser.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "io/file_lock.hpp"
#include "ui/helper_program.hpp"
#include "unit/scratch.hpp"

namespace saccade::file_browser_test {
namespace {

namespace fs = std::filesystem;

std::string folder_with_files() {
    const fs::path folder = test::scratch_path("browse");
    fs::create_directories(folder / "b folder");
    for (const char* name : {"z.txt", "a.txt", ".hidden"}) std::ofstream(folder / name) << "12345";
    return folder.string() + "/";
}

TEST(FileBrowser, a_path_stands_in_its_folder) {
    EXPECT_EQ(folder_of("/home/me/fig"), "/home/me/");
    EXPECT_EQ(folder_of("/"), "/");
    EXPECT_EQ(folder_of("fig.png"), ".");
    EXPECT_EQ(folder_of("sub/fig.png"), "sub/");
}

TEST(FileBrowser, folders_come_first_and_what_is_hidden_does_not) {
    const FolderListing listing = list_folder(folder_with_files());
    ASSERT_EQ(listing.entries.size(), 3u);
    EXPECT_EQ(listing.entries[0].name, "b folder");
    EXPECT_TRUE(listing.entries[0].folder);
    EXPECT_EQ(listing.entries[1].name, "a.txt");
    EXPECT_EQ(listing.entries[1].size, 5u);
    EXPECT_EQ(listing.entries[2].name, "z.txt");
    EXPECT_TRUE(listing.problem.empty());
    EXPECT_FALSE(list_folder("/no/such/folder").problem.empty());
}

TEST(FileBrowser, follows_what_is_typed) {
    FileBrowser browser;
    const std::string folder = folder_with_files();
    const auto settle = [&](const std::string& typed) {
        browser.follow(typed);
        while (browser.busy()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            browser.follow(typed);
        }
    };
    settle(folder + "a.txt");
    EXPECT_EQ(browser.listing.folder, folder);
    EXPECT_NE(browser.told.find("5 B"), std::string::npos) << browser.told;
    EXPECT_TRUE(browser.preview.empty());
    settle(folder + "nothing");
    EXPECT_TRUE(browser.told.empty());
}

TEST(HelperProgram, is_given_its_input_and_gives_its_output) {
    EXPECT_TRUE(has_program("cat"));
    EXPECT_FALSE(has_program("no-such-program-here"));
    const std::string much(300000, 'x');
    const HelperAnswer answer = run_program({"cat"}, much);
    EXPECT_EQ(answer.status, 0);
    EXPECT_EQ(answer.output, much);
    EXPECT_EQ(run_program({"sh", "-c", "exit 3"}).status, 3);
    EXPECT_THROW(run_program({"no-such-program-here"}), Error);
}

TEST(HelperProgram, ends_when_it_is_told_to) {
    std::stop_source stop;
    std::jthread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        stop.request_stop();
    });
    EXPECT_EQ(run_program({"sleep", "1000"}, {}, stop.get_token()).status, -1);
    // What stays behind, as the holder of a clipboard does, is not waited for.
    EXPECT_EQ(run_program({"sh", "-c", "sleep 2 & exit 0"}).status, 0);
}

TEST(SessionLock, is_held_by_one_and_a_dead_one_does_not_count) {
    const std::string path = folder_with_files() + "a.txt";
    bool busy = true;
    auto first = FileLock::if_free(path, busy);
    EXPECT_TRUE(first);
    EXPECT_FALSE(busy);
    EXPECT_FALSE(FileLock::if_free(path, busy));
    EXPECT_TRUE(busy);
    first.reset();
    EXPECT_FALSE(fs::exists(path + ".lock"));
    std::ofstream(path + ".lock").close();  // left by a program that was killed
    EXPECT_TRUE(FileLock::if_free(path, busy));
    EXPECT_FALSE(FileLock::if_free("/no/such/folder/a", busy));
    EXPECT_FALSE(busy) << "where none can be made nobody is kept out";
}

}  // namespace
}  // namespace saccade::file_browser_test
