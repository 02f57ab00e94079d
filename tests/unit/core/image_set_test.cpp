#include "train/image_set.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "image/image.hpp"
#include "io/atomic_file.hpp"
#include "testing.hpp"
#include "train/augment.hpp"

namespace saccade::image_set_test {
namespace {

using test::TemporaryFolder;

Image plain(Index width, Index height, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
    Image image(width, height);
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
        image.rgb[i] = r;
        image.rgb[i + 1] = g;
        image.rgb[i + 2] = b;
    }
    return image;
}

void write_picture(const std::string& path, const Image& image) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    write_file(path, write_png(image));
}

/// The line of the error that reading ends in.
std::string refusal(const std::string& folder, ImageSplit split = ImageSplit::train) {
    try {
        read_image_set(folder, split);
    } catch (const Error& e) {
        EXPECT_EQ(e.line().find('\n'), std::string::npos);
        return e.line();
    }
    return "";
}

#define EXPECT_HAS(line, part) EXPECT_NE((line).find(part), std::string::npos) << (line)

TEST(ImageFolder, classes_and_pictures_in_order_of_names) {
    const TemporaryFolder folder;
    write_picture(folder / "train/zebra/b.png", plain(4, 3, 1, 2, 3));
    write_picture(folder / "train/zebra/a.png", plain(4, 3, 4, 5, 6));
    write_picture(folder / "train/ant/x.png", plain(4, 3, 7, 8, 9));
    write_picture(folder / "train/ant/y.png", plain(8, 6, 10, 11, 12));  // another size: becomes the first one's
    write_file(folder / "train/ant/notes.txt", "no picture");
    const ImageSetPtr set = read_image_set(folder / "", ImageSplit::train);
    EXPECT_EQ(set->classes, (std::vector<std::string>{"ant", "zebra"}));
    EXPECT_EQ(set->labels, (Ids{0, 0, 1, 1}));
    EXPECT_EQ(set->width, 4);
    EXPECT_EQ(set->height, 3);
    const int firsts[] = {7, 10, 4, 1};
    for (Index i = 0; i < 4; ++i) EXPECT_EQ(set->picture(i)[33], firsts[i]);
}

TEST(ImageFolder, leaves_out_what_nobody_put_there) {
    const TemporaryFolder folder;
    for (const char* name : {"train/ant/x.png", "train/bee/y.png", "train/.ipynb_checkpoints/x.png", "train/__MACOSX/x.png"})
        write_picture(folder / name, plain(4, 3, 7, 8, 9));
    for (const char* name : {"train/.DS_Store", "train/ant/.DS_Store", "train/ant/._x.png", "train/bee/.hidden.jpg"})
        write_file(folder / name, "no picture");
    std::filesystem::create_directories(folder / "train/ant/.ipynb_checkpoints");
    std::filesystem::create_directories(folder / "train/ant/folder.png");
    const ImageSetPtr set = read_image_set(folder / "", ImageSplit::train);
    EXPECT_EQ(set->classes, (std::vector<std::string>{"ant", "bee"}));
    EXPECT_EQ(set->labels, (Ids{0, 1}));
}

TEST(ImageFolder, says_what_is_wrong) {
    const TemporaryFolder folder;
    EXPECT_HAS(refusal(folder / "nowhere"), "nowhere");
    EXPECT_HAS(refusal(folder / ""), "train/CLASS");
    std::filesystem::create_directories(folder / "train");
    EXPECT_HAS(refusal(folder / ""), "no pictures");
    write_picture(folder / "train/ant/x.png", plain(4, 3, 7, 8, 9));
    EXPECT_HAS(refusal(folder / "", ImageSplit::test), "no test pictures");
    std::filesystem::create_directories(folder / "train/bee");
    EXPECT_HAS(refusal(folder / ""), "bee: no pictures of this class");
    write_file(folder / "train/bee/y.png", "this is text");
    EXPECT_HAS(refusal(folder / ""), "y.png");
}

std::string cifar_record(char label, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
    std::string record(1, label);
    for (const std::uint8_t colour : {r, g, b}) record.append(1024, static_cast<char>(colour));
    return record;
}

TEST(CifarBinary, planes_become_pixels) {
    const TemporaryFolder folder;
    write_file(folder / "data_batch_1.bin", cifar_record(3, 200, 20, 30) + cifar_record(9, 1, 2, 3));
    write_file(folder / "data_batch_2.bin", cifar_record(0, 4, 5, 6));
    write_file(folder / "test_batch.bin", cifar_record(8, 7, 8, 9));
    const ImageSetPtr train = read_image_set(folder / "", ImageSplit::train);
    EXPECT_EQ(train->labels, (Ids{3, 9, 0}));
    EXPECT_EQ(train->classes[3], "cat");
    EXPECT_EQ(train->classes[9], "truck");
    EXPECT_EQ(train->width, 32);
    EXPECT_EQ(train->picture(0)[0], 200);
    EXPECT_EQ(train->picture(0)[1], 20);
    EXPECT_EQ(train->picture(0)[3071], 30);
    EXPECT_EQ(train->picture(2)[5], 6);
    EXPECT_EQ(read_image_set(folder / "", ImageSplit::test)->labels, (Ids{8}));
}

TEST(CifarBinary, says_what_is_wrong) {
    const TemporaryFolder folder;
    write_file(folder / "data_batch_1.bin", cifar_record(3, 1, 2, 3).substr(1));
    EXPECT_HAS(refusal(folder / ""), "data_batch_1.bin: 3072 bytes");
    write_file(folder / "data_batch_1.bin", cifar_record(3, 1, 2, 3) + cifar_record(10, 1, 2, 3));
    EXPECT_HAS(refusal(folder / ""), "record 1 has label 10");
    write_file(folder / "data_batch_1.bin", "");
    EXPECT_HAS(refusal(folder / ""), "0 bytes");
    EXPECT_HAS(refusal(folder / "", ImageSplit::test), "test_batch.bin");
}

std::string number(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift & 255));
    return bytes;
}

std::string pictures_idx(std::uint32_t n, std::uint32_t height, std::uint32_t width, std::size_t bytes) {
    std::string content = number(0x803) + number(n) + number(height) + number(width);
    for (std::size_t i = 0; i < bytes; ++i) content.push_back(static_cast<char>(i));
    return content;
}

std::string labels_idx(const std::string& labels) {
    return number(0x801) + number(static_cast<std::uint32_t>(labels.size())) + labels;
}

std::string gzipped(const std::string& content) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(content.size() + 100, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

TEST(Idx, grey_becomes_three_equal_channels) {
    const TemporaryFolder folder;
    write_file(folder / "train-images-idx3-ubyte", pictures_idx(3, 2, 5, 30));
    write_file(folder / "train-labels-idx1-ubyte", labels_idx({2, 0, 1}));
    write_file(folder / "t10k-images-idx3-ubyte.gz", gzipped(pictures_idx(1, 2, 5, 10)));
    write_file(folder / "t10k-labels-idx1-ubyte.gz", gzipped(labels_idx({2})));
    const ImageSetPtr train = read_image_set(folder / "", ImageSplit::train);
    EXPECT_EQ(train->labels, (Ids{2, 0, 1}));
    EXPECT_EQ(train->classes, (std::vector<std::string>{"0", "1", "2"}));
    EXPECT_EQ(train->height, 2);
    EXPECT_EQ(train->width, 5);
    for (Index c = 0; c < 3; ++c) EXPECT_EQ(train->picture(2)[3 * 9 + c], 29);
    const ImageSetPtr test = read_image_set(folder / "", ImageSplit::test);
    EXPECT_EQ(test->size(), 1);
    EXPECT_EQ(test->picture(0)[29], 9);
}

TEST(Idx, says_what_is_wrong) {
    const TemporaryFolder folder;
    const auto with = [&](const std::string& images, const std::string& labels) {
        write_file(folder / "train-images-idx3-ubyte", images);
        write_file(folder / "train-labels-idx1-ubyte", labels);
        return refusal(folder / "");
    };
    const std::string labels = labels_idx({1, 0});
    EXPECT_HAS(with(pictures_idx(2, 2, 2, 7), labels), "images-idx3-ubyte: its header does not fit");
    EXPECT_HAS(with(pictures_idx(4000000000U, 4000000000U, 4000000000U, 8), labels), "asks for more than 256 MiB");
    EXPECT_HAS(with(pictures_idx(0, 2, 2, 0), labels), "does not fit");
    EXPECT_HAS(with(labels, labels), "not an IDX file");
    EXPECT_HAS(with("", labels), "not an IDX file");
    EXPECT_HAS(with(pictures_idx(3, 2, 2, 12), labels), "2 labels for 3 pictures");
    EXPECT_HAS(with(gzipped(pictures_idx(2, 2, 2, 8)).substr(0, 20), labels), "gzip");
    EXPECT_HAS(with(gzipped(pictures_idx(1000, 500, 500, 8)), labels), "does not fit its length of 24 bytes");
    EXPECT_HAS(with(gzipped(pictures_idx(2, 2, 2, 9)), labels), "does not fit its length");
    std::string wrong_sum = gzipped(pictures_idx(2, 2, 2, 8));
    wrong_sum[wrong_sum.size() - 8] ^= 1;
    EXPECT_HAS(with(wrong_sum, labels), "damaged or truncated gzip data");
}

TEST(Augmentation, windows_are_parts_of_the_picture_and_its_border) {
    constexpr Index height = 6, width = 6;
    std::vector<std::uint8_t> picture(height * width * 3);
    for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<std::uint8_t>(i / 3 + 1);
    const ColourScale colour{{0, 0, 0}, {1.0f / 255, 1.0f / 255, 1.0f / 255}};
    std::set<std::vector<int>> seen;
    bool border = false;
    Rng rng(1);
    for (int draw = 0; draw < 400; ++draw) {
        std::vector<float> out(height * width * 3);
        augment(picture.data(), height, width, {.size = 6, .padding = 1, .mirror = true}, colour, rng, out.data());
        std::vector<int> values;
        for (std::size_t i = 0; i < out.size(); i += 3) values.push_back(static_cast<int>(std::lround(out[i])));
        border = border || values.front() == 0;
        // Neighbours in a row differ by one, all in the same direction, wherever both lie in the picture.
        for (std::size_t i = 0; i + 1 < values.size(); ++i)
            if (i % 6 != 5 && values[i] > 0 && values[i + 1] > 0) {
                EXPECT_EQ(std::abs(values[i] - values[i + 1]), 1);
            }
        seen.insert(values);
    }
    EXPECT_EQ(seen.size(), 18u);  // 3 x 3 places, each also mirrored
    EXPECT_TRUE(border);
    seen.clear();
    for (int draw = 0; draw < 200; ++draw) {
        std::vector<float> out(4 * 4 * 3);
        augment(picture.data(), height, width, {.size = 4, .padding = 1, .mirror = false}, colour, rng, out.data());
        std::vector<int> values;
        for (const float v : out) values.push_back(static_cast<int>(std::lround(v)));
        EXPECT_EQ(std::ranges::count(values, 0), 0);  // a smaller window needs no border
        seen.insert(values);
    }
    EXPECT_EQ(seen.size(), 9u);
}

}  // namespace
}  // namespace saccade::image_set_test
