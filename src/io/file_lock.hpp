#pragma once

#include <string>

namespace saccade {

/// The right to write a file, held by one program at a time for as long as it makes it. The lock is on an empty file beside it,
/// "PATH.lock", and ends with the program however that ends; the file goes with it, or, if the program was killed, with the
/// next. Where a file system has no locks, nobody is kept out.
class FileLock {
 public:
    /// Error{io}: "PATH: BUSY: HINT" at once if another program holds it; also if no file can be made there, or one stands
    /// there that is no lock.
    FileLock(const std::string& path, const std::string& busy, const std::string& hint);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

 private:
    std::string lock_path_;
    int descriptor_ = -1;
};

}  // namespace saccade
