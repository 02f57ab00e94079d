#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace saccade {

/// How a file stores one number.
enum class StoredNumber { f16, bf16, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64, truth };

/// "F16", "BF16", "I64", "BOOL", as safetensors call them; none for others.
std::string to_string(StoredNumber number);
std::optional<StoredNumber> number_of_safetensors(std::string_view name);
/// "f2", "i8", "b1", as NumPy writes them behind the byte order; none for others.
std::optional<StoredNumber> number_of_numpy(std::string_view code);
std::size_t stored_bytes(StoredNumber number);
/// As floats: rounded, what is too large infinite. Truth is 1 or 0.
void to_floats(StoredNumber number, bool big_endian, const unsigned char* from, std::size_t count, float* to);

}  // namespace saccade
