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

std::map<std::string, std::uint64_t> zip_places(const InputFile& file, const std::string& where) {
    constexpr std::size_t listed_bytes = 46, local_bytes = 30;
    const auto at_place = [&](std::uint64_t at, std::uint64_t bytes) {
        std::string result(static_cast<std::size_t>(bytes), '\0');
        result.resize(file.read_at(at, result.data(), result.size()));
        return result;
    };
    const std::uint64_t tail = std::min(file.size(), end_bytes + longest_comment + locator_bytes);
    const std::string end = at_place(file.size() - tail, tail);
    const std::size_t at = end.rfind("PK\x05\x06");
    if (at == std::string::npos || end.size() - at < end_bytes) return {};
    std::uint64_t size = little_number(end, at + 12, 4), begin = little_number(end, at + 16, 4);
    if (at >= locator_bytes && std::string_view(end).substr(at - locator_bytes).starts_with("PK\x06\x07")) {
        const std::string wide = at_place(little_number(end, at - locator_bytes + 8, 8), wide_end_bytes);
        if (wide.size() != wide_end_bytes || !wide.starts_with("PK\x06\x06")) return {};
        size = little_number(wide, 40, 8);
        begin = little_number(wide, 48, 8);
    }
    check_listed(0, size, where);
    std::map<std::string, std::uint64_t> places;
    const std::string list = at_place(begin, size);
    for (std::size_t i = 0; i + listed_bytes <= list.size() && list.compare(i, 4, "PK\x01\x02") == 0;) {
        const std::size_t name = little_number(list, i + 28, 2), extra = little_number(list, i + 30, 2);
        std::uint64_t local = little_number(list, i + 42, 4);
        if (i + listed_bytes + name + extra > list.size()) break;
        // What has no room in 32 bits stands in the extra field 1, after the sizes that have none either.
        for (std::size_t e = i + listed_bytes + name; local == 0xffffffff && e + 4 <= i + listed_bytes + name + extra;) {
            const std::size_t kind = little_number(list, e, 2), bytes = little_number(list, e + 2, 2);
            const std::size_t wide = 4 + 8 * ((little_number(list, i + 20, 4) == 0xffffffff ? 1U : 0U) +
                                              (little_number(list, i + 24, 4) == 0xffffffff ? 1U : 0U));
            if (kind == 1 && wide + 8 <= 4 + bytes && e + 4 + bytes <= list.size()) local = little_number(list, e + wide, 8);
            e += 4 + bytes;
        }
        const std::string head = at_place(local, local_bytes);
        if (head.size() == local_bytes && head.starts_with("PK\x03\x04"))
            places[list.substr(i + listed_bytes, name)] =
                local + local_bytes + little_number(head, 26, 2) + little_number(head, 28, 2);
        i += listed_bytes + name + extra + little_number(list, i + 32, 2);
    }
    return places;
}

}  // namespace saccade
