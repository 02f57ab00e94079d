#include "io/stored_number.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "io/half.hpp"

namespace saccade {

namespace {

struct NumberNames {
    StoredNumber number;
    std::string_view safetensors, numpy;
    std::size_t bytes;
};

using enum StoredNumber;
constexpr std::array number_names{
    NumberNames{f16, "F16", "f2", 2},   NumberNames{bf16, "BF16", "", 2}, NumberNames{f32, "F32", "f4", 4},
    NumberNames{f64, "F64", "f8", 8},   NumberNames{i8, "I8", "i1", 1},   NumberNames{i16, "I16", "i2", 2},
    NumberNames{i32, "I32", "i4", 4},   NumberNames{i64, "I64", "i8", 8}, NumberNames{u8, "U8", "u1", 1},
    NumberNames{u16, "U16", "u2", 2},   NumberNames{u32, "U32", "u4", 4}, NumberNames{u64, "U64", "u8", 8},
    NumberNames{truth, "BOOL", "b1", 1}};

const NumberNames& names_of(StoredNumber number) {
    return *std::ranges::find(number_names, number, &NumberNames::number);
}

template <class Stored, class Convert>
void convert_numbers(bool big_endian, const unsigned char* from, std::size_t count, float* to, const Convert& convert) {
    if (!big_endian) {
        for (std::size_t i = 0; i < count; ++i) {
            Stored value;
            std::memcpy(&value, from + i * sizeof(Stored), sizeof value);
            to[i] = convert(value);
        }
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        unsigned char ordered[sizeof(Stored)] = {};
        std::reverse_copy(from + i * sizeof(Stored), from + (i + 1) * sizeof(Stored), ordered);
        Stored value;
        std::memcpy(&value, ordered, sizeof value);
        to[i] = convert(value);
    }
}

/// All halves as floats: a look into 256 KiB is faster than to take a half apart.
const float* half_table() {
    static const std::unique_ptr<float[]> table = [] {
        auto all = std::make_unique<float[]>(65536);
        for (std::uint32_t bits = 0; bits < 65536; ++bits) all[bits] = half_to_float(static_cast<std::uint16_t>(bits));
        return all;
    }();
    return table.get();
}

}  // namespace

std::string to_string(StoredNumber number) {
    return std::string(names_of(number).safetensors);
}

std::optional<StoredNumber> number_of_safetensors(std::string_view name) {
    const auto* found = std::ranges::find(number_names, name, &NumberNames::safetensors);
    return found == number_names.end() ? std::nullopt : std::optional(found->number);
}

std::optional<StoredNumber> number_of_numpy(std::string_view code) {
    const auto* found = code.empty() ? number_names.end() : std::ranges::find(number_names, code, &NumberNames::numpy);
    return found == number_names.end() ? std::nullopt : std::optional(found->number);
}

std::size_t stored_bytes(StoredNumber number) {
    return names_of(number).bytes;
}

void to_floats(StoredNumber number, bool big_endian, const unsigned char* from, std::size_t count, float* to) {
    const auto plain = [](auto value) { return static_cast<float>(value); };
    switch (number) {
        case f16: {
            const float* table = half_table();
            return convert_numbers<std::uint16_t>(big_endian, from, count, to, [table](std::uint16_t v) { return table[v]; });
        }
        case bf16:
            return convert_numbers<std::uint16_t>(big_endian, from, count, to, bfloat16_to_float);
        case f32:
            return convert_numbers<float>(big_endian, from, count, to, plain);
        case f64:
            return convert_numbers<double>(big_endian, from, count, to, plain);
        case i8:
            return convert_numbers<std::int8_t>(big_endian, from, count, to, plain);
        case i16:
            return convert_numbers<std::int16_t>(big_endian, from, count, to, plain);
        case i32:
            return convert_numbers<std::int32_t>(big_endian, from, count, to, plain);
        case i64:
            return convert_numbers<std::int64_t>(big_endian, from, count, to, plain);
        case u8:
            return convert_numbers<std::uint8_t>(big_endian, from, count, to, plain);
        case u16:
            return convert_numbers<std::uint16_t>(big_endian, from, count, to, plain);
        case u32:
            return convert_numbers<std::uint32_t>(big_endian, from, count, to, plain);
        case u64:
            return convert_numbers<std::uint64_t>(big_endian, from, count, to, plain);
        case truth:
            return convert_numbers<std::uint8_t>(big_endian, from, count, to,
                                                 [](std::uint8_t v) { return v != 0 ? 1.0f : 0.0f; });
    }
}

}  // namespace saccade
