#include "viz/shaped_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "viz/fonts.hpp"

namespace saccade::shaped_text_test {
namespace {

TEST(ShapedText, is_needed_by_scripts_that_run_join_or_stack_otherwise) {
    for (const char* text : {"שלום", "سلام", "नमस्ते", "สวัสดี", "e\xCC\x81", "ก็", "မြန်မာ", "Ḁ\xCC\x88"})
        EXPECT_TRUE(needs_shaping(text)) << text;
    for (const char* text : {"", "attention", "naïve Ünïcode", "他每天早上六点起床。", "Ω → ∞", "Привет", "日本語テキスト",
                             "한국어", "…␣⏎", "\xF0\x9F\x98\x80", "❤\xEF\xB8\x8F", "@12: six"})
        EXPECT_FALSE(needs_shaping(text)) << text;
    EXPECT_FALSE(needs_shaping("\xff\xfe broken \xd7"));
}

TEST(ShapedText, covers_what_pango_measures) {
    const PangoTextMeasure measure;
    const TextCoverage cover = text_coverage("attention", 40, Font::ui, measure);
    ASSERT_EQ(cover.alpha.size(), static_cast<std::size_t>(cover.width * cover.height));
    EXPECT_NEAR(cover.width, measure.width("attention", 40, Font::ui), 8);
    EXPECT_GT(*std::ranges::max_element(cover.alpha), 200);
    EXPECT_GT(cover.baseline, 20);
    EXPECT_LT(cover.baseline, cover.height + 1);
    // Its outermost px are free: nothing is cut.
    for (int x = 0; x < cover.width; ++x) {
        EXPECT_EQ(cover.alpha[static_cast<std::size_t>(x)], 0);
        EXPECT_EQ(cover.alpha[cover.alpha.size() - 1 - static_cast<std::size_t>(x)], 0);
    }
    EXPECT_TRUE(text_coverage(" ", 40, Font::ui, measure).alpha.empty());
    EXPECT_TRUE(text_coverage(std::string(20000, 'x'), 40, Font::ui, measure).alpha.empty());
}

TEST(ShapedText, joins_marks_to_their_letters) {
    const PangoTextMeasure measure;
    EXPECT_NEAR(measure.width("e\xCC\x81", 40, Font::ui), measure.width("e", 40, Font::ui), 0.5);
}

TEST(Fonts, a_family_of_a_persons_own_is_measured_and_an_unknown_one_is_named) {
    const PangoTextMeasure usual, serif("serif");
    EXPECT_NE(usual.width("attention", 40, Font::ui), serif.width("attention", 40, Font::ui));
    EXPECT_EQ(serif.family(), "serif");
    try {
        find_fonts("No Such Family");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("No Such Family"), std::string::npos);
    }
}

}  // namespace
}  // namespace saccade::shaped_text_test
