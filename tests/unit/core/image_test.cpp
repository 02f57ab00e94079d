#include "image/image.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "image/load_image.hpp"
#include "image_files.hpp"
#include "params/param_make.hpp"
#include "testing.hpp"

namespace saccade::image_test {
namespace {

Image pixels(Index width, Index height, std::vector<std::uint8_t> red) {
    Image image(width, height);
    for (std::size_t i = 0; i < red.size(); ++i) image.rgb[3 * i] = red[i];
    return image;
}

std::vector<int> reds(const Image& image) {
    std::vector<int> result;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) result.push_back(image.rgb[i]);
    return result;
}

TEST(Image, ShrinkingAveragesTheAreaThatAPixelCovers) {
    EXPECT_EQ(reds(resized(pixels(4, 1, {0, 100, 200, 40}), 2, 1)), (std::vector{50, 120}));
    // 3 to 2: a new pixel covers one and a half old ones.
    EXPECT_EQ(reds(resized(pixels(3, 1, {30, 90, 150}), 2, 1)), (std::vector{50, 130}));
    EXPECT_EQ(reds(resized(pixels(2, 2, {10, 20, 30, 40}), 1, 1)), (std::vector{25}));
}

TEST(Image, GrowingIsBilinearBetweenPixelCentres) {
    // Centres at 0.5 and 1.5; new ones at 0.25, 0.75, 1.25, 1.75: the border's colour stays outside the old centres.
    EXPECT_EQ(reds(resized(pixels(2, 1, {0, 100}), 4, 1)), (std::vector{0, 25, 75, 100}));
    EXPECT_EQ(reds(resized(pixels(1, 1, {7}), 3, 2)), (std::vector{7, 7, 7, 7, 7, 7}));
    EXPECT_EQ(reds(resized(pixels(1, 2, {0, 100}), 1, 4)), (std::vector{0, 25, 75, 100}));
}

TEST(Image, OneAxisMayGrowWhileTheOtherShrinks) {
    const Image image = resized(pixels(4, 2, {0, 0, 100, 100, 100, 100, 200, 200}), 2, 4);
    EXPECT_EQ(reds(image), (std::vector{0, 100, 25, 125, 75, 175, 100, 200}));
}

TEST(Image, NothingCannotBeResizedNorToNothing) {
    EXPECT_THROW(resized(Image(), 3, 3), Error);
    EXPECT_THROW(resized(pixels(1, 1, {7}), 0, 3), Error);
}

TEST(Image, FittingKeepsTheProportion) {
    EXPECT_EQ(fitted_size(4000, 3000, 512), (ImageSize{512, 384}));
    EXPECT_EQ(fitted_size(3000, 4000, 512, 4), (ImageSize{384, 512}));
    EXPECT_EQ(fitted_size(1000, 300, 100, 4), (ImageSize{100, 32}));
    EXPECT_EQ(fitted_size(10000, 1, 128, 4), (ImageSize{128, 4}));
    EXPECT_EQ(fitted_size(1, 1, 32), (ImageSize{32, 32}));
    const Image image = fit(test::slope(50, 20), 25);
    EXPECT_EQ(image.width, 25);
    EXPECT_EQ(image.height, 10);
}

TEST(Image, ATensorHoldsZeroToOne) {
    Image image(2, 1);
    image.rgb = {0, 255, 51, 102, 0, 255};
    const Tensor<float> tensor = to_tensor(image);
    EXPECT_EQ(tensor.shape(), (Shape{1, 2, 3}));
    EXPECT_FLOAT_EQ(tensor.at({0, 0, 1}), 1.0f);
    EXPECT_FLOAT_EQ(tensor.at({0, 0, 2}), 0.2f);
    EXPECT_FLOAT_EQ(tensor.at({0, 1, 0}), 0.4f);
}

TEST(Image, PngIsReadBackAsItWasWritten) {
    const Image image = test::slope(33, 21);
    EXPECT_EQ(decode_image(write_png(image), "x"), image);
}

TEST(ImageParam, HoldsAValueAsItIsAndMustNameAPicture) {
    const std::vector<ParamSpec> specs{image_param("image", "Image", "", "sample:ship", {"sample:cat"})};
    EXPECT_EQ(resolve(specs, {}).text("image"), "sample:ship");
    Params given;
    const std::string scene = R"(scene:{"shapes": [{"kind": "star"}]})";
    given.set("image", scene);
    EXPECT_EQ(resolve(specs, given).text("image"), scene);
    given.set("image", std::string());
    const std::string line = test::error_of(ErrorCode::invalid_input, [&] { resolve(specs, given); });
    EXPECT_TRUE(test::contains(line, "Image does not name a picture")) << line;
    given.set("image", std::string("\xff.png"));
    EXPECT_THROW(resolve(specs, given), Error);
}

TEST(PictureCache, AFileIsReadAgainOnlyWhenItChanged) {
    const test::TemporaryFolder folder;
    const std::string path = folder / "a.png";
    std::ofstream(path, std::ios::binary) << write_png(test::slope(20, 10));
    const PicturePtr first = load_picture(path, 10);
    EXPECT_EQ(first, load_picture(path, 10));
    EXPECT_NE(first, load_picture(path, 5));
    EXPECT_EQ(first->full_width, 20);
    EXPECT_EQ(first->full_height, 10);
    EXPECT_EQ(first->title, "a.png");
    std::ofstream(path, std::ios::binary) << write_png(test::slope(40, 10));
    EXPECT_EQ(load_picture(path, 10)->full_width, 40);
    std::filesystem::remove(path);
    EXPECT_THROW(load_picture(path, 10), Error);
}

TEST(PictureCache, ManyThreadsGetTheSamePictures) {
    const test::TemporaryFolder folder;
    const std::string path = folder / "a.png";
    std::ofstream(path, std::ios::binary) << write_png(test::slope(120, 90));
    const std::vector<std::string> values{path, "sample:ship", "sample:frog"};
    std::vector<Image> alone;
    for (const std::string& value : values) alone.push_back(load_picture(value, 100)->image);
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < 40; ++i) {
                const std::size_t which = (i + t) % values.size();
                if (load_picture(values[which], 100)->image != alone[which]) ++wrong;
                load_picture(values[which], 20 + static_cast<Index>(i), 4);  // pushes others out
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

TEST(PictureCache, OneSizeIsMadeFromACopyOfModestSizeAndIsAsGood) {
    const test::TemporaryFolder folder;
    const std::string path = folder / "wide.png";
    const Image image = test::slope(3000, 30);
    std::ofstream(path, std::ios::binary) << write_png(image);
    const PicturePtr picture = load_picture(path, 100, 4);
    EXPECT_EQ(picture->full_width, 3000);
    ASSERT_EQ(picture->image.width, 100);
    ASSERT_EQ(picture->image.height, 4);
    const Image direct = resized(image, 100, 4);
    for (std::size_t i = 0; i < direct.rgb.size(); ++i) EXPECT_NEAR(picture->image.rgb[i], direct.rgb[i], 2);
    EXPECT_EQ(load_picture(path)->image, image);
}

TEST(LoadPicture, NothingToLookAtIsSaid) {
    const test::TemporaryFolder folder;
    const std::string path = folder / "dot.png";
    std::ofstream(path, std::ios::binary) << write_png(test::slope(1, 1));
    try {
        load_picture(path, 32, 4);
        FAIL() << "one pixel was taken for a picture";
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("dot.png is 1 x 1 pixels"), std::string::npos) << error.message();
    }
    EXPECT_EQ(load_image(path).width, 1);
    std::ofstream(path, std::ios::binary) << write_png(test::slope(4, 4));
    EXPECT_EQ(load_picture(path, 32, 4)->image.width, 32);
}

TEST(PictureCache, SidesAreMultiplesWhereAsked) {
    const PicturePtr picture = load_picture("sample:shapes", 66, 4);
    EXPECT_EQ(picture->image.width, 68);
    EXPECT_EQ(picture->image.height, 68);
    ASSERT_TRUE(picture->scene.has_value());
}

TEST(LoadImage, ADataValueIsTheFileItself) {
    const Image image = load_image(
        "data:image/png;base64,"
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC");
    EXPECT_EQ(image.width, 1);
    EXPECT_EQ(image.rgb, (std::vector<std::uint8_t>{255, 0, 0}));
    EXPECT_THROW(load_image("data:image/png;base64,???"), Error);
    EXPECT_THROW(load_image("data:nothing"), Error);
}

TEST(LoadImage, ManyFilesAtOnceComeInTheirOrder) {
    const test::TemporaryFolder folder;
    std::vector<std::string> paths;
    for (int i = 0; i < 150; ++i) {
        paths.push_back(folder / (std::to_string(i) + ".png"));
        std::ofstream(paths.back(), std::ios::binary) << write_png(Image(i + 1, 1));
    }
    const std::vector<Image> images = read_images(paths);
    for (std::size_t i = 0; i < images.size(); ++i) EXPECT_EQ(images[i].width, static_cast<Index>(i + 1));
    paths.push_back(folder / "missing.png");
    EXPECT_THROW(read_images(paths), Error);
}

TEST(LoadImage, AnImageFileIsToldByItsContent) {
    const test::TemporaryFolder folder;
    std::ofstream(folder / "photo.txt", std::ios::binary) << write_png(test::slope(3, 3));
    std::ofstream(folder / "text.png") << "hello";
    EXPECT_TRUE(is_image_file(folder / "photo.txt"));
    EXPECT_EQ(load_image(folder / "photo.txt"), test::slope(3, 3));
    EXPECT_FALSE(is_image_file(folder / "text.png"));
    EXPECT_FALSE(is_image_file(folder / "none.png"));
    EXPECT_FALSE(is_image_file("/"));
}

}  // namespace
}  // namespace saccade::image_test
