#include "image/grey_noise.hpp"

#include <cstdio>  // jpeglib.h needs it first

#include <jpeglib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/error.hpp"
#include "image/decode.hpp"
#include "image/noise.hpp"

namespace saccade {

void paint_paper(Tensor<float>& grey, const Paper& paper, std::uint64_t seed) {
    const Index height = grey.shape()[0], width = grey.shape()[1];
    const float level = static_cast<float>(paper.grey), slope = static_cast<float>(paper.slope),
                mottle = static_cast<float>(paper.mottle);
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            float p = level + slope * (static_cast<float>(x) / static_cast<float>(width) - 0.5f);
            if (mottle > 0)
                p += 2 * mottle * (fractal_noise(static_cast<float>(x) * 0.12f, static_cast<float>(y) * 0.12f, 3, seed) - 0.5f);
            grey.data()[y * width + x] = std::clamp(p, 0.0f, 1.0f);
        }
}

void blur(Tensor<float>& grey, double deviation) {
    if (!(deviation > 0.05)) return;
    const Index height = grey.shape()[0], width = grey.shape()[1], radius = std::max<Index>(1, std::lround(2.5 * deviation));
    std::vector<float> kernel(static_cast<std::size_t>(radius + 1));
    double total = 0;
    for (Index i = 0; i <= radius; ++i) {
        const double v = std::exp(-0.5 * static_cast<double>(i * i) / (deviation * deviation));
        kernel[static_cast<std::size_t>(i)] = static_cast<float>(v);
        total += i == 0 ? v : 2 * v;
    }
    for (float& k : kernel) k /= static_cast<float>(total);
    const auto pass = [&](Index lines, Index length, Index across, Index along) {
        std::vector<float> read(static_cast<std::size_t>(length));
        for (Index l = 0; l < lines; ++l) {
            float* const data = grey.data() + l * across;
            for (Index i = 0; i < length; ++i) read[static_cast<std::size_t>(i)] = data[i * along];
            const auto at = [&](Index i) { return read[static_cast<std::size_t>(std::clamp<Index>(i, 0, length - 1))]; };
            for (Index i = 0; i < length; ++i) {
                float sum = kernel[0] * at(i);
                for (Index k = 1; k <= radius; ++k) sum += kernel[static_cast<std::size_t>(k)] * (at(i - k) + at(i + k));
                data[i * along] = sum;
            }
        }
    };
    pass(height, width, width, 1);
    pass(width, height, 1, width);
}

void add_grain(Tensor<float>& grey, double deviation, Rng rng) {
    if (!(deviation > 0)) return;
    for (float& p : grey.values()) p = std::clamp(p + static_cast<float>(deviation * rng.normal()), 0.0f, 1.0f);
}

void through_jpeg(Tensor<float>& grey, int quality) {
    const Index height = grey.shape()[0], width = grey.shape()[1];
    std::vector<JSAMPLE> row(static_cast<std::size_t>(width));
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg.image_width = static_cast<JDIMENSION>(width);
    jpeg.image_height = static_cast<JDIMENSION>(height);
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, std::clamp(quality, 1, 100), TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    for (Index y = 0; y < height; ++y) {
        for (Index x = 0; x < width; ++x)
            row[static_cast<std::size_t>(x)] =
                static_cast<JSAMPLE>(std::lround(255 * std::clamp(grey.data()[y * width + x], 0.0f, 1.0f)));
        JSAMPROW rows[] = {row.data()};
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    const std::string file(reinterpret_cast<const char*>(bytes), size);
    std::free(bytes);
    ImageSize full;
    const Image back = decode_jpeg(file, "a picture of a word", std::max(height, width), full);
    for (Index i = 0; i < height * width; ++i)
        grey.data()[i] = static_cast<float>(back.rgb[static_cast<std::size_t>(3 * i)]) / 255;
}

}  // namespace saccade
