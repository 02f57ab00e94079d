#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "image/image.hpp"
#include "tensor/tensor.hpp"
#include "train/augment.hpp"
#include "train/image_set.hpp"

namespace saccade {

/// Of CIFAR-10's training pictures, rounded; other pictures come close enough, for a norm follows the first layer.
inline constexpr ColourScale picture_colours{{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}};

/// A picture of a set, `side` pixels along its shorter side.
Image enlarged(const ImageSet& pictures, Index picture, Index side);
/// Pictures [n, height, width, 3] as a network reads them.
Tensor<float> enlarged_batch(const ImageSet& pictures, std::span<const Index> chosen, Index side);

/// What the pictures are, whose, and the hashes of what was read: two folders with the same taught the same.
nlohmann::json pictures_card(const ImageSet& train, const ImageSet& test);

}  // namespace saccade
