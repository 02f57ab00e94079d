#pragma once

#include <string>

namespace saccade {

/// Where a file is to be written: links followed, and what stands there.
struct FilePlace {
    std::string path;
    bool taken = false;  // a regular file stands there; the rest is its own
    unsigned mode = 0, user = 0, group = 0;
};

/// Error{io}: no name; a folder, a device or whatever else is no regular file; one that may not be written; links in a circle.
FilePlace place_to_write(const std::string& path);

/// Deletes the temporary files of this place (temporary_name) whose writer is gone: nobody holds their lock, and for a minute
/// nothing was written to them.
void sweep_temporaries(const std::string& path);
/// A name beside it that no other writer has: "PATH.1f2e3d4c.tmp".
std::string temporary_name(const std::string& path);
/// Holds the lock of an open file that sweep_temporaries looks for, as long as it is open.
void lock_temporary(int descriptor);

}  // namespace saccade
