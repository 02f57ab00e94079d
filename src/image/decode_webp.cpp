#include <webp/decode.h>

#include "image/decode.hpp"

// The container: https://developers.google.com/speed/webp/docs/riff_container

namespace saccade {

namespace {

std::uint32_t little_endian(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

int orientation_of(std::string_view bytes) {
    std::size_t at = 12;  // "RIFF", size, "WEBP"
    while (at <= bytes.size() && bytes.size() - at >= 8) {
        const std::size_t size = little_endian(bytes, at + 4);
        if (bytes.substr(at, 4) == "EXIF") {
            std::string_view exif = bytes.substr(at + 8, size);
            constexpr std::string_view prefix("Exif\0\0", 6);
            if (exif.starts_with(prefix)) exif.remove_prefix(prefix.size());
            return exif_orientation(exif);
        }
        at += 8 + size + size % 2;
    }
    return 1;
}

}  // namespace

Image decode_webp(std::string_view bytes, const std::string& where, ImageSize& full) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    WebPBitstreamFeatures features{};
    const VP8StatusCode status = WebPGetFeatures(data, bytes.size(), &features);
    if (status == VP8_STATUS_NOT_ENOUGH_DATA) refuse_damaged(where, "WebP", "it is truncated");
    if (status != VP8_STATUS_OK) refuse_damaged(where, "WebP", "its header is wrong");
    if (features.has_animation != 0) {
        throw Error(ErrorCode::unsupported, where + " is an animated WebP",
                    "save one of its pictures, for example: magick 'IN.webp[0]' OUT.png");
    }
    check_image_size(static_cast<std::uint64_t>(features.width), static_cast<std::uint64_t>(features.height), where);
    Image image(features.width, features.height);
    if (features.has_alpha != 0) {
        std::vector<std::uint8_t> rgba(static_cast<std::size_t>(image.width * image.height * 4));
        if (WebPDecodeRGBAInto(data, bytes.size(), rgba.data(), rgba.size(), features.width * 4) == nullptr)
            refuse_damaged(where, "WebP", "it is truncated or its data are wrong");
        compose_over_white(rgba.data(), image.width * image.height, image.rgb.data());
    } else if (WebPDecodeRGBInto(data, bytes.size(), image.rgb.data(), image.rgb.size(), features.width * 3) == nullptr) {
        refuse_damaged(where, "WebP", "it is truncated or its data are wrong");
    }
    image = upright(std::move(image), orientation_of(bytes));
    full = {image.width, image.height};
    return image;
}

}  // namespace saccade
