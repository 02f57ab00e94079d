#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "io/input_file.hpp"

namespace saccade {

/// Refuses a zip archive that lists more than any file of arrays does, before the list is read: at most 4096 entries, in at
/// most 1 MiB. Whatever looks like the end of an archive counts, as a reader may choose any. A file that is no archive passes.
/// Error{out_of_range}, beginning with `where`.
void check_zip_directory(InputFile& file, const std::string& where);

/// Where the bytes of each entry begin, by its name; entries of which that cannot be told are missing. To be called after the
/// check above, of an archive that a reader has accepted.
std::map<std::string, std::uint64_t> zip_places(const InputFile& file, const std::string& where);

}  // namespace saccade
