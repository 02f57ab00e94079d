#pragma once

#include <optional>

#include "train/image_set.hpp"

namespace saccade {

/// The two files of a split as MNIST names them, plain or .gz: "train-" or "t10k-", "images-idx3-ubyte", "labels-idx1-ubyte".
struct IdxFiles {
    std::string images, labels;
};
std::optional<IdxFiles> find_idx(const std::string& folder, bool train);

/// Grey pictures and labels in IDX files (LeCun, yann.lecun.com/exdb/mnist: magic 0x00000803 or 0x00000801, extents as 32 bit
/// big-endian, then bytes); classes are "0" to the highest label. Files may be compressed by gzip. Error{bad_format} where
/// sizes do not fit the header or each other; a header's claims take no memory before they are checked.
ImageSet read_idx(const std::string& images, const std::string& labels);

}  // namespace saccade
