#include "ui/recovery_folder.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <utility>
#include <vector>

namespace saccade {

namespace fs = std::filesystem;

namespace {

std::string state_folder() {
    const char* folder = std::getenv("XDG_STATE_HOME");
    if (folder != nullptr && *folder == '/') return std::string(folder) + "/saccade";
    const char* home = std::getenv("HOME");
    return home != nullptr && *home == '/' ? std::string(home) + "/.local/state/saccade" : std::string();
}

std::string lock_of(const std::string& path) {
    return fs::path(path).replace_extension(".lock").string();
}

/// The lock, held; -1 if a program has it, or if it cannot be made. Only a file that still has its name counts.
int take_lock(const std::string& path) {
    const int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) return -1;
    struct stat held {
    }, named{};
    const bool busy = flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!busy && fstat(lock, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino) return lock;
    close(lock);
    return -1;
}

std::time_t written_at(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 ? found.st_mtim.tv_sec : 0;
}

}  // namespace

std::optional<RecoveryFile> RecoveryFile::make() {
    const std::string folder = state_folder();
    std::error_code error;
    if (folder.empty()) return std::nullopt;
    if (fs::create_directories(folder, error)) fs::permissions(folder, fs::perms::owner_all, error);  // for no other eyes
    for (int tries = 0; tries < 8; ++tries) {
        std::string path = fmt::format("{}/work-{}-{:04x}.json", folder, getpid(), std::random_device{}() & 0xffffU);
        if (fs::exists(path, error)) continue;
        if (const int lock = take_lock(lock_of(path)); lock >= 0) return RecoveryFile(std::move(path), lock);
    }
    return std::nullopt;
}

std::optional<RecoveryFile> RecoveryFile::find_left() {
    std::error_code error;
    std::vector<std::pair<std::time_t, std::string>> files;
    for (fs::directory_iterator entry(state_folder(), error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string(), path = entry->path().string();
        if (!name.starts_with("work-")) continue;
        if (name.ends_with(".json")) files.emplace_back(written_at(path), path);
        if (!name.ends_with(".lock") || fs::exists(fs::path(path).replace_extension(".json"))) continue;
        // Of a program that ended before it had anything to keep.
        if (const int lock = take_lock(path); lock >= 0) {
            unlink(path.c_str());
            unlink(fs::path(path).replace_extension(".checkpoint").c_str());
            close(lock);
        }
    }
    std::sort(files.rbegin(), files.rend());
    for (const auto& [time, path] : files)
        if (const int lock = take_lock(lock_of(path)); lock >= 0) return RecoveryFile(path, lock);
    return std::nullopt;
}

RecoveryFile::RecoveryFile(RecoveryFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}

RecoveryFile& RecoveryFile::operator=(RecoveryFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
}

RecoveryFile::~RecoveryFile() {
    if (lock_ >= 0) close(lock_);
}

std::string RecoveryFile::training_path() const {
    return fs::path(path_).replace_extension(".checkpoint").string();
}

std::time_t RecoveryFile::written() const {
    return written_at(path_);
}

void RecoveryFile::remove() {
    if (path_.empty()) return;
    unlink(training_path().c_str());
    unlink(path_.c_str());
    unlink(lock_of(path_).c_str());
    path_.clear();
}

}  // namespace saccade
