#include "ui/recovery_folder.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "io/file_lock.hpp"
#include "io/user_folder.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

std::string lock_of(const std::string& path) {
    return fs::path(path).replace_extension(".lock").string();
}

constexpr unsigned for_no_other_eyes = 0600;

/// The checkpoints beside a file of this name, whatever its ending.
void remove_trainings(const std::string& path) {
    const std::string stem = fs::path(path).stem().string() + ".";
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator entry(fs::path(path).parent_path(), error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(stem) && name.ends_with(".checkpoint")) found.push_back(entry->path());
    }
    for (const fs::path& checkpoint : found) unlink(checkpoint.c_str());
}

std::time_t written_at(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 ? found.st_mtim.tv_sec : 0;
}

}  // namespace

RecoveryFile RecoveryFile::make() {
    const std::string folder = state_folder();
    std::error_code error;
    if (folder.empty()) throw Error(ErrorCode::io, "there is no folder for it", "set HOME or XDG_STATE_HOME");
    if (fs::create_directories(folder, error)) fs::permissions(folder, fs::perms::owner_all, error);  // for no other eyes
    int problem = error.value();
    for (int tries = 0; tries < 8; ++tries) {
        std::string path = fmt::format("{}/work-{}-{:04x}.json", folder, getpid(), std::random_device{}() & 0xffffU);
        if (fs::exists(path, error)) continue;
        if (const int lock = take_lock(lock_of(path), for_no_other_eyes); lock >= 0) return RecoveryFile(std::move(path), lock);
        if (problem == 0) problem = errno;
    }
    throw Error(ErrorCode::io,
                fmt::format("nothing can be written in {} ({})", folder, std::generic_category().message(problem)),
                "make it a folder that you may write in, or set XDG_STATE_HOME");
}

std::optional<RecoveryFile> RecoveryFile::find_left() {
    std::error_code error;
    std::vector<std::pair<std::time_t, std::string>> files;
    for (fs::directory_iterator entry(state_folder(), error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string(), path = entry->path().string();
        if (!name.starts_with("work-")) continue;
        std::error_code odd;  // what else stands there under such a name was not made here
        if (name.ends_with(".json") && fs::is_regular_file(path, odd)) files.emplace_back(written_at(path), path);
        if (!name.ends_with(".lock") || fs::exists(fs::path(path).replace_extension(".json"), odd) || odd) continue;
        // Of a program that ended before it had anything to keep.
        if (const int lock = take_lock(path, for_no_other_eyes); lock >= 0) {
            remove_trainings(path);
            unlink(path.c_str());
            close(lock);
        }
    }
    std::sort(files.rbegin(), files.rend());
    for (const auto& [time, path] : files)
        if (const int lock = take_lock(lock_of(path), for_no_other_eyes); lock >= 0) return RecoveryFile(path, lock);
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

std::string RecoveryFile::training_path(const std::string& exhibit) const {
    return fs::path(path_).replace_extension("." + exhibit + ".checkpoint").string();
}

bool RecoveryFile::take_training(const RecoveryFile& other, const std::string& exhibit) const {
    const std::string from = other.training_path(exhibit), to = training_path(exhibit);
    std::error_code error;
    if (!fs::is_regular_file(from, error)) return false;
    fs::remove(to, error);
    fs::create_hard_link(from, to, error);
    if (error) fs::copy_file(from, to, error);  // a file system without links
    return !error;
}

std::time_t RecoveryFile::written() const {
    return written_at(path_);
}

void RecoveryFile::remove() {
    if (path_.empty()) return;
    remove_trainings(path_);
    unlink(path_.c_str());
    unlink(lock_of(path_).c_str());
    path_.clear();
}

std::string RecoveryFile::set_aside() {
    const fs::path now(path_);
    const fs::path kept = now.parent_path() / ("kept-" + now.filename().string().substr(std::string("work-").size()));
    std::error_code error;
    fs::rename(now, kept, error);
    if (error) return path_;
    unlink(lock_of(path_).c_str());
    path_.clear();
    return kept.string();
}

}  // namespace saccade
