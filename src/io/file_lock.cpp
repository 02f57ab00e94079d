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

/// Between opening and locking it, the one who held the lock may have deleted its file.
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

FileLock::FileLock(const std::string& path, const std::string& busy, const std::string& hint)
    : lock_path_(place_to_write(path).path + ".lock") {
    while (descriptor_ < 0) {
        const int lock = open(lock_path_.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (lock < 0)
            throw Error(ErrorCode::io, fmt::format("{}: cannot be made ({})", sanitize_utf8(lock_path_), std::strerror(errno)),
                        "choose a folder that you may write to, or another name");
        if (!is_empty_file(lock)) {
            close(lock);
            throw Error(ErrorCode::io, sanitize_utf8(lock_path_) + ": is no lock, and stays as it is", "choose another name");
        }
        if (flock(lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            close(lock);
            throw Error(ErrorCode::io, sanitize_utf8(path) + ": " + busy, hint);
        }
        if (still_named(lock, lock_path_)) {
            descriptor_ = lock;
        } else {
            close(lock);
        }
    }
}

FileLock::~FileLock() {
    if (still_named(descriptor_, lock_path_)) unlink(lock_path_.c_str());
    close(descriptor_);
}

}  // namespace saccade
