#pragma once

#include <memory>
#include <string>
#include <utility>

namespace saccade {

/// The lock on a file, made with these permissions if there is none, as a descriptor that holds it until it is closed; -1, and
/// errno says why: EWOULDBLOCK if another program has it. Only a file that still has its name counts, for the one who held the
/// lock may have deleted it. Where a file system has no locks, nobody is kept out.
int take_lock(const std::string& path, unsigned permissions);

/// The right to write a file, held by one program at a time for as long as it makes it. The lock is on an empty file beside it,
/// "PATH.lock", and ends with the program however that ends; the file goes with it, or, if the program was killed, with the
/// next.
class FileLock {
 public:
    /// Error{io}: "PATH: BUSY: HINT" at once if another program holds it; also if no file can be made there, or one stands
    /// there that is no lock.
    FileLock(const std::string& path, const std::string& busy, const std::string& hint);
    /// The same without an error: none if another program holds it (`busy`), or if no file can be made there.
    static std::unique_ptr<FileLock> if_free(const std::string& path, bool& busy);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

 private:
    FileLock(std::string lock_path, int descriptor) : lock_path_(std::move(lock_path)), descriptor_(descriptor) {}

    std::string lock_path_;
    int descriptor_ = -1;
};

}  // namespace saccade
