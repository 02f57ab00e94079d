#pragma once

#include <array>
#include <string>

#include "image/resample.hpp"

namespace saccade {

/// How a model of others reads a picture: what its preprocessor_config.json says. Resized, the middle cut out, values times
/// `factor`, then normalised: (v - mean) / std.
struct Preprocessing {
    bool resizes = true;
    Index height = 0, width = 0;  // resized to; both 0: so that the shorter side is `shortest`
    Index shortest = 0;
    Resampling resampling = Resampling::bilinear;
    bool crops = false;
    Index crop_height = 0, crop_width = 0;
    bool middle_to_even = false;  // the middle of an odd number of pixels lies at the even one (timm), or at the lesser
    double factor = 1.0 / 255;    // of 8 bit
    std::array<float, 3> mean = {0.5f, 0.5f, 0.5f}, deviation = {0.5f, 0.5f, 0.5f};
    bool operator==(const Preprocessing&) const = default;
};

/// How one model reads pictures, the size that it needs, and which file says so.
struct VisionReading {
    Preprocessing how{};
    Index height = 0, width = 0, channels = 3;
    std::string said_in = "preprocessor_config.json";  // empty: no file of the folder does
    bool operator==(const VisionReading&) const = default;
};

/// The same for a model of another size: what is resized and cut grows or shrinks as much.
VisionReading at_size(VisionReading reading, Index height, Index width);

/// A picture as a model reads it, before it is normalised.
struct ReadPicture {
    Image image;
    // The part of the whole picture that it shows, as fractions of its width and height.
    double left = 0, top = 0, right = 1, bottom = 1;
    std::string differs{};  // what is not as preprocessor_config.json says, in words; empty: nothing
};

/// Of the file in a folder; keys that are missing stay as `otherwise` has them, which is returned where there is no file
/// (`there`, if given, says so). Error{bad_format} or {unsupported}, one line that names the file.
Preprocessing read_preprocessing(const std::string& folder, const Preprocessing& otherwise, bool* there = nullptr);

/// Resized and cut. What has another size in the end than the model's width and height is resized to that, which `differs`
/// says.
ReadPicture read_as(const Image& picture, const Preprocessing& how, Index height, Index width);
/// [height, width, channels], each value v of 8 bit as (v factor - mean) / deviation; one channel: grey (ITU-R 601).
/// `plain`: v / 255.
Tensor<float> plain_pixels(const Image& image, Index channels);
Tensor<float> normalised_pixels(const Tensor<float>& plain, const Preprocessing& how);

}  // namespace saccade
