#include "image/load_image.hpp"
#include "target.hpp"

using namespace saccade;

/// PNG, JPEG and WebP.
FUZZ_TARGET(image) {
    return fuzz::refuses_or_reads([&] {
        ImageSize full;
        const Image image = decode_image(fuzz::text_of(data, size), "picture", 8, &full);
        fuzz::require(static_cast<Index>(image.rgb.size()) == image.width * image.height * 3, "pixels are missing");
        fuzz::require(full.width >= image.width || full.height >= image.height, "larger than the file says");
    });
}
