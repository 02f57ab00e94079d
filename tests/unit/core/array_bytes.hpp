#pragma once

#include <gtest/gtest.h>
#include <zip.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

// Arrays as NumPy writes them.

namespace saccade::test {

template <class Stored>
std::string npy_bytes(const std::string& type, const std::string& shape, const std::vector<float>& values, bool fortran = false,
                      bool big_endian = false) {
    std::string header =
        "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
    header.append(117 - header.size() % 64 + 64, ' ');
    header += '\n';
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(header.size() & 0xff);
    bytes += static_cast<char>(header.size() >> 8);
    bytes += header;
    for (const float value : values) {
        const auto stored = static_cast<Stored>(value);
        std::string one(reinterpret_cast<const char*>(&stored), sizeof stored);
        if (big_endian) std::reverse(one.begin(), one.end());
        bytes += one;
    }
    return bytes;
}

/// An archive with entries as given, deflated or stored.
inline void write_zip(const std::string& path, const std::vector<std::pair<std::string, std::string>>& entries, bool deflate) {
    int code = 0;
    zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    for (const auto& [name, bytes] : entries) {
        const zip_int64_t index = zip_file_add(zip, name.c_str(), zip_source_buffer(zip, bytes.data(), bytes.size(), 0), 0);
        zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    }
    ASSERT_EQ(zip_close(zip), 0);
}

}  // namespace saccade::test
