#include "ui/exhibit_pictures.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "io/atomic_file.hpp"
#include "ui/app_state.hpp"
#include "unit/scratch.hpp"

namespace saccade::exhibit_pictures_test {
namespace {

namespace fs = std::filesystem;

class ExhibitPictureTest : public testing::Test {
 protected:
    ExhibitPictureTest() : folder_(test::scratch_path("exhibits")) {}
    ~ExhibitPictureTest() override { fs::remove_all(folder_); }
    std::vector<std::string> kept() const {
        std::vector<std::string> names;
        for (const fs::directory_entry& file : fs::directory_iterator(folder_)) names.push_back(file.path().filename());
        std::ranges::sort(names);
        return names;
    }
    /// How many of its pixels differ from its first.
    static std::ptrdiff_t inked(const Image& image) {
        std::ptrdiff_t count = 0;
        for (std::size_t i = 0; i + 2 < image.rgb.size(); i += 3)
            count += !std::equal(image.rgb.begin(), image.rgb.begin() + 3, image.rgb.begin() + static_cast<std::ptrdiff_t>(i));
        return count;
    }
    std::string folder_;
};

TEST_F(ExhibitPictureTest, IsDrawnFromARunAndThenTakenFromTheCache) {
    const Image drawn = exhibit_picture("alignment", "dark", folder_, "one", {});
    EXPECT_GT(drawn.width, 300);
    EXPECT_GT(drawn.height, 180);
    EXPECT_GT(inked(drawn), drawn.width * drawn.height / 50) << "there is hardly anything on it";
    ASSERT_EQ(kept(), std::vector<std::string>{"alignment.dark.en.one.png"});
    // Another picture under that name shows which of the two is taken.
    Image other(8, 8);
    write_file(folder_ + "/alignment.dark.en.one.png", write_png(other));
    EXPECT_EQ(exhibit_picture("alignment", "dark", folder_, "one", {}), other);
}

TEST_F(ExhibitPictureTest, AnotherProgramOrModelDrawsItAgainAndLeavesNothingOfTheOld) {
    exhibit_picture("memory", "dark", folder_, "one", {});
    exhibit_picture("memory", "light", folder_, "one", {});
    exhibit_picture("memory", "dark", folder_, "two", {});
    EXPECT_EQ(kept(), (std::vector<std::string>{"memory.dark.en.two.png", "memory.light.en.one.png"}));
    EXPECT_EQ(exhibit_picture_key().size(), 16u);
    EXPECT_EQ(exhibit_picture_key(), exhibit_picture_key());
}

TEST_F(ExhibitPictureTest, ADamagedFileIsDrawnAgain) {
    const Image drawn = exhibit_picture("memory", "dark", folder_, "one", {});
    write_file(folder_ + "/memory.dark.en.one.png", "\x89PNG and nothing more");
    EXPECT_EQ(exhibit_picture("memory", "dark", folder_, "one", {}), drawn);
}

TEST_F(ExhibitPictureTest, AFolderThatCannotBeWrittenOnlyKeepsNothing) {
    fs::create_directories(fs::path(folder_).parent_path());
    write_file(folder_, "a file");
    EXPECT_FALSE(exhibit_picture("memory", "dark", folder_ + "/below", "one", {}).empty());
    EXPECT_FALSE(exhibit_picture("memory", "dark", "", "", {}).empty());
}

TEST(ExhibitPage, IsOpenedAnewEachTime) {
    AppState state;
    state.document.sides[0].request.exhibit = "alignment";
    ExhibitPictures pictures;
    pictures.toggle(state);
    EXPECT_TRUE(state.exhibit_page.open);
    state.exhibit_page.query = "self";
    state.exhibit_page.at = 3;
    pictures.toggle(state);
    EXPECT_FALSE(state.exhibit_page.open);
    pictures.toggle(state);
    EXPECT_EQ(state.exhibit_page.query, "");
    EXPECT_EQ(state.exhibit_page.at, 0u);
}

}  // namespace
}  // namespace saccade::exhibit_pictures_test
