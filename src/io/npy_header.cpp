#include "io/npy_header.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/error.hpp"
#include "base/utf8.hpp"

// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

namespace saccade {

namespace {

constexpr std::uint64_t longest_npy_axis = std::uint64_t{1} << 48;  // also beside an axis of extent 0

/// Reads the header, a Python dictionary with three keys: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class NpyHeaderReader {
 public:
    NpyHeaderReader(std::string_view text, const std::string& where) : text_(text), where_(where) {}

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

[[noreturn]] void damaged_npy(const std::string& where, const std::string& what) {
    throw Error(ErrorCode::bad_format, where + " " + what, "write it again with numpy.save or numpy.savez");
}

/// What begins otherwise, if it can be told. Pickles may run anything when they are read: they never are.
[[noreturn]] void no_npy(const unsigned char* start, const std::string& where) {
    if (start[0] == 0x80 && start[1] >= 2 && start[1] <= 5)
        throw Error(ErrorCode::bad_format, where + " is a pickle, which is never read: it may run anything",
                    "write the arrays with numpy.savez or as safetensors");
    damaged_npy(where, "is not an .npy array");
}

}  // namespace

std::string NpyHeader::number() const {
    const bool ordered = type.size() == 3 && std::string_view("<>|=").find(type[0]) != std::string_view::npos;
    return ordered ? type.substr(1) : "";
}

NpyHeader read_npy_header(const ByteSource& source, const std::string& where) {
    const auto read = [&](void* into, std::size_t bytes) {
        if (source(into, bytes) != bytes) damaged_npy(where, "ends within its header");
    };
    unsigned char start[12] = {};
    read(start, 8);
    if (std::memcmp(start, npy_magic.data(), npy_magic.size()) != 0) no_npy(start, where);
    if (start[6] < 1 || start[6] > 3) damaged_npy(where, fmt::format("is of .npy version {}, which is not known", start[6]));
    const std::size_t length_bytes = start[6] == 1 ? 2 : 4;
    read(start + 8, length_bytes);
    std::size_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | start[8 + i];
    if (length > 65536) damaged_npy(where, fmt::format("claims a header of {} bytes", length));
    std::string text(length, '\0');
    read(text.data(), length);
    NpyHeader header = NpyHeaderReader(text, where).read();
    header.bytes = 8 + length_bytes + length;
    return header;
}

std::uint64_t npy_count(const NpyHeader& header, std::uint64_t data_bytes, const std::string& where) {
    const bool none = std::ranges::find(header.dims, 0U) != header.dims.end();  // then the other extents claim nothing
    std::uint64_t count = none ? 0 : 1;
    for (const std::uint64_t extent : header.dims) {
        if (extent > longest_npy_axis || (extent != 0 && count > data_bytes / extent))
            damaged_npy(where, "has a shape larger than its data");
        count *= extent;
    }
    return count;
}

}  // namespace saccade
