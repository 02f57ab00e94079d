#pragma once

#include <string>

#include "io/file_stamp.hpp"

namespace saccade {

/// A file as it was when it was read, written or asked about here.
struct KnownFile {
    std::string path;
    FileStamp stamp;
    bool operator==(const KnownFile&) const = default;
};

}  // namespace saccade
