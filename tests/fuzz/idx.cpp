#include "train/idx.hpp"
#include <algorithm>
#include "target.hpp"

using namespace saccade;

/// Pictures and labels, each packed or not: the first two bytes say where the labels begin.
FUZZ_TARGET(idx) {
    if (size < 2) return 0;
    const std::size_t split = std::min<std::size_t>(size - 2, data[0] | static_cast<std::size_t>(data[1]) << 8);
    const fuzz::MemoryFile images(data + 2, split, "images"), labels(data + 2 + split, size - 2 - split, "labels");
    return fuzz::refuses_or_reads([&] {
        const ImageSet set = read_idx(images.path(), labels.path());
        fuzz::require(static_cast<Index>(set.pixels.size()) == set.size() * set.picture_size(), "pixels are missing");
    });
}
