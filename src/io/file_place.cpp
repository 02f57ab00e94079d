#include "io/file_place.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>
#include <string_view>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t hex_digits = 8;
constexpr std::size_t longest_own_name = 200;  // of the file's own in a temporary one: file systems allow 255 bytes
constexpr double seconds_untouched = 60;
constexpr std::string_view ending = ".tmp";

[[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& hint) {
    throw Error(ErrorCode::io, fmt::format("{}: {}", sanitize_utf8(path), what), hint);
}

std::string followed(const std::string& path) {
    constexpr int most_links = 40;
    fs::path at = path;
    for (int i = 0; i < most_links; ++i) {
        std::error_code error;
        if (!fs::is_symlink(at, error)) return at.string();
        const fs::path next = fs::read_symlink(at, error);
        if (error) break;
        at = at.parent_path() / next;  // an absolute one stands for itself
    }
    refuse(path, "links lead nowhere", "choose another name");
}

std::string prefix_of(const std::string& path) {
    return fs::path(path).filename().string().substr(0, longest_own_name) + ".";
}

/// "1f2e3d4c.tmp", and what a library made of it: "1f2e3d4c.tmp.Xy12Zz".
bool is_temporary(std::string_view rest) {
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (rest.size() < hex_digits + ending.size() || !std::all_of(rest.begin(), rest.begin() + hex_digits, hex)) return false;
    rest.remove_prefix(hex_digits);
    if (!rest.starts_with(ending)) return false;
    rest.remove_prefix(ending.size());
    return rest.empty() || (rest.size() == 7 && rest[0] == '.');
}

bool is_abandoned(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return false;
    struct stat found {};
    const bool old = fstat(file, &found) == 0 && S_ISREG(found.st_mode) &&
                     std::difftime(std::time(nullptr), found.st_mtim.tv_sec) > seconds_untouched;
    const bool free = old && flock(file, LOCK_EX | LOCK_NB) == 0;
    close(file);
    return free;
}

}  // namespace

FilePlace place_to_write(const std::string& path) {
    if (path.empty()) throw Error(ErrorCode::io, "there is no file name to write to", "name a file");
    FilePlace place;
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) {
        if (errno == ENAMETOOLONG)
            refuse(path, fmt::format("cannot be written ({})", std::strerror(errno)), "choose a shorter name");
        place.path = followed(path);
        return place;
    }
    if (S_ISDIR(found.st_mode)) refuse(path, "is a folder", "name a file in it");
    if (!S_ISREG(found.st_mode)) refuse(path, "is no regular file, and stays as it is", "choose another name");
    constexpr unsigned anyone_writes = 0222;  // who may do everything is told, too, that a file is not meant to be changed
    if ((found.st_mode & anyone_writes) == 0 || faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0)
        refuse(path, "is write-protected", "choose another name, or allow it: chmod u+w");
    place.path = followed(path);
    place.taken = true;
    place.mode = found.st_mode & 07777U;
    place.user = found.st_uid;
    place.group = found.st_gid;
    return place;
}

void sweep_temporaries(const std::string& path) {
    const std::string prefix = prefix_of(path);
    fs::path folder = fs::path(path).parent_path();
    if (folder.empty()) folder = ".";
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(prefix) || !is_temporary(std::string_view(name).substr(prefix.size()))) continue;
        if (is_abandoned(entry->path().string())) unlink(entry->path().c_str());
    }
}

std::string temporary_name(const std::string& path) {
    // Not a random number of the engine: two processes that write the same file must not share a temporary one.
    const std::string name = fmt::format("{}{:08x}{}", prefix_of(path), std::random_device{}(), ending);
    return (fs::path(path).parent_path() / name).string();
}

void lock_temporary(int descriptor) {
    (void)flock(descriptor, LOCK_EX | LOCK_NB);  // where a file system has no locks, the time alone tells
}

}  // namespace saccade
