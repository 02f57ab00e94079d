#include "io/file_stamp.hpp"

#include <sys/stat.h>

namespace saccade {

FileStamp stamp_of(const std::string& path) {
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return {};
    FileStamp stamp;
    stamp.device = static_cast<std::uint64_t>(found.st_dev);
    stamp.number = static_cast<std::uint64_t>(found.st_ino);
    stamp.bytes = static_cast<std::uint64_t>(found.st_size);
    stamp.seconds = static_cast<std::int64_t>(found.st_mtim.tv_sec);
    stamp.nanoseconds = static_cast<std::int64_t>(found.st_mtim.tv_nsec);
    return stamp;
}

}  // namespace saccade
