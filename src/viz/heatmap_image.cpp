#include "viz/heatmap_image.hpp"

#include <cairo.h>

#include <cmath>
#include <memory>

#include "base/error.hpp"

namespace saccade {

namespace {

std::uint32_t packed(Color c) {
    return 0xff000000u | static_cast<std::uint32_t>(c.r) << 16 | static_cast<std::uint32_t>(c.g) << 8 |
           static_cast<std::uint32_t>(c.b);
}

}  // namespace

Pixels heatmap_pixels(const HeatmapItem& heatmap) {
    Pixels pixels;
    pixels.height = static_cast<int>(heatmap.values.shape()[0]);
    pixels.width = static_cast<int>(heatmap.values.shape()[1]);
    pixels.argb.reserve(static_cast<std::size_t>(heatmap.values.size()));
    for (const float value : heatmap.values.values()) {
        const double t = heatmap.normalization(static_cast<double>(value));
        pixels.argb.push_back(packed(std::isnan(t) || heatmap.map == nullptr ? heatmap.masked_ground : heatmap.map->at(t)));
    }
    return pixels;
}

std::string encode_png(const Pixels& pixels) {
    std::vector<std::uint32_t> rows = pixels.argb;  // Cairo takes a writable pointer
    const std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)> surface(
        cairo_image_surface_create_for_data(reinterpret_cast<unsigned char*>(rows.data()), CAIRO_FORMAT_RGB24, pixels.width,
                                            pixels.height, pixels.width * 4),
        cairo_surface_destroy);
    std::string bytes;
    const auto append = [](void* out, const unsigned char* data, unsigned length) {
        static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(data), length);
        return CAIRO_STATUS_SUCCESS;
    };
    const cairo_status_t status = cairo_surface_write_to_png_stream(surface.get(), append, &bytes);
    if (status != CAIRO_STATUS_SUCCESS)
        throw Error(ErrorCode::out_of_range,
                    "a picture of " + std::to_string(pixels.width) + " x " + std::to_string(pixels.height) +
                        " cells cannot be encoded: " + cairo_status_to_string(status),
                    "show fewer cells");
    return bytes;
}

}  // namespace saccade
