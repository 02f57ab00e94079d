#include "io/file_lock.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "io/file_place.hpp"

namespace saccade {

namespace {

bool still_named(int descriptor, const std::string& path) {
    struct stat held {
    }, named{};
    return fstat(descriptor, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

bool is_empty_file(int descriptor) {
    struct stat found {};
    return fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 0;
}

}  // namespace

int take_lock(const std::string& path, unsigned permissions) {
    for (;;) {
        constexpr int how = O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
        int lock = open(path.c_str(), O_RDWR | how, permissions);  // NFS locks for writers alone
        if (lock < 0 && (errno == EACCES || errno == EROFS)) lock = open(path.c_str(), O_RDONLY | how, permissions);
        if (lock < 0) return -1;
        const bool busy = flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!busy && still_named(lock, path)) return lock;
        close(lock);
        errno = EWOULDBLOCK;
        if (busy) return -1;
    }
}

FileLock::FileLock(const std::string& path, const std::string& busy, const std::string& hint)
    : lock_path_(place_to_write(path).path + ".lock"), descriptor_(take_lock(lock_path_, 0666)) {
    if (descriptor_ < 0 && errno == EWOULDBLOCK) throw Error(ErrorCode::io, sanitize_utf8(path) + ": " + busy, hint);
    if (descriptor_ < 0)
        throw Error(ErrorCode::io, fmt::format("{}: cannot be made ({})", sanitize_utf8(lock_path_), std::strerror(errno)),
                    "choose a folder that you may write to, or another name");
    if (is_empty_file(descriptor_)) return;
    close(descriptor_);
    throw Error(ErrorCode::io, sanitize_utf8(lock_path_) + ": is no lock, and stays as it is", "choose another name");
}

std::unique_ptr<FileLock> FileLock::if_free(const std::string& path, bool& busy) {
    busy = false;
    try {
        const std::string lock_path = place_to_write(path).path + ".lock";
        const int descriptor = take_lock(lock_path, 0666);
        if (descriptor < 0) {
            busy = errno == EWOULDBLOCK;
            return nullptr;
        }
        if (is_empty_file(descriptor)) return std::unique_ptr<FileLock>(new FileLock(lock_path, descriptor));
        close(descriptor);
    } catch (const Error&) {
        // Nothing can be written there: nor can another window.
    }
    return nullptr;
}

FileLock::~FileLock() {
    if (still_named(descriptor_, lock_path_)) unlink(lock_path_.c_str());
    close(descriptor_);
}

}  // namespace saccade
