#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// Side of the squares in which frames are shown, whoever made them.
inline constexpr Index shown_clip_side = 96;

/// Somebody's own clip. Each picture is stretched to a square.
struct OwnClip {
    Tensor<float> read;   // [frames, clip_side, clip_side, 3], 0 to 1, as a describer reads it
    Tensor<float> shown;  // the same, larger
    Index pictures = 0;   // that there are: as many as a describer was trained on are read, spread evenly
    bool one_size = true, square = true;
};

/// The pictures of a folder (PNG, JPEG, WebP; by name, in the order of their numbers), or those of an animated WebP, GIF or
/// PNG. The latest animation is kept as long as its file stays as it is. Error{not_found, invalid_input, bad_format, io} in one
/// line; {cancelled}.
std::shared_ptr<const OwnClip> own_clip(const std::string& path, const std::stop_token& stop);

}  // namespace saccade
