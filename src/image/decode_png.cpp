#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "image/decode.hpp"

namespace saccade {

namespace {

/// What libpng's callbacks see. Nothing in the functions below that may be left by longjmp owns anything: all that does is
/// here.
struct Reading {
    std::string_view bytes;
    std::size_t at = 0;
    std::string reason;  // libpng's own words
    png_structp png = nullptr;
    png_infop info = nullptr;
    bool alpha = false;
    int passes = 1;
    Index width = 0, height = 0;
    std::vector<std::uint8_t> row;  // RGBA: one row, or all of an interlaced picture
    Image image;

    ~Reading() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    static_cast<Reading*>(png_get_error_ptr(png))->reason = message;
    png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep out, png_size_t n) {
    auto& reading = *static_cast<Reading*>(png_get_io_ptr(png));
    if (reading.bytes.size() - reading.at < n) png_error(png, "it is truncated");
    std::memcpy(out, reading.bytes.data() + reading.at, n);
    reading.at += n;
}

/// Everything becomes 8 bit RGB or RGBA.
void choose_transforms(Reading& reading) {
    png_structp png = reading.png;
    const int type = png_get_color_type(png, reading.info);
    const bool transparent_color = png_get_valid(png, reading.info, PNG_INFO_tRNS) != 0;
    reading.alpha = (type & PNG_COLOR_MASK_ALPHA) != 0 || transparent_color;
    png_set_expand(png);  // palettes, 1, 2 and 4 bit, a transparent colour
    png_set_scale_16(png);
    if ((type & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(png);
    reading.passes = png_set_interlace_handling(png);
    png_read_update_info(png, reading.info);
}

void read_rows(Reading& reading) {
    const auto width = static_cast<std::size_t>(reading.width), height = static_cast<std::size_t>(reading.height);
    const std::size_t bytes_a_row = width * 4;
    if (reading.alpha) reading.row.resize(reading.passes == 1 ? bytes_a_row : bytes_a_row * height);
    for (int pass = 0; pass < reading.passes; ++pass) {
        for (std::size_t y = 0; y < height; ++y) {
            std::uint8_t* rgb = reading.image.row(static_cast<Index>(y));
            if (!reading.alpha) {
                png_read_row(reading.png, rgb, nullptr);
                continue;
            }
            std::uint8_t* rgba = reading.row.data() + (reading.passes == 1 ? 0 : y * bytes_a_row);
            png_read_row(reading.png, rgba, nullptr);
            if (pass + 1 == reading.passes) compose_over_white(rgba, reading.width, rgb);
        }
    }
}

bool read_header(Reading& reading) {
    if (setjmp(png_jmpbuf(reading.png)) != 0) return false;
    // Texts, profiles and EXIF may claim any size, and memory is taken for it before they are read; here they are not needed.
    png_set_keep_unknown_chunks(reading.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_chunk_malloc_max(reading.png, 8u << 20);
    png_set_user_limits(reading.png, 0x7fffffff, 0x7fffffff);  // checked from the header, with our own words
    png_set_read_fn(reading.png, &reading, on_read);
    png_read_info(reading.png, reading.info);
    choose_transforms(reading);
    return true;
}

bool read_pixels(Reading& reading) {
    if (setjmp(png_jmpbuf(reading.png)) != 0) return false;
    read_rows(reading);
    png_read_end(reading.png, reading.info);
    return true;
}

/// What is known of the chunks without unpacking any.
struct Chunks {
    std::uint64_t packed = 0;  // bytes of the pixels as they are packed
    std::string_view exif;
};

/// Up to the first that does not fit into the file.
Chunks chunks_of(std::string_view bytes) {
    constexpr std::size_t signature = 8, around = 12;  // length, type and sum
    Chunks chunks;
    for (std::size_t at = signature; at <= bytes.size() && bytes.size() - at >= around;) {
        const auto length = static_cast<std::size_t>(png_number(bytes, at));
        if (length > bytes.size() - at - around) break;
        const std::string_view type = bytes.substr(at + 4, 4);
        if (type == "IDAT") chunks.packed += length;
        if (type == "eXIf") chunks.exif = bytes.substr(at + 8, length);
        at += around + length;
    }
    return chunks;
}

/// Deflate packs no more than 1032 to 1: a picture that claims more is cut off, and nothing is allocated for it.
void check_packed(std::string_view bytes, const Chunks& chunks, const std::string& where) {
    constexpr std::uint64_t most_packed = 1032;
    const std::uint64_t width = png_number(bytes, 16), height = png_number(bytes, 20);
    const auto depth = static_cast<unsigned char>(bytes[24]), type = static_cast<unsigned char>(bytes[25]);
    const std::uint64_t channels = type == 2 ? 3 : type == 4 ? 2 : type == 6 ? 4 : 1;
    if (height * ((width * depth * channels + 7) / 8) / most_packed > chunks.packed)
        refuse_damaged(where, "PNG", "it is truncated: its data are too few for its size");
}

struct Writing {
    std::string bytes;
    png_structp png = nullptr;
    png_infop info = nullptr;
    ~Writing() { png_destroy_write_struct(&png, &info); }
};

void on_write(png_structp png, png_bytep bytes, png_size_t n) {
    static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), n);
}

bool write_pixels(Writing& writing, const Image& image) {
    if (setjmp(png_jmpbuf(writing.png)) != 0) return false;
    png_set_write_fn(writing.png, &writing.bytes, on_write, nullptr);
    png_set_IHDR(writing.png, writing.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writing.png, writing.info);
    for (Index y = 0; y < image.height; ++y) png_write_row(writing.png, image.row(y));
    png_write_end(writing.png, writing.info);
    return true;
}

}  // namespace

std::uint32_t png_number(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

void compose_over_white(const std::uint8_t* rgba, Index pixels, std::uint8_t* rgb) {
    for (Index i = 0; i < pixels; ++i, rgba += 4, rgb += 3) {
        const unsigned alpha = rgba[3];
        for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>((rgba[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

Image decode_png(std::string_view bytes, const std::string& where, ImageSize& full) {
    constexpr std::size_t header_end = 29;  // signature, length and name of IHDR, and what stands in it
    if (bytes.size() < header_end || bytes.substr(12, 4) != "IHDR") refuse_damaged(where, "PNG", "its header is missing");
    check_image_size(png_number(bytes, 16), png_number(bytes, 20), where);
    const Chunks chunks = chunks_of(bytes);
    check_packed(bytes, chunks, where);
    Reading reading;
    reading.bytes = bytes;
    reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, on_error, on_warning);
    reading.info = reading.png != nullptr ? png_create_info_struct(reading.png) : nullptr;
    if (reading.info == nullptr) throw std::bad_alloc();
    if (!read_header(reading)) refuse_damaged(where, "PNG", reading.reason);
    reading.width = png_get_image_width(reading.png, reading.info);
    reading.height = png_get_image_height(reading.png, reading.info);
    reading.image = Image(reading.width, reading.height);
    if (!read_pixels(reading)) refuse_damaged(where, "PNG", reading.reason);
    Image result = upright(std::move(reading.image), exif_orientation(chunks.exif));
    full = {result.width, result.height};
    return result;
}

std::string write_png(const Image& image) {
    if (image.empty()) throw Error(ErrorCode::invalid_input, "an empty picture cannot be written");
    Writing writing;
    writing.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, on_warning);
    writing.info = writing.png != nullptr ? png_create_info_struct(writing.png) : nullptr;
    if (writing.info == nullptr) throw std::bad_alloc();
    if (!write_pixels(writing, image))
        throw Error(ErrorCode::out_of_range, "the picture is too large for a PNG file", "make it smaller");
    return std::move(writing.bytes);
}

}  // namespace saccade
