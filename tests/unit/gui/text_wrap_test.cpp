#include "ui/text_wrap.hpp"

#include <gtest/gtest.h>

#include <sstream>

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

TEST(TextWrap, AFieldHasEveryCharacterOfItsTextAndBreaksBetweenLinesAlone) {
    const auto characters = [](const std::string& t) { return static_cast<double>(code_points(t).size()); };
    for (const std::string text : {"one two  three four", "  begins and ends with blanks  ", "",
                                   "注意力，把一个词元的权重分给各列的词元。", "averyverylongword that is cut"}) {
        for (const double room : {1.0, 4.0, 7.0, 100.0}) {
            const std::string broken = broken_into_lines(text, room, characters);
            std::string joined;
            for (const char c : broken)
                if (c != '\n') joined += c;
            EXPECT_EQ(joined, text) << room;
            std::istringstream lines(broken);
            for (std::string line; std::getline(lines, line);) {
                while (!line.empty() && line.back() == ' ') line.pop_back();
                EXPECT_LE(characters(line), room) << text;
            }
        }
    }
    EXPECT_EQ(broken_into_lines("one two three", 7, characters), "one two \nthree");
    EXPECT_EQ(broken_into_lines("一二，三", 2, characters), "一\n二，\n三");
}

}  // namespace
}  // namespace saccade::text_wrap_test
