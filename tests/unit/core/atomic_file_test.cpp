#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>

#include "io/file_stamp.hpp"
#include "io/npz.hpp"
#include "testing.hpp"

namespace {

std::function<void()> on_sync;  // what a test looks at when something is brought to the disk

}  // namespace

// In place of the system's own: the order of what happens is seen from here alone.
extern "C" int fsync(int descriptor) {
    if (on_sync) on_sync();
    return static_cast<int>(syscall(SYS_fsync, descriptor));
}

namespace saccade::atomic_file_test {
namespace {

namespace fs = std::filesystem;
using test::bytes_of;
using test::contains;
using test::error_of;
using test::put_bytes;
using test::TemporaryFolder;

struct stat status_of(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(lstat(path.c_str(), &found), 0) << path;
    return found;
}

TEST(AtomicFile, follows_links_and_leaves_them) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "far");
    put_bytes(folder / "far/real.txt", "old");
    fs::create_symlink("far/real.txt", folder / "link");
    fs::create_symlink("link", folder / "link2");
    fs::create_symlink(folder / "far/new.txt", folder / "dangling");
    fs::create_symlink("loop", folder / "loop");
    write_file(folder / "link2", "new");
    EXPECT_TRUE(fs::is_symlink(folder / "link") && fs::is_symlink(folder / "link2"));
    EXPECT_EQ(bytes_of(folder / "far/real.txt"), "new");
    write_file(folder / "dangling", "made");
    EXPECT_EQ(bytes_of(folder / "far/new.txt"), "made");
    EXPECT_TRUE(fs::is_symlink(folder / "dangling"));
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { write_file(folder / "loop", "x"); }), "links lead nowhere"));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder / "far"), {}), 2) << "a temporary file is left";
}

TEST(AtomicFile, keeps_mode_and_owner) {
    const TemporaryFolder folder;
    const mode_t before = umask(022);
    for (const mode_t mode : {0600U, 0640U, 0664U, 0755U}) {
        put_bytes(folder / "a", "old");
        chmod((folder / "a").c_str(), mode);
        const bool root = geteuid() == 0;
        const uid_t user = root ? 1234 : geteuid();
        const gid_t group = root ? 2345 : getegid();
        ASSERT_EQ(chown((folder / "a").c_str(), user, group), 0);
        write_file(folder / "a", "new");
        EXPECT_EQ(status_of(folder / "a").st_mode & 07777U, mode);
        EXPECT_EQ(status_of(folder / "a").st_uid, user);
        EXPECT_EQ(status_of(folder / "a").st_gid, group);
        write_npz(folder / "a", {{"w", Tensor<float>(Shape{2}), ""}});  // written by a library that makes a file of its own
        EXPECT_EQ(status_of(folder / "a").st_mode & 07777U, mode);
    }
    write_file(folder / "fresh", "x");
    EXPECT_EQ(status_of(folder / "fresh").st_mode & 07777U, 0644u) << "a new file is as the user's mask has it";
    umask(before);
}

TEST(AtomicFile, refuses_what_is_no_regular_file_or_protected) {
    const TemporaryFolder folder;
    mkfifo((folder / "fifo").c_str(), 0644);
    fs::create_symlink("/dev/null", folder / "null");
    for (const std::string& path : {folder / "fifo", folder / "null", std::string("/dev/null"), std::string("/dev/full")}) {
        EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { write_file(path, "x"); }), "is no regular file")) << path;
        EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { write_npz(path, {}); }), "is no regular file")) << path;
    }
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_TRUE(S_ISFIFO(status_of(folder / "fifo").st_mode));
    put_bytes(folder / "mine", "old");
    chmod((folder / "mine").c_str(), 0444);
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { write_file(folder / "mine", "x"); }), "is write-protected"));
    EXPECT_EQ(bytes_of(folder / "mine"), "old");
}

TEST(AtomicFile, is_on_the_disk_before_it_takes_the_place) {
    const TemporaryFolder folder;
    put_bytes(folder / "a", "old");
    std::vector<std::string> seen;
    on_sync = [&] { seen.push_back(bytes_of(folder / "a")); };
    write_file(folder / "a", "new");
    EXPECT_EQ(seen, (std::vector<std::string>{"old", "new"})) << "first the file, then the folder that names it";
    seen.clear();
    write_file(folder / "a", "newer", Durable::no);
    on_sync = {};
    EXPECT_TRUE(seen.empty());
}

TEST(AtomicFile, sweeps_what_killed_writers_left_and_nothing_else) {
    const TemporaryFolder folder;
    const auto hour = std::chrono::hours(1);
    const auto age = [&](const std::string& name) {
        fs::last_write_time(folder / name, fs::file_time_type::clock::now() - hour);
    };
    for (const char* name : {"a.txt.00c0ffee.tmp", "a.txt.00c0ffef.tmp.Xy12Zz", "a.txt.c0ffee00.tmp", "b.txt.00c0ffee.tmp",
                             "a.txt.notes.tmp", "a.txt.00c0ffee", "a.txt.00c0fff0.tmp"}) {
        put_bytes(folder / name, "left");
        age(name);
    }
    put_bytes(folder / "a.txt.00c0fff0.tmp", "fresh");
    const int written = open((folder / "a.txt.c0ffee00.tmp").c_str(), O_RDWR);
    lock_temporary(written);  // of a writer that is slow, not gone
    write_file(folder / "a.txt", "x");
    EXPECT_FALSE(fs::exists(folder / "a.txt.00c0ffee.tmp"));
    EXPECT_FALSE(fs::exists(folder / "a.txt.00c0ffef.tmp.Xy12Zz"));
    for (const char* name :
         {"a.txt", "a.txt.c0ffee00.tmp", "b.txt.00c0ffee.tmp", "a.txt.notes.tmp", "a.txt.00c0ffee", "a.txt.00c0fff0.tmp"})
        EXPECT_TRUE(fs::exists(folder / name)) << name;
    close(written);
}

TEST(AtomicFile, takes_the_longest_names) {
    const TemporaryFolder folder;
    const std::string name(255, 'n');
    write_file(folder / name, "x");
    EXPECT_EQ(bytes_of(folder / name), "x");
    EXPECT_EQ(folder.file_count(), 1u);
    const std::string line = test::error_of(ErrorCode::io, [&] { AtomicFile(folder / std::string(300, 'n')); });
    EXPECT_TRUE(test::contains(line, "a shorter name")) << line;
}

TEST(FileStamp, tells_another_file_and_another_content) {
    const TemporaryFolder folder;
    EXPECT_TRUE(stamp_of(folder / "none").none());
    write_file(folder / "a", "1");
    const FileStamp first = stamp_of(folder / "a");
    EXPECT_FALSE(first.none());
    EXPECT_EQ(stamp_of(folder / "a"), first);
    write_file(folder / "a", "2");
    EXPECT_FALSE(stamp_of(folder / "a") == first);
}

}  // namespace
}  // namespace saccade::atomic_file_test
