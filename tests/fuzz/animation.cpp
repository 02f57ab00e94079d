#include "image/animation.hpp"

#include "target.hpp"

using namespace saccade;

/// Animated GIF, PNG and WebP: their first pictures, whatever they claim.
FUZZ_TARGET(animation) {
    return fuzz::refuses_or_reads([&] {
        const auto animation = decode_animation(fuzz::text_of(data, size), "clip");
        const ImageSize full = animation->size();
        fuzz::require(animation->pictures() > 0, "no pictures");
        if (full.width * full.height > 1 << 20) return;  // they may be large, but here not a thousand times
        for (Index i = 0; i < animation->pictures() && i < 8; ++i) {
            const Image image = animation->next();
            fuzz::require(image.width == full.width && image.height == full.height, "of another size");
            fuzz::require(static_cast<Index>(image.rgb.size()) == image.width * image.height * 3, "pixels are missing");
        }
    });
}
