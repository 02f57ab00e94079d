#pragma once

#include <cstdio>  // jpeglib.h needs it first

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include <string>
#include <vector>

#include "image/image.hpp"

namespace saccade::test {

// Small files of every kind, made here.

struct PngKind {
    int color_type = PNG_COLOR_TYPE_RGB;
    int depth = 8;
    bool interlaced = false;
    std::vector<png_color> palette{};
    std::vector<png_byte> palette_alpha{};
};

/// `rows`: the samples as PNG stores them, [height, bytes a row].
inline std::string png_file(const PngKind& kind, Index width, Index height, const std::vector<std::uint8_t>& rows) {
    std::string bytes;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &bytes,
        [](png_structp p, png_bytep data, png_size_t n) {
            static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<const char*>(data), n);
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), kind.depth, kind.color_type,
                 kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (!kind.palette.empty()) png_set_PLTE(png, info, kind.palette.data(), static_cast<int>(kind.palette.size()));
    if (!kind.palette_alpha.empty())
        png_set_tRNS(png, info, kind.palette_alpha.data(), static_cast<int>(kind.palette_alpha.size()), nullptr);
    png_write_info(png, info);
    const std::size_t bytes_a_row = rows.size() / static_cast<std::size_t>(height);
    std::vector<png_bytep> pointers;
    std::vector<std::uint8_t> copy = rows;
    for (Index y = 0; y < height; ++y) pointers.push_back(copy.data() + static_cast<std::size_t>(y) * bytes_a_row);
    png_write_image(png, pointers.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return bytes;
}

struct JpegKind {
    J_COLOR_SPACE space = JCS_RGB;
    int components = 3;
    int orientation = 0;  // 0: no EXIF
    bool big_endian = false;
    bool progressive = false;
};

inline std::string exif_bytes(int orientation, bool big_endian) {
    using namespace std::string_literals;
    const char o = static_cast<char>(orientation);
    return big_endian ? "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + o + "\0\0\0\0\0\0"s
                      : "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + o + "\0\0\0\0\0\0\0"s;
}

inline std::string jpeg_file(const JpegKind& kind, Index width, Index height, const std::vector<std::uint8_t>& samples) {
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &out, &size);
    jpeg.image_width = static_cast<JDIMENSION>(width);
    jpeg.image_height = static_cast<JDIMENSION>(height);
    jpeg.input_components = kind.components;
    jpeg.in_color_space = kind.space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    for (int c = 0; c < jpeg.num_components; ++c) jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
    if (kind.progressive) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (kind.orientation != 0) {
        const std::string exif = std::string("Exif\0\0", 6) + exif_bytes(kind.orientation, kind.big_endian);
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                          static_cast<unsigned>(exif.size()));
    }
    std::vector<std::uint8_t> copy = samples;
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = copy.data() + static_cast<std::size_t>(jpeg.next_scanline) * static_cast<std::size_t>(width) *
                                         static_cast<std::size_t>(kind.components);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    std::string bytes(reinterpret_cast<const char*>(out), size);
    jpeg_destroy_compress(&jpeg);
    std::free(out);
    return bytes;
}

inline std::string jpeg_file(const Image& image) {
    return jpeg_file({}, image.width, image.height, image.rgb);
}

/// Lossless. rgba: [height, width, 4].
inline std::string webp_file(int width, int height, const std::vector<std::uint8_t>& rgba) {
    std::uint8_t* out = nullptr;
    const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &out);
    std::string bytes(reinterpret_cast<const char*>(out), size);
    WebPFree(out);
    return bytes;
}

/// A picture whose pixels all differ from their neighbours, slowly enough for JPEG.
inline Image slope(Index width, Index height) {
    Image image(width, height);
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            image.row(y)[3 * x] = static_cast<std::uint8_t>(20 + 200 * x / width);
            image.row(y)[3 * x + 1] = static_cast<std::uint8_t>(20 + 200 * y / height);
            image.row(y)[3 * x + 2] = static_cast<std::uint8_t>(40 + 100 * (x + y) / (width + height));
        }
    return image;
}

}  // namespace saccade::test
