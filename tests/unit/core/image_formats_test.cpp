#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "image/decode.hpp"
#include "image/load_image.hpp"
#include "image_files.hpp"
#include "testing.hpp"

// Every kind of file that is read, and every kind that is refused.

namespace saccade::image_formats_test {
namespace {

using test::contains;
using test::error_of;
using test::JpegKind;
using test::PngKind;
using Bytes = std::vector<std::uint8_t>;
using namespace std::string_literals;

Image decoded(const std::string& bytes) {
    return decode_image(bytes, "x");
}

std::string refusal(const std::string& bytes) {
    try {
        decode_image(bytes, "photo.png");
    } catch (const Error& error) {
        EXPECT_EQ(error.line().find('\n'), std::string::npos) << error.line();
        EXPECT_NE(error.message().find("photo.png"), std::string::npos) << error.line();
        EXPECT_FALSE(error.hint().empty()) << error.line();
        return error.line();
    }
    return "";
}

bool near(const Image& a, const Image& b, int tolerance) {
    if (a.width != b.width || a.height != b.height) return false;
    for (std::size_t i = 0; i < a.rgb.size(); ++i)
        if (std::abs(a.rgb[i] - b.rgb[i]) > tolerance) return false;
    return true;
}

TEST(PngFiles, GreyBecomesThreeEqualChannels) {
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_GRAY, 8}, 2, 1, {7, 200})).rgb, (Bytes{7, 7, 7, 200, 200, 200}));
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_GRAY, 1}, 3, 1, {0b10100000})).rgb,
              (Bytes{255, 255, 255, 0, 0, 0, 255, 255, 255}));
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_GRAY, 4}, 2, 1, {0x3f})).rgb, (Bytes{51, 51, 51, 255, 255, 255}));
}

TEST(PngFiles, TransparencyLiesOverWhite) {
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_RGBA, 8}, 3, 1, {10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 51})).rgb,
              (Bytes{10, 20, 30, 255, 255, 255, 204, 204, 204}));
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_GRAY_ALPHA, 8}, 2, 1, {0, 102, 9, 255})).rgb,
              (Bytes{153, 153, 153, 9, 9, 9}));
}

TEST(PngFiles, PalettesWithAndWithoutTransparency) {
    const std::vector<png_color> palette{{1, 2, 3}, {200, 100, 50}};
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_PALETTE, 8, false, palette}, 2, 1, {1, 0})).rgb,
              (Bytes{200, 100, 50, 1, 2, 3}));
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_PALETTE, 1, false, palette, {0}}, 2, 1, {0b01000000})).rgb,
              (Bytes{255, 255, 255, 200, 100, 50}));
}

TEST(PngFiles, SixteenBitsAreRounded) {
    // v / 257: 0x808f is nearer to 0x80 (0x8080), 0x8110 to 0x81 (0x8181).
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_RGB, 16}, 1, 1, {0x80, 0x8f, 0x81, 0x10, 0xff, 0xff})).rgb,
              (Bytes{0x80, 0x81, 0xff}));
}

TEST(PngFiles, InterlacedOnesAreTheSamePicture) {
    const Image image = test::slope(13, 11);
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_RGB, 8, true}, 13, 11, image.rgb)), image);
    Bytes rgba;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
        rgba.insert(rgba.end(), {image.rgb[i], image.rgb[i + 1], image.rgb[i + 2], 255});
    EXPECT_EQ(decoded(test::png_file({PNG_COLOR_TYPE_RGBA, 8, true}, 13, 11, rgba)), image);
}

TEST(JpegFiles, ColourGreyAndProgressive) {
    const Image image = test::slope(40, 24);
    EXPECT_TRUE(near(decoded(test::jpeg_file(image)), image, 3));
    JpegKind progressive;
    progressive.progressive = true;
    EXPECT_TRUE(near(decoded(test::jpeg_file(progressive, 40, 24, image.rgb)), image, 3));
    const Image grey = decoded(test::jpeg_file({JCS_GRAYSCALE, 1}, 8, 1, Bytes(8, 77)));
    EXPECT_EQ(grey.rgb, Bytes(24, 77));
}

TEST(JpegFiles, EveryOrientationStandsUpright) {
    // Left half light, its lower part lighter still: no two orientations look the same.
    Image right(32, 16);
    for (Index y = 0; y < 16; ++y)
        for (Index x = 0; x < 32; ++x)
            for (int c = 0; c < 3; ++c) right.row(y)[3 * x + c] = static_cast<std::uint8_t>(x >= 16 ? 0 : y >= 8 ? 250 : 120);
    for (const bool big_endian : {false, true}) {
        for (int orientation = 1; orientation <= 8; ++orientation) {
            // As a camera stores it: the first row and column are where the tag says that they are (Exif 4.6.4).
            const bool swaps = orientation >= 5;
            Image stored(swaps ? 16 : 32, swaps ? 32 : 16);
            for (Index v = 0; v < stored.height; ++v)
                for (Index u = 0; u < stored.width; ++u) {
                    Index x = u, y = v;
                    if (orientation == 2) x = 31 - u;
                    if (orientation == 3) x = 31 - u, y = 15 - v;
                    if (orientation == 4) y = 15 - v;
                    if (orientation == 5) x = v, y = u;
                    if (orientation == 6) x = 31 - v, y = u;
                    if (orientation == 7) x = 31 - v, y = 15 - u;
                    if (orientation == 8) x = v, y = 15 - u;
                    std::copy_n(right.row(y) + 3 * x, 3, stored.row(v) + 3 * u);
                }
            JpegKind kind;
            kind.orientation = orientation;
            kind.big_endian = big_endian;
            ImageSize full;
            const std::string file = test::jpeg_file(kind, stored.width, stored.height, stored.rgb);
            EXPECT_TRUE(near(decode_image(file, "x", 0, &full), right, 3)) << orientation;
            EXPECT_EQ(full, (ImageSize{32, 16})) << orientation;
        }
    }
}

TEST(JpegFiles, LargeOnesAreReadSmallerWhereThatIsEnough) {
    const Image image = test::slope(800, 400);
    ImageSize full;
    const Image small = decode_image(test::jpeg_file(image), "x", 100, &full);
    EXPECT_EQ(small.width, 100);
    EXPECT_EQ(small.height, 50);
    EXPECT_EQ(full, (ImageSize{800, 400}));
    EXPECT_TRUE(near(small, resized(image, 100, 50), 4));
    EXPECT_EQ(decode_image(test::jpeg_file(image), "x", 101).width, 200);
    EXPECT_EQ(decode_image(test::jpeg_file(image), "x", 900).width, 800);
}

TEST(JpegFiles, CmykIsRefused) {
    EXPECT_NE(refusal(test::jpeg_file({JCS_CMYK, 4}, 8, 8, Bytes(256, 90))).find("CMYK"), std::string::npos);
}

TEST(WebpFiles, OpaqueAndTransparent) {
    EXPECT_EQ(decoded(test::webp_file(2, 1, {10, 20, 30, 255, 40, 50, 60, 255})).rgb, (Bytes{10, 20, 30, 40, 50, 60}));
    EXPECT_EQ(decoded(test::webp_file(2, 1, {10, 20, 30, 255, 0, 0, 0, 51})).rgb, (Bytes{10, 20, 30, 204, 204, 204}));
}

TEST(WebpFiles, AnimatedOnesAreRefused) {
    const std::string animated =
        "RIFF\x2e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x07\0\0\x07\0\0"s + "ANIM\x06\0\0\0\0\0\0\0\0\0"s + "ANMF\0\0\0\0"s;
    EXPECT_NE(refusal(animated).find("animated WebP"), std::string::npos) << refusal(animated);
}

TEST(BadPictures, OneOneIsAPicture) {
    EXPECT_EQ(decoded(test::png_file({}, 1, 1, {1, 2, 3})).rgb, (Bytes{1, 2, 3}));
    EXPECT_EQ(decoded(test::jpeg_file(test::slope(1, 1))).width, 1);
    EXPECT_EQ(decoded(test::webp_file(1, 1, {1, 2, 3, 255})).rgb, (Bytes{1, 2, 3}));
}

TEST(BadPictures, WhatIsNoPictureSaysWhatItIs) {
    EXPECT_NE(refusal("just some text\nof two lines").find("a text file"), std::string::npos);
    EXPECT_NE(refusal("一行很长很长很长很长很长的字").find("a text file"), std::string::npos);
    EXPECT_NE(refusal("\xff\xd8").find("unknown format"), std::string::npos);
    EXPECT_NE(refusal("").find("empty"), std::string::npos);
    EXPECT_NE(refusal("GIF89a........").find("a GIF"), std::string::npos);
    EXPECT_NE(refusal("\0\1\2\3\4\5\6\7"s).find("unknown format"), std::string::npos);
    EXPECT_NE(refusal("\x89PNG\r\n\x1a\n").find("damaged PNG"), std::string::npos);
    EXPECT_NE(refusal("\xff\xd8\xff").find("damaged JPEG"), std::string::npos);
}

TEST(BadPictures, TooManyPixelsAreRefusedFromTheHeader) {
    // 60,000 x 60,000: a PNG whose header alone is there, a JPEG and a WebP with theirs changed.
    const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0"s;
    EXPECT_NE(refusal(png).find("60000 x 60000 pixels, more than 50 megapixels"), std::string::npos) << refusal(png);
    std::string jpeg = test::jpeg_file(test::slope(8, 8));
    const std::size_t frame = jpeg.find("\xff\xc0");
    ASSERT_NE(frame, std::string::npos);
    jpeg.replace(frame + 5, 4, "\xea\x60\xea\x60");
    EXPECT_NE(refusal(jpeg).find("60000 x 60000 pixels"), std::string::npos) << refusal(jpeg);
    std::string webp = test::webp_file(8, 8, Bytes(256, 255));
    const std::size_t lossless = webp.find("VP8L") + 9;  // 14 bits of width - 1, 14 of height - 1
    webp.replace(lossless, 4, "\xff\xff\xff\x0f");
    EXPECT_NE(refusal(webp).find("16384 x 16384 pixels"), std::string::npos) << refusal(webp);
    EXPECT_THROW(check_image_size(~0ull, 2, "x"), Error);
    EXPECT_NO_THROW(check_image_size(10000, 5000, "x"));
    EXPECT_THROW(check_image_size(10001, 5000, "x"), Error);
    // 49 megapixels in a row, or in a column.
    const std::string row = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\2\xeb\xae\x40\0\0\0\1\x08\x02\0\0\0"s;
    EXPECT_NE(refusal(row).find("49000000 x 1 pixels, and a side has more than 65535"), std::string::npos) << refusal(row);
    EXPECT_THROW(check_image_size(1, 65536, "x"), Error);
    EXPECT_NO_THROW(check_image_size(65535, 700, "x"));
}

TEST(BadPictures, PathsThatAreNoPictures) {
    const test::TemporaryFolder folder;
    const auto line = [](const std::string& path) {
        try {
            load_image(path);
        } catch (const Error& error) {
            return error.line();
        }
        return std::string();
    };
    EXPECT_NE(line(folder / "").find("is a folder"), std::string::npos);
    EXPECT_NE(line(folder / "none.png").find("No such file"), std::string::npos);
    std::ofstream(folder / "zero.jpg").flush();
    EXPECT_NE(line(folder / "zero.jpg").find("is empty"), std::string::npos);
    std::ofstream(folder / "text.png") << "text";
    EXPECT_NE(line(folder / "text.png").find("is a text file"), std::string::npos);
}

/// Every prefix of a file, and every file with one byte changed, is a picture or an error; no prefix of the first three
/// quarters is a picture.
void damage(const std::string& file) {
    ASSERT_NO_THROW(decoded(file));
    for (std::size_t n = 0; n < file.size(); ++n) {
        try {
            const Image image = decoded(file.substr(0, n));
            EXPECT_FALSE(image.empty());
            EXPECT_GT(4 * n, 3 * file.size());
        } catch (const Error& error) {
            EXPECT_EQ(error.line().find('\n'), std::string::npos);
        }
    }
    for (std::size_t at = 0; at < file.size(); ++at) {
        for (const int change : {0x01, 0x80, 0xff}) {
            std::string changed = file;
            changed[at] = static_cast<char>(changed[at] ^ change);
            try {
                EXPECT_FALSE(decoded(changed).empty());
            } catch (const Error& error) {
                EXPECT_EQ(error.line().find('\n'), std::string::npos);
            }
        }
    }
}

TEST(BadPictures, DamagedPng) {
    damage(write_png(test::slope(9, 7)));
    damage(test::png_file({PNG_COLOR_TYPE_PALETTE, 8, true, {{1, 2, 3}, {200, 100, 50}}, {0}}, 4, 2, {1, 0, 1, 1, 0, 0, 1, 0}));
}

TEST(BadPictures, DamagedJpeg) {
    JpegKind kind;
    kind.orientation = 6;
    damage(test::jpeg_file(kind, 16, 9, test::slope(16, 9).rgb));
    kind.progressive = true;
    damage(test::jpeg_file(kind, 16, 9, test::slope(16, 9).rgb));
}

TEST(BadPictures, DamagedWebp) {
    Bytes rgba;
    const Image image = test::slope(16, 9);
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
        rgba.insert(rgba.end(), {image.rgb[i], image.rgb[i + 1], image.rgb[i + 2], static_cast<std::uint8_t>(i % 256)});
    damage(test::webp_file(16, 9, rgba));
}

TEST(Exif, PngAndWebpHaveOrientationsToo) {
    // Three pixels beside each other, stored as a column: orientation 6 turns it to the right.
    const Bytes column{1, 1, 1, 2, 2, 2, 3, 3, 3}, turned{3, 3, 3, 2, 2, 2, 1, 1, 1};
    std::string png = test::png_file({}, 1, 3, column);
    const std::string exif = test::exif_bytes(6, true);
    std::string chunk = "eXIf" + exif;
    std::uint32_t crc = 0xffffffffu;  // of PNG, appendix D
    for (const char c : chunk) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? 0xedb88320u ^ crc >> 1 : crc >> 1;
    }
    crc = ~crc;
    chunk = "\0\0\0"s + static_cast<char>(exif.size()) + chunk;
    for (int shift = 24; shift >= 0; shift -= 8) chunk += static_cast<char>(crc >> shift);
    png.insert(png.find("IDAT") - 4, chunk);
    EXPECT_EQ(decoded(png).width, 3);
    EXPECT_EQ(decoded(png).rgb, turned);

    const std::string webp = test::webp_file(1, 3, {1, 1, 1, 255, 2, 2, 2, 255, 3, 3, 3, 255});
    const auto size_bytes = [](std::size_t n) {
        std::string bytes;
        for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(n >> shift);
        return bytes;
    };
    std::string body =
        "WEBPVP8X"s + size_bytes(10) + "\x08\0\0\0\0\0\0\x02\0\0"s + webp.substr(12) + "EXIF" + size_bytes(exif.size()) + exif;
    EXPECT_EQ(decoded("RIFF" + size_bytes(body.size()) + body).rgb, turned);
}

TEST(Exif, DamagedDataTellNoOrientation) {
    EXPECT_EQ(exif_orientation(""), 1);
    EXPECT_EQ(exif_orientation(test::exif_bytes(9, false)), 1);
    EXPECT_EQ(exif_orientation(test::exif_bytes(6, true)), 6);
    const std::string whole = test::exif_bytes(8, false);
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const int orientation = exif_orientation(std::string_view(whole).substr(0, n));
        EXPECT_TRUE(orientation == 1 || orientation == 8);
    }
    EXPECT_EQ(exif_orientation("II*\0\xff\xff\xff\xff"s), 1);
}

std::string big_endian(std::uint32_t v) {
    return {static_cast<char>(v >> 24), static_cast<char>(v >> 16 & 0xff), static_cast<char>(v >> 8 & 0xff),
            static_cast<char>(v & 0xff)};
}

/// libpng takes memory for EXIF by the length that the file claims.
TEST(ImageFormats, a_claimed_length_takes_no_memory) {
    std::string png = write_png(Image(8, 8));
    png.insert(33, big_endian(1'600'000'000) + "eXIf" + "II*");
    const rusage before = [] {
        rusage use{};
        getrusage(RUSAGE_SELF, &use);
        return use;
    }();
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { decode_image(png, "x.png"); }), "x.png is a damaged PNG"));
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100'000);  // KB
}

/// 49 megapixels in a hundred bytes are cut off, whatever the rest would be.
TEST(ImageFormats, sizes_that_the_data_cannot_fill_are_refused_from_the_header) {
    std::string png = write_png(Image(8, 8));
    png.replace(16, 8, big_endian(7000) + big_endian(7000));
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { decode_image(png, "x.png"); }), "too few for its size"));
}

}  // namespace
}  // namespace saccade::image_formats_test
