#pragma once

#include <string>
#include <string_view>

#include "image/image.hpp"
#include "image/load_image.hpp"

namespace saccade {

// The three decoders of decode_image(). `bytes` begin as the format does; `where` names the file in errors. They refuse
// what is larger than most_image_pixels from the header, before memory is taken for it, and what is damaged or cut off. The
// picture is upright; `full` gets its full size.

Image decode_png(std::string_view bytes, const std::string& where, ImageSize& full);
Image decode_jpeg(std::string_view bytes, const std::string& where, Index at_least, ImageSize& full);
Image decode_webp(std::string_view bytes, const std::string& where, ImageSize& full);

/// Error{out_of_range} if a picture of that size is refused.
void check_image_size(std::uint64_t width, std::uint64_t height, const std::string& where);
[[noreturn]] void refuse_damaged(const std::string& where, const std::string& format, const std::string& why);

/// Four channels over white: colour * alpha + 255 * (1 - alpha), rounded. pixels: [n, 4] to [n, 3].
void compose_over_white(const std::uint8_t* rgba, Index pixels, std::uint8_t* rgb);

/// The number of four bytes, as PNG has them: the most significant first.
std::uint32_t png_number(std::string_view bytes, std::size_t at);
/// The orientation, 1 to 8, that EXIF data ("II*\0" or "MM\0*" first) holds; 1 if it holds none.
int exif_orientation(std::string_view tiff);
/// Turned and mirrored so that the picture stands upright.
Image upright(Image image, int orientation);

}  // namespace saccade
