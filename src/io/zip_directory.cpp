#include "io/zip_directory.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "base/error.hpp"

// APPNOTE.TXT 4.3.14 to 4.3.16: the end of the central directory, its 64 bit form, and the locator of that before it.

namespace saccade {

namespace {

constexpr std::uint64_t most_listed = 4096, most_listed_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t end_bytes = 22, longest_comment = 65535, locator_bytes = 20, wide_end_bytes = 56;

std::uint64_t little_number(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

std::string bytes_at(InputFile& file, std::uint64_t at, std::uint64_t bytes) {
    std::string result(static_cast<std::size_t>(bytes), '\0');
    file.seek(at);
    result.resize(file.read(result.data(), result.size()));
    return result;
}

void check_listed(std::uint64_t entries, std::uint64_t bytes, const std::string& where) {
    if (entries <= most_listed && bytes <= most_listed_bytes) return;
    throw Error(ErrorCode::out_of_range,
                fmt::format("{} lists {} entries in {} bytes; at most {} in {} can be read", where, entries, bytes, most_listed,
                            most_listed_bytes),
                "save the arrays that are needed alone");
}

/// The 64 bit form, if the locator in `bytes` at `at` names one. False: it does not.
bool check_wide(InputFile& file, std::string_view bytes, std::size_t at, const std::string& where) {
    if (!bytes.substr(at).starts_with("PK\x06\x07")) return false;
    const std::uint64_t wide = little_number(bytes, at + 8, 8);
    if (wide > file.size() || file.size() - wide < wide_end_bytes) return false;
    const std::string end = bytes_at(file, wide, wide_end_bytes);
    if (end.size() != wide_end_bytes || !end.starts_with("PK\x06\x06")) return false;
    check_listed(little_number(end, 32, 8), little_number(end, 40, 8), where);
    return true;
}

}  // namespace

void check_zip_directory(InputFile& file, const std::string& where) {
    const std::uint64_t tail = std::min(file.size(), end_bytes + longest_comment + locator_bytes);
    const std::string bytes = bytes_at(file, file.size() - tail, tail);
    for (std::size_t at = bytes.find("PK\x05\x06"); at != std::string::npos; at = bytes.find("PK\x05\x06", at + 1)) {
        if (bytes.size() - at < end_bytes) break;
        const bool wide = at >= locator_bytes && check_wide(file, bytes, at - locator_bytes, where);
        const std::uint64_t entries = little_number(bytes, at + 10, 2), size = little_number(bytes, at + 12, 4);
        // All ones stand for what the 64 bit form says.
        check_listed(wide && entries == 0xffff ? 0 : entries, wide && size == 0xffffffff ? 0 : size, where);
    }
}

}  // namespace saccade
