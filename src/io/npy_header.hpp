#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace saccade {

/// Reads up to this many bytes; fewer only at the end or on an error.
using ByteSource = std::function<std::size_t(void*, std::size_t)>;

/// What stands before the values of an array in .npy format.
struct NpyHeader {
    std::string type;  // "<f4": byte order, kind, bytes; as it stands there
    bool fortran = false;
    std::vector<std::uint64_t> dims;
    std::uint64_t bytes = 0;  // of magic, version, length and header: the values follow

    /// "f4", if the type is that of one number in a known byte order; else empty.
    std::string number() const;
    bool big_endian() const { return type.front() == '>'; }
};

/// Of versions 1 to 3, at most 64 KiB, from a source that is not trusted. Error{bad_format}, beginning with `where`.
NpyHeader read_npy_header(const ByteSource& source, const std::string& where);

/// Product of the extents; none of them nor the product is larger than what `data_bytes` could hold at a byte each.
/// Error{bad_format} as above.
std::uint64_t npy_count(const NpyHeader& header, std::uint64_t data_bytes, const std::string& where);

constexpr std::string_view npy_magic = "\x93NUMPY";

}  // namespace saccade
