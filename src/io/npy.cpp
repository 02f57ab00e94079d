#include "io/npy.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "base/utf8.hpp"
#include "io/half.hpp"
#include "io/npy_header.hpp"

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

namespace saccade {

namespace {

template <class Stored>
double element(const unsigned char* bytes, bool swap) {
    unsigned char ordered[sizeof(Stored)];
    std::memcpy(ordered, bytes, sizeof ordered);
    if (swap) std::reverse(ordered, ordered + sizeof ordered);
    Stored value;
    std::memcpy(&value, ordered, sizeof value);
    return static_cast<double>(value);
}

double half_element(const unsigned char* bytes, bool swap) {
    const auto bits = static_cast<std::uint16_t>(swap ? bytes[0] << 8 | bytes[1] : bytes[1] << 8 | bytes[0]);
    return static_cast<double>(half_to_float(bits));
}

struct ElementType {
    std::size_t bytes = 0;
    double (*read)(const unsigned char*, bool) = nullptr;
};

ElementType element_type(std::string_view code) {
    if (code == "f4") return {4, element<float>};
    if (code == "f8") return {8, element<double>};
    if (code == "f2") return {2, half_element};
    if (code == "i1") return {1, element<std::int8_t>};
    if (code == "i2") return {2, element<std::int16_t>};
    if (code == "i4") return {4, element<std::int32_t>};
    if (code == "i8") return {8, element<std::int64_t>};
    if (code == "u1" || code == "b1") return {1, element<std::uint8_t>};
    if (code == "u2") return {2, element<std::uint16_t>};
    if (code == "u4") return {4, element<std::uint32_t>};
    if (code == "u8") return {8, element<std::uint64_t>};
    return {};
}

/// The values of a column-major array in row-major order.
template <class T>
Tensor<T> from_column_major(const Tensor<T>& columns, const Shape& shape) {
    Tensor<T> rows = Tensor<T>::uninitialized(shape);
    std::vector<Index> at(static_cast<std::size_t>(shape.rank()), 0);
    for (Index i = 0; i < rows.size(); ++i) {
        Index offset = 0;
        for (int axis = shape.rank(); axis-- > 0;) offset = offset * shape[axis] + at[static_cast<std::size_t>(axis)];
        rows.data()[i] = columns.data()[offset];
        for (int axis = shape.rank(); axis-- > 0;) {
            if (++at[static_cast<std::size_t>(axis)] < shape[axis]) break;
            at[static_cast<std::size_t>(axis)] = 0;
        }
    }
    return rows;
}

}  // namespace

template <class T>
Tensor<T> read_npy_stream(const ByteSource& source, std::uint64_t total_bytes, const std::string& where, ArrayRoom& room) {
    const auto damaged = [&](const std::string& what) {
        throw Error(ErrorCode::bad_format, where + " " + what, "write it again with numpy.save or numpy.savez");
    };
    const auto read = [&](void* into, std::size_t bytes, const char* part) {
        if (source(into, bytes) != bytes) damaged(std::string("ends within its ") + part);
    };
    const NpyHeader header = read_npy_header(source, where);
    const ElementType type = element_type(header.number());
    if (type.read == nullptr) {
        damaged(fmt::format("holds values of type '{}'; numbers are needed", shorten(sanitize_utf8(header.type), 20)));
    }
    if (header.dims.size() > static_cast<std::size_t>(Shape::max_rank)) {
        damaged(fmt::format("has {} axes; at most {} are supported", header.dims.size(), Shape::max_rank));
    }
    const std::uint64_t data_bytes = total_bytes - std::min(total_bytes, header.bytes);
    const std::uint64_t count = npy_count(header, data_bytes, where);
    if (count > data_bytes / type.bytes || count * type.bytes != data_bytes) {
        damaged(fmt::format("has {} bytes of data where its shape needs {} of {}", data_bytes, count, type.bytes));
    }
    if (static_cast<Index>(count) > room.elements || data_bytes > room.bytes) {
        throw Error(ErrorCode::out_of_range,
                    fmt::format("{} holds {} values in {} bytes; {} in {} can be read", where, count, data_bytes, room.elements,
                                room.bytes),
                    "save the part that is needed");
    }
    room.elements -= static_cast<Index>(count);
    room.bytes -= data_bytes;

    const Shape shape(std::vector<Index>(header.dims.begin(), header.dims.end()));
    const Shape stored = header.fortran ? Shape{static_cast<Index>(count)} : shape;
    Tensor<T> array = Tensor<T>::uninitialized(stored);
    const bool swap = header.big_endian();
    std::vector<unsigned char> buffer(type.bytes << 14);
    for (Index at = 0; at < array.size();) {
        const Index step = std::min<Index>(array.size() - at, 1 << 14);
        read(buffer.data(), static_cast<std::size_t>(step) * type.bytes, "data");
        for (Index i = 0; i < step; ++i) {
            array.data()[at + i] = static_cast<T>(type.read(buffer.data() + static_cast<std::size_t>(i) * type.bytes, swap));
        }
        at += step;
    }
    return header.fortran ? from_column_major(array, shape) : array;
}

template Tensor<float> read_npy_stream(const ByteSource&, std::uint64_t, const std::string&, ArrayRoom&);
template Tensor<double> read_npy_stream(const ByteSource&, std::uint64_t, const std::string&, ArrayRoom&);

std::string npy_header(const Shape& shape) {
    std::string dims;
    for (const Index extent : shape.dims()) dims += fmt::format("{}, ", extent);
    if (shape.rank() > 1) dims.resize(dims.size() - 2);
    if (shape.rank() == 1) dims.pop_back();
    std::string text = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", dims);
    constexpr std::size_t before = 10;  // magic, version, length
    text.append(63 - (before + text.size()) % 64, ' ');
    text += '\n';
    std::string result(npy_magic);
    result += {'\x01', '\x00', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
    return result + text;
}

}  // namespace saccade
