#pragma once

#include <cstdint>
#include <string>

namespace saccade {

/// What stands under a name, as far as it can be told without reading it: another stamp, another file or content. A file that
/// cannot be looked at has the stamp of none.
struct FileStamp {
    std::uint64_t device = 0, number = 0, bytes = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  // when it was written
    bool operator==(const FileStamp&) const = default;
    bool none() const { return *this == FileStamp{}; }
};

/// Links followed. Never throws.
FileStamp stamp_of(const std::string& path);

}  // namespace saccade
