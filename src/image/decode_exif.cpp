#include <algorithm>

#include "base/parallel.hpp"
#include "image/decode.hpp"

// Exif 2.3, 4.6.2 (the structure is TIFF 6.0's) and 4.6.4 (orientation, tag 274).

namespace saccade {

namespace {

constexpr unsigned orientation_tag = 0x0112, short_type = 3;

/// Whole numbers of TIFF data; what lies outside reads as zero, which no field that is asked for means.
class TiffReader {
 public:
    explicit TiffReader(std::string_view bytes) : bytes_(bytes), little_(bytes.starts_with("II")) {}

    unsigned number(std::size_t at, std::size_t size) const {
        if (at > bytes_.size() || bytes_.size() - at < size) return 0;
        unsigned value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t from = little_ ? size - 1 - i : i;
            value = value << 8 | static_cast<unsigned char>(bytes_[at + from]);
        }
        return value;
    }

 private:
    std::string_view bytes_;
    bool little_;
};

}  // namespace

int exif_orientation(std::string_view tiff) {
    if (!tiff.starts_with(std::string_view("II*\0", 4)) && !tiff.starts_with(std::string_view("MM\0*", 4))) return 1;
    const TiffReader reader(tiff);
    const std::size_t directory = reader.number(4, 4);
    const unsigned entries = reader.number(directory, 2);
    for (unsigned i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + std::size_t{12} * i;
        if (entry > tiff.size()) break;
        if (reader.number(entry, 2) != orientation_tag || reader.number(entry + 2, 2) != short_type) continue;
        const unsigned value = reader.number(entry + 8, 2);
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

Image upright(Image image, int orientation) {
    if (orientation <= 1 || orientation > 8) return image;
    const bool swaps = orientation >= 5;
    const Index width = image.width, height = image.height;
    Image result(swaps ? height : width, swaps ? width : height);
    // Where the stored picture's axes start, seen from the upright one.
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    constexpr Index block = 64;  // of both axes: rows of one picture are columns of the other
    parallel_for((result.height + block - 1) / block, [&](Index b) {
        const Index y_end = std::min(result.height, (b + 1) * block);
        for (Index x_begin = 0; x_begin < result.width; x_begin += block) {
            for (Index y = b * block; y < y_end; ++y) {
                std::uint8_t* out = result.row(y) + x_begin * 3;
                for (Index x = x_begin; x < std::min(result.width, x_begin + block); ++x) {
                    const Index u = swaps ? y : x, v = swaps ? x : y;
                    const Index column = from_right ? width - 1 - u : u, line = from_bottom ? height - 1 - v : v;
                    const std::uint8_t* in = image.row(line) + column * 3;
                    out = std::copy(in, in + 3, out);
                }
            }
        }
    });
    return result;
}

}  // namespace saccade
