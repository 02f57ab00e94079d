#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Pictures of one size with a class each, 8 bit RGB as image/image.hpp has them; grey is three equal channels.
struct ImageSet {
    Index height = 0, width = 0;
    std::vector<std::string> classes;
    std::vector<std::uint8_t> pixels;  // [n, height, width, 3]
    Ids labels;                        // [n], into classes

    Index size() const { return static_cast<Index>(labels.size()); }
    Index picture_size() const { return height * width * 3; }
    const std::uint8_t* picture(Index i) const { return pixels.data() + i * picture_size(); }
};
using ImageSetPtr = std::shared_ptr<const ImageSet>;

enum class ImageSplit { train, test };

/// The training or test pictures in a folder, in whichever of these forms it holds them:
///   an image folder     train/CLASS/*, test/CLASS/*        (image_folder.hpp)
///   CIFAR-10, binary    data_batch_*.bin, test_batch.bin   (cifar_binary.hpp)
///   IDX                 train-images-idx3-ubyte ..., t10k-... , or the same with .gz   (idx.hpp)
/// Error{not_found}, Error{bad_format}: one line with the file.
ImageSetPtr read_image_set(const std::string& folder, ImageSplit split);

}  // namespace saccade
