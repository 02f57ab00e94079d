#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace saccade::utf8_test {
namespace {

TEST(Utf8, FindsTheFirstInvalidByte) {
    EXPECT_EQ(find_invalid_utf8("2019年"), std::string_view::npos);
    EXPECT_EQ(find_invalid_utf8("ab\xff"), 2U);
    EXPECT_EQ(find_invalid_utf8("年\xe5\xb9"), 3U) << "cut in the middle of a character";
    EXPECT_EQ(find_invalid_utf8("\xc0\xaf"), 0U) << "overlong";
    EXPECT_EQ(find_invalid_utf8("\xed\xa0\x80"), 0U) << "surrogate";
}

TEST(Utf8, SanitizeMarksWhatIsInvalid) {
    EXPECT_EQ(sanitize_utf8("é"), "é");
    EXPECT_EQ(sanitize_utf8("a\xff"
                            "b"),
              "a\xef\xbf\xbd"
              "b");
    EXPECT_EQ(sanitize_utf8("\xe5\xb9"), "\xef\xbf\xbd");
    EXPECT_EQ(find_invalid_utf8(sanitize_utf8("\xf0\x9f\x98 \x80 \xfe\xfe")), std::string_view::npos);
}

TEST(Utf8, SplitsIntoCodePoints) {
    EXPECT_EQ(code_points("9月é"), (std::vector<std::string>{"9", "月", "é"}));
    EXPECT_TRUE(code_points("").empty());
    try {
        code_points("ab\x80");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_input);
        EXPECT_NE(error.message().find("offset 2"), std::string::npos);
    }
}

TEST(Utf8, GraphemesKeepModifiersTogether) {
    EXPECT_EQ(graphemes("e\u0301x"), (std::vector<std::string>{"e\u0301", "x"}));
    EXPECT_EQ(graphemes("👍🏽!"), (std::vector<std::string>{"👍🏽", "!"}));
    EXPECT_EQ(graphemes("👩\u200d💻").size(), 1U);
    EXPECT_EQ(graphemes("🇨🇳🇫🇷").size(), 2U);
}

TEST(Utf8, DisplayWidth) {
    EXPECT_EQ(display_width("abc"), 3);
    EXPECT_EQ(display_width("年月"), 4);
    EXPECT_EQ(display_width("e\u0301"), 1);
    EXPECT_EQ(display_width(""), 0);
}

TEST(Utf8, EncodesAndDecodes) {
    EXPECT_EQ(encode_utf8(U'年'), "年");
    EXPECT_EQ(encode_utf8(U'\U0001F600'), "😀");
    EXPECT_EQ(decode_utf8("年x😀"), U"年x😀");
    EXPECT_THROW(encode_utf8(0xd800), Error);
    EXPECT_THROW(encode_utf8(0x110000), Error);
}

TEST(Utf8, ShortenCutsAtCodePoints) {
    EXPECT_EQ(shorten("年月日", 3), "年月日");
    EXPECT_EQ(shorten("年月日", 2), "年…");
    EXPECT_EQ(shorten("abc", 0), "");
    EXPECT_EQ(code_points(shorten("abcdefgh", 5)).size(), 5U);
}

}  // namespace
}  // namespace saccade::utf8_test
