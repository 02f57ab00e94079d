#include "ui/text_wrap.hpp"

#include <gtest/gtest.h>

#include "base/utf8.hpp"

namespace saccade::text_wrap_test {
namespace {

double width(const std::string& text) {
    double sum = 0;
    for (const char32_t c : decode_utf8(text)) sum += c < 0x300 ? 1 : 2;
    return sum;
}

std::vector<std::string> lines(const std::string& text, double room) {
    return wrapped(text, room, width);
}

using Lines = std::vector<std::string>;

TEST(TextWrap, LatinBreaksAtBlanks) {
    EXPECT_EQ(lines("the weights sum to one", 11), (Lines{"the weights", "sum to one"}));
    EXPECT_EQ(lines("short", 80), (Lines{"short"}));
    EXPECT_EQ(lines("", 80), (Lines{""}));
    EXPECT_EQ(lines("one\ntwo", 80), (Lines{"one", "two"}));
}

TEST(TextWrap, ChineseBreaksBetweenCharactersButNotBeforeAStop) {
    EXPECT_EQ(lines("每一行之和为一。", 14), (Lines{"每一行之和为", "一。"}));
    EXPECT_EQ(lines("在 local-p 下不成立", 12), (Lines{"在 local-p", "下不成立"}));
    EXPECT_EQ(lines("分数（它们）", 6), (Lines{"分数", "（它", "们）"}));
}

TEST(TextWrap, AWordLongerThanALineIsCut) {
    EXPECT_EQ(lines("abcdefgh", 3), (Lines{"abc", "def", "gh"}));
}

TEST(TextWrap, NothingIsLost) {
    const std::string text = "软注意力 (softmax) 给每个位置一个权重，权重之和是 1；Hard attention takes one position。";
    for (double room = 1; room < 60; room += 3) {
        std::string joined;
        for (const std::string& line : lines(text, room)) joined += line;
        std::string expected, found;
        for (const char c : text)
            if (c != ' ') expected += c;
        for (const char c : joined)
            if (c != ' ') found += c;
        EXPECT_EQ(found, expected) << room;
    }
}

}  // namespace
}  // namespace saccade::text_wrap_test
