#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "exhibit/clip_pictures.hpp"
#include "image/animation.hpp"
#include "image_files.hpp"
#include "io/input_file.hpp"
#include "io/npz.hpp"
#include "testing.hpp"

// Animated pictures against Pillow (tests/data/make_animations.py).

namespace saccade::animation_test {
namespace {

using test::contains;
using test::error_of;

const std::string data = SACCADE_TEST_DATA "/data/";

std::string file_of(const std::string& name) {
    return read_file(data + name);
}

/// The largest difference of a channel of all pictures to those that Pillow shows.
double difference(const std::string& name) {
    std::string key = name;
    key[key.find('.')] = '_';
    const Tensor<float> expected = read_npz_array<float>(data + "animated.npz", key);
    const std::unique_ptr<Animation> animation = read_animation(data + name);
    EXPECT_EQ(animation->pictures(), expected.shape()[0]) << name;
    EXPECT_EQ(animation->size(), (ImageSize{expected.shape()[2], expected.shape()[1]})) << name;
    double largest = 0;
    for (Index i = 0; i < animation->pictures(); ++i) {
        const Image image = animation->next();
        const Tensor<float> row = expected.row(i);
        EXPECT_EQ(static_cast<Index>(image.rgb.size()), row.shape().size());
        for (std::size_t k = 0; k < image.rgb.size(); ++k)
            largest = std::max(largest, std::abs(static_cast<double>(image.rgb[k]) - static_cast<double>(row.data()[k])));
    }
    return largest;
}

void play(const std::string& bytes) {
    const auto animation = decode_animation(bytes, "clip");
    for (Index i = 0; i < animation->pictures(); ++i) animation->next();
}

TEST(Animation, shows_what_another_program_shows) {
    for (const char* name : {"animated.gif", "animated_interlaced.gif", "animated.webp"})
        EXPECT_EQ(difference(name), 0) << name;
    EXPECT_LE(difference("animated.png"), 2);  // what is half clear lies over what is half clear: rounded elsewhere
}

TEST(Animation, a_cut_or_broken_file_is_one_line) {
    for (const char* name : {"animated.gif", "animated.png", "animated.webp"}) {
        const std::string whole = file_of(name);
        for (std::size_t n = 0; n < whole.size(); n += 7) {
            const std::string line = error_of(ErrorCode::bad_format, [&] { play(whole.substr(0, n)); });
            EXPECT_TRUE(line.starts_with("clip")) << name << ' ' << n << ": " << line;
            EXPECT_FALSE(contains(line, "\n"));
        }
        Rng rng(3);
        for (int trial = 0; trial < 300; ++trial) {
            std::string broken = whole;
            for (int i = 0; i < 3; ++i)
                broken[static_cast<std::size_t>(rng.uniform() * static_cast<double>(broken.size()))] ^=
                    static_cast<char>(1 + 254 * rng.uniform());
            try {
                play(broken);
            } catch (const Error& error) {
                EXPECT_TRUE(contains(error.what(), "clip")) << error.what();
            }
        }
    }
}

TEST(Animation, a_still_is_no_clip) {
    const std::string still = test::webp_file(1, 1, {1, 2, 3, 255});
    EXPECT_TRUE(
        contains(error_of(ErrorCode::bad_format, [&] { decode_animation(still, "a.webp"); }), "one picture, no animation"));
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { decode_animation(write_png(Image(4, 4)), "a.png"); }),
                         "one picture, no animation"));
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { decode_animation("hello", "a.txt"); }), "no animated picture"));
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { read_animation(data + "missing.gif"); }), "missing.gif"));
}

TEST(OwnClip, an_animation_is_read_like_a_folder_of_its_pictures) {
    const test::TemporaryFolder folder;
    const std::unique_ptr<Animation> animation = read_animation(data + "animated.gif");
    for (Index i = 0; i < animation->pictures(); ++i)
        std::ofstream(folder / ("f" + std::to_string(i) + ".png"), std::ios::binary) << write_png(animation->next());
    const auto file = own_clip(data + "animated.gif", {}), pictures = own_clip(folder / "", {});
    ASSERT_EQ(file->read.shape(), pictures->read.shape());
    EXPECT_EQ(file->pictures, 6);
    EXPECT_FALSE(file->square);
    for (Index i = 0; i < file->read.shape().size(); ++i)
        ASSERT_NEAR(file->read.data()[i], pictures->read.data()[i], 0.06) << i;  // a folder's pictures are fitted first
    EXPECT_EQ(own_clip(data + "animated.gif", {}), file) << "kept as long as the file is the same";
}

}  // namespace
}  // namespace saccade::animation_test
