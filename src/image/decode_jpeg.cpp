#include <cstdio>  // jpeglib.h needs it first

#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <array>
#include <csetjmp>

#include "image/decode.hpp"

namespace saccade {

namespace {

/// Real progressive files have about ten scans; each costs a pass over the picture, however few bytes it takes.
constexpr std::int64_t most_scans = 200, most_scanned_pixels = 1'000'000'000;

std::int64_t most_scans_of(const jpeg_decompress_struct& jpeg) {
    const std::int64_t pixels = std::max<std::int64_t>(1, std::int64_t{jpeg.image_width} * jpeg.image_height);
    return std::clamp<std::int64_t>(most_scanned_pixels / pixels, 16, most_scans);
}

/// What libjpeg's callbacks see. Nothing in the functions that may be left by longjmp owns anything: all that does is here.
struct Decoder {
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg_progress_mgr progress{};
    std::jmp_buf out{};
    std::array<char, JMSG_LENGTH_MAX> reason{};  // libjpeg's own words
    Image image;

    Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder() { jpeg_destroy_decompress(&jpeg); }
};

Decoder& decoder_of(j_common_ptr jpeg) {
    return *static_cast<Decoder*>(jpeg->client_data);
}

[[noreturn]] void on_error(j_common_ptr jpeg) {
    Decoder& decoder = decoder_of(jpeg);
    decoder.errors.format_message(jpeg, decoder.reason.data());
    std::longjmp(decoder.out, 1);
}

/// A level below zero is a warning. Those that mean missing or wrong pixels end the reading; stray bytes between the parts,
/// which some cameras write, do not.
void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    switch (jpeg->err->msg_code) {
        case JWRN_JPEG_EOF:
        case JWRN_HIT_MARKER:
        case JWRN_HUFF_BAD_CODE:
        case JWRN_ARITH_BAD_CODE:
        case JWRN_MUST_RESYNC:
            on_error(jpeg);
        default:
            break;
    }
}

void on_output(j_common_ptr) {}

void on_progress(j_common_ptr jpeg) {
    const auto* decompress = reinterpret_cast<j_decompress_ptr>(jpeg);
    const std::int64_t most = most_scans_of(*decompress);
    if (decompress->input_scan_number <= most) return;
    Decoder& decoder = decoder_of(jpeg);
    std::snprintf(decoder.reason.data(), decoder.reason.size(), "it has more than %d scans", static_cast<int>(most));
    std::longjmp(decoder.out, 1);
}

void prepare(Decoder& decoder) {
    decoder.jpeg.client_data = &decoder;
    decoder.jpeg.err = jpeg_std_error(&decoder.errors);
    decoder.errors.error_exit = on_error;
    decoder.errors.emit_message = on_message;
    decoder.errors.output_message = on_output;
}

bool read_header(Decoder& decoder, std::string_view bytes) {
    if (setjmp(decoder.out) != 0) return false;
    jpeg_create_decompress(&decoder.jpeg);
    decoder.progress.progress_monitor = on_progress;
    decoder.jpeg.progress = &decoder.progress;
    jpeg_mem_src(&decoder.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<unsigned long>(bytes.size()));
    jpeg_save_markers(&decoder.jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&decoder.jpeg, TRUE);
    return true;
}

/// The smallest of 1/8, 1/4, 1/2 and 1 that leaves the longer side at least that long.
void choose_scale(jpeg_decompress_struct& jpeg, Index at_least) {
    const Index longer = std::max(jpeg.image_width, jpeg.image_height);
    jpeg.scale_num = 1;
    jpeg.scale_denom = 1;
    for (const unsigned part : {8u, 4u, 2u})
        if (at_least > 0 && jpeg.scale_denom == 1 && longer / part >= at_least) jpeg.scale_denom = part;
}

bool start(Decoder& decoder) {
    if (setjmp(decoder.out) != 0) return false;
    decoder.jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&decoder.jpeg);
    return true;
}

bool read_pixels(Decoder& decoder) {
    if (setjmp(decoder.out) != 0) return false;
    jpeg_decompress_struct& jpeg = decoder.jpeg;
    while (jpeg.output_scanline < jpeg.output_height) {
        std::array<JSAMPROW, 8> rows;
        for (JDIMENSION i = 0; i < rows.size(); ++i)
            rows[i] = decoder.image.row(std::min(jpeg.output_scanline + i, jpeg.output_height - 1));
        jpeg_read_scanlines(&jpeg, rows.data(), std::min<JDIMENSION>(rows.size(), jpeg.output_height - jpeg.output_scanline));
    }
    jpeg_finish_decompress(&jpeg);
    return true;
}

int orientation_of(const jpeg_decompress_struct& jpeg) {
    constexpr std::string_view exif("Exif\0\0", 6);
    for (const jpeg_marker_struct* marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
        const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
        if (marker->marker == JPEG_APP0 + 1 && data.starts_with(exif)) return exif_orientation(data.substr(exif.size()));
    }
    return 1;
}

}  // namespace

Image decode_jpeg(std::string_view bytes, const std::string& where, Index at_least, ImageSize& full) {
    Decoder decoder;
    prepare(decoder);
    if (!read_header(decoder, bytes)) refuse_damaged(where, "JPEG", decoder.reason.data());
    jpeg_decompress_struct& jpeg = decoder.jpeg;
    check_image_size(jpeg.image_width, jpeg.image_height, where);
    if (jpeg.num_components == 4) {
        throw Error(ErrorCode::unsupported,
                    where + " is a CMYK JPEG, made for printing; its colours are not defined for a screen",
                    "save it as RGB, for example: magick IN.jpg -colorspace sRGB OUT.png");
    }
    // Of 64 pixels at least one bit is stored: a picture that claims more is cut off, and nothing is allocated for it.
    if (std::uint64_t{jpeg.image_width} * jpeg.image_height / 512 > bytes.size())
        refuse_damaged(where, "JPEG", "it is truncated: its data are too few for its size");
    const int orientation = orientation_of(jpeg);  // the markers go with the decoding
    choose_scale(jpeg, at_least);
    if (!start(decoder)) refuse_damaged(where, "JPEG", decoder.reason.data());
    decoder.image = Image(jpeg.output_width, jpeg.output_height);
    if (!read_pixels(decoder)) refuse_damaged(where, "JPEG", decoder.reason.data());
    full = {jpeg.image_width, jpeg.image_height};
    if (orientation >= 5) std::swap(full.width, full.height);
    return upright(std::move(decoder.image), orientation);
}

}  // namespace saccade
