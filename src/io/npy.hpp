#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "io/npy_header.hpp"
#include "io/npz.hpp"

namespace saccade {

/// One array in .npy format (versions 1 to 3) of `total_bytes` bytes from a source that is not trusted. `room`: how many
/// elements may still be read, and bytes of them in the file; what the array takes is subtracted. Error{bad_format} or
/// {out_of_range}, beginning with `where`, before memory is taken for it.
struct ArrayRoom {
    Index elements = 0;
    std::uint64_t bytes = std::uint64_t{1} << 28;
};
template <class T>
Tensor<T> read_npy_stream(const ByteSource& source, std::uint64_t total_bytes, const std::string& where, ArrayRoom& room);

/// Magic, version and header of a float32 array, padded to 64 bytes as NumPy does.
std::string npy_header(const Shape& shape);

}  // namespace saccade
