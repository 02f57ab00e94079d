#include "train/resnet_pictures.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/sha256.hpp"
#include "train/augment.hpp"
#include "train/cifar_binary.hpp"

namespace saccade {

namespace {

/// Of the pictures as they were read: two folders with one hash taught the same.
std::string pixels_hash(const ImageSet& set) {
    const auto bytes = [](const auto& values) {
        return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
    };
    return sha256(sha256(bytes(set.pixels)) + sha256(bytes(set.labels)));
}

}  // namespace

nlohmann::json pictures_card(const ImageSet& train, const ImageSet& test) {
    const std::string what = fmt::format("{} training and {} test pictures of {} x {} pixels in {} classes", train.size(),
                                         test.size(), train.width, train.height, train.classes.size());
    const nlohmann::json hashes = {{"train_sha256", pixels_hash(train)}, {"test_sha256", pixels_hash(test)}};
    if (train.classes != cifar_classes() || train.width != 32 || train.height != 32)
        return {{"data", what}, {"data_folder", hashes}, {"licence", "that of the pictures, which this program does not know"}};
    return {{"data", "CIFAR-10: " + what},
            {"data_folder", hashes},
            {"licence", "no licence stated; published for research, with the request to cite the report"},
            {"citation",
             "Alex Krizhevsky: Learning multiple layers of features from tiny images. Technical report, "
             "University of Toronto, 2009"}};
}

Image enlarged(const ImageSet& pictures, Index picture, Index side) {
    Image image(pictures.width, pictures.height);
    std::copy_n(pictures.picture(picture), pictures.picture_size(), image.rgb.data());
    const Index whole = std::min(pictures.height, pictures.width);
    return side == whole ? image : resized(image, image.width * side / whole, image.height * side / whole);
}

Tensor<float> enlarged_batch(const ImageSet& pictures, std::span<const Index> chosen, Index side) {
    Tensor<float> x;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const Image image = enlarged(pictures, chosen[i], side);
        if (i == 0) x = Tensor<float>::uninitialized({static_cast<Index>(chosen.size()), image.height, image.width, 3});
        scale_colours(image.rgb.data(), image.height * image.width, picture_colours,
                      x.data() + static_cast<Index>(i * image.rgb.size()));
    }
    return x;
}

}  // namespace saccade
