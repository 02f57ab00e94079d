#include "ui/path_to_save.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "base/path_text.hpp"
#include "io/file_place.hpp"

namespace saccade {

namespace {

bool same_place(const std::string& a, const std::string& b) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(a, ignored) == std::filesystem::weakly_canonical(b, ignored);
}

/// Error the first time, if a file is there already: nobody has said that it may go. Asked for again, it may, as long as it is
/// still the same. `own`: was opened or saved here, and may be saved again unless somebody else has changed it since.
void ask_to_replace(const std::string& path, KnownFile& may_replace, const KnownFile& own) {
    place_to_write(path);  // refuses folders, devices and what may not be written: nobody need be asked about them
    const KnownFile there{path, stamp_of(path)};
    if (there.stamp.none() || may_replace == there) return;
    const bool known = !own.path.empty() && same_place(own.path, path);
    if (known && own.stamp == there.stamp) return;
    may_replace = there;
    throw Error(ErrorCode::invalid_input,
                path + (known ? " was changed by another window or program since it was opened here" : " is there already"),
                "once more replaces it; or choose another name");
}

}  // namespace

std::string path_to_save(const std::string& written, KnownFile& may_replace, const KnownFile& own) {
    std::string path = path_from_text(written);
    if (path.empty()) throw Error(ErrorCode::invalid_input, "no file named", "type a path");
    ask_to_replace(path, may_replace, own);
    return path;
}

}  // namespace saccade
