#include "io/npy.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <vector>

#include "base/utf8.hpp"
#include "io/half.hpp"

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

namespace saccade {

namespace {

constexpr std::string_view magic = "\x93NUMPY";

constexpr std::uint64_t longest_axis = std::uint64_t{1} << 48;  // also beside an axis of extent 0

struct NpyHeader {
    std::string type;  // "<f4"
    bool fortran = false;
    std::vector<std::uint64_t> dims;
};

/// Reads the header, a Python dictionary with three keys: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderReader {
 public:
    HeaderReader(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    NpyHeader read() {
        NpyHeader header;
        int seen = 0;
        expect('{');
        while (!accept('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr") {
                header.type = quoted();
                seen |= 1;
            } else if (key == "fortran_order") {
                header.fortran = boolean();
                seen |= 2;
            } else if (key == "shape") {
                header.dims = tuple();
                seen |= 4;
            } else {
                damaged(fmt::format("has the unknown key '{}' in its header", shorten(sanitize_utf8(key), 20)));
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        if (seen != 7) damaged("lacks descr, fortran_order or shape in its header");
        return header;
    }

 private:
    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    }
    bool accept(char c) {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!accept(c)) damaged("has a header that is not as NumPy writes it (structured arrays are not supported)");
    }
    std::string quoted() {
        const char quote = accept('"') ? '"' : '\'';
        if (quote == '\'') expect('\'');
        const std::size_t end = text_.find(quote, at_);
        if (end == std::string_view::npos) damaged("has an unfinished text in its header");
        const std::string result(text_.substr(at_, end - at_));
        at_ = end + 1;
        return result;
    }
    bool boolean() {
        skip_space();
        for (const std::string_view word : {"True", "False"}) {
            if (text_.substr(at_, word.size()) == word) {
                at_ += word.size();
                return word == "True";
            }
        }
        damaged("has a fortran_order that is neither True nor False");
    }
    std::vector<std::uint64_t> tuple() {
        std::vector<std::uint64_t> dims;
        expect('(');
        while (!accept(')')) {
            skip_space();
            std::uint64_t value = 0;
            const char* begin = text_.data() + at_;
            const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
            if (error != std::errc()) damaged("has a shape that is not a list of whole numbers");
            at_ += static_cast<std::size_t>(end - begin);
            accept('L');  // as Python 2 wrote it
            dims.push_back(value);
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return dims;
    }
    [[noreturn]] void damaged(const std::string& what) const {
        throw Error(ErrorCode::bad_format, where_ + " " + what, "write it again with numpy.save or numpy.savez");
    }

    std::string_view text_;
    const std::string& where_;
    std::size_t at_ = 0;
};

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
    unsigned char start[12] = {};
    read(start, 8, "header");
    if (std::memcmp(start, magic.data(), magic.size()) != 0) damaged("is not an .npy array");
    if (start[6] < 1 || start[6] > 3) damaged(fmt::format("is of .npy version {}, which is not known", start[6]));
    const std::size_t length_bytes = start[6] == 1 ? 2 : 4;
    read(start + 8, length_bytes, "header");
    std::size_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | start[8 + i];
    if (length > 65536) damaged(fmt::format("claims a header of {} bytes", length));
    std::string text(length, '\0');
    read(text.data(), length, "header");
    const NpyHeader header = HeaderReader(text, where).read();

    const bool ordered = header.type.size() == 3 && std::string_view("<>|=").find(header.type[0]) != std::string_view::npos;
    const ElementType type = ordered ? element_type(std::string_view(header.type).substr(1)) : ElementType{};
    if (type.read == nullptr) {
        damaged(fmt::format("holds values of type '{}'; numbers are needed", shorten(sanitize_utf8(header.type), 20)));
    }
    if (header.dims.size() > static_cast<std::size_t>(Shape::max_rank)) {
        damaged(fmt::format("has {} axes; at most {} are supported", header.dims.size(), Shape::max_rank));
    }
    const std::uint64_t data_bytes = total_bytes - std::min(total_bytes, 8 + length_bytes + length);
    const bool none = std::ranges::find(header.dims, 0U) != header.dims.end();  // then the other extents claim nothing
    std::uint64_t count = none ? 0 : 1;
    for (const std::uint64_t extent : header.dims) {
        if (extent > longest_axis || (extent != 0 && count > data_bytes / extent)) damaged("has a shape larger than its data");
        count *= extent;
    }
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
    const bool swap = header.type[0] == '>';
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
    std::string result(magic);
    result += {'\x01', '\x00', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
    return result + text;
}

}  // namespace saccade
