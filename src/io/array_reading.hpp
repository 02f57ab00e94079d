#pragma once

#include <functional>

#include "io/array_file.hpp"

namespace saccade {

/// Fills `into` with bytes from `at` on, or throws. Called from several threads.
using BytesAt = std::function<void(std::uint64_t at, void* into, std::size_t bytes)>;

/// As ArrayFile::read, from bytes: in the order of the file, in pieces of at most 512 KiB a thread, each joined into the cells
/// of the result as it comes.
Tensor<float> read_array_part(const FileArray& array, const ArrayPart& part, const std::string& where, const BytesAt& bytes_at);

}  // namespace saccade
