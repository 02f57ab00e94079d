#include "train/near_duplicates.hpp"

#include <gtest/gtest.h>

namespace saccade::near_duplicates_test {
namespace {

bool near(const HeldOutSentence& sentence) {
    TranslationData data;
    data.training = {{"我每天早上六点起床。", "I get up at six every morning."}, {"他不喜欢猫。", "He doesn't like cats."}};
    data.held_out = {sentence};
    return near_duplicates(data).front();
}

TEST(NearDuplicates, one_character_or_one_word_is_near) {
    EXPECT_TRUE(near({"我每天早上七点起床。", {"Something else."}})) << "replaced";
    EXPECT_TRUE(near({"我每天早上六点半起床。", {"Something else."}})) << "put in";
    EXPECT_TRUE(near({"他不喜欢猫", {"Something else."}})) << "left out";
    EXPECT_TRUE(near({"完全不同。", {"Nothing like it.", "I get up at seven every morning."}})) << "any translation";
    EXPECT_TRUE(near({"完全不同。", {"He really doesn't like cats ."}})) << "a blank before the full stop is no word";
    EXPECT_TRUE(near({"完全不同。", {"he doesn’t like cats"}})) << "as BLEU sees it";
}

TEST(NearDuplicates, two_are_not) {
    EXPECT_FALSE(near({"我每天早上七点半起床。", {"I get up at half past seven every morning."}}));
    EXPECT_FALSE(near({"你不喜欢狗。", {"You don't like dogs."}}));
    EXPECT_FALSE(near({"猫喜欢不他。", {"Cats like doesn't he."}})) << "places count";
    EXPECT_FALSE(near({"", {""}}));
}

}  // namespace
}  // namespace saccade::near_duplicates_test
