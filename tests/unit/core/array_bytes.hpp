#pragma once

#include <algorithm>
#include <string>
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

}  // namespace saccade::test
