#include "ui/stand_ins.hpp"

#include <gtest/gtest.h>

#include "base/utf8.hpp"

namespace saccade::stand_ins_test {
namespace {

using Look = StandIns::Look;

std::vector<Look> looks(const StandIns& stand_ins, const std::string& field) {
    std::vector<Look> all;
    for (const char32_t c : decode_utf8(field)) all.push_back(stand_ins.meaning(c).look);
    return all;
}

TEST(StandIns, WhatAFieldHoldsIsWhatWasTyped) {
    StandIns stand_ins;
    for (const std::string text : {"30 🚀 2019", "𠀀𠮷", "👨‍👩‍👧 and 👍🏽", "❤️", "a\u00adb\u200bc",
                                   "\ufffe", "plain", "日本語", "\ua000 ꓀", "🚀🚀", "\U0010fffd \ue000"}) {
        const std::string field = stand_ins.in_field(text);
        for (const char32_t c : decode_utf8(field)) EXPECT_LE(c, 0xffffu) << text;
        EXPECT_EQ(stand_ins.meant(field), text);
        EXPECT_EQ(stand_ins.meant(stand_ins.shown(text)), text);
        EXPECT_EQ(stand_ins.in_field(stand_ins.meant(field)), field) << "the same text has another look";
    }
}

TEST(StandIns, WhatIsNotToBeSeenIsShownByItsCode) {
    StandIns stand_ins;
    EXPECT_EQ(looks(stand_ins, stand_ins.in_field("a\u00adb")), (std::vector{Look::glyph, Look::code, Look::glyph}));
    EXPECT_EQ(looks(stand_ins, stand_ins.in_field("\u200b")), std::vector{Look::code});
    EXPECT_EQ(looks(stand_ins, stand_ins.in_field("\ufffe")), std::vector{Look::code});
    EXPECT_EQ(stand_ins.meaning(decode_utf8(stand_ins.in_field("\ufffe")).front()).code, char32_t{0xfffe});
    // A joiner within an emoji, and the sign that asks for its coloured form, belong to it.
    EXPECT_EQ(looks(stand_ins, stand_ins.in_field("👨‍👧")), (std::vector{Look::glyph, Look::nothing, Look::glyph}));
    EXPECT_EQ(looks(stand_ins, stand_ins.in_field("❤️")), (std::vector{Look::glyph, Look::nothing}));
    // Ordinary text is left as it is.
    EXPECT_EQ(stand_ins.in_field("2019年 café"), "2019年 café");
}

TEST(StandIns, OneThatIsTypedIsTheOneThatIsPasted) {
    StandIns stand_ins;
    EXPECT_EQ(encode_utf8(stand_ins.typed(0x1f680)), stand_ins.in_field("🚀"));
    EXPECT_EQ(stand_ins.typed('a'), U'a');
    EXPECT_EQ(stand_ins.known("🚀"), stand_ins.in_field("🚀"));
    EXPECT_EQ(stand_ins.known("🛰"), "🛰") << "nothing stands for it yet";
}

TEST(StandIns, AScriptThatIsWrittenKeepsItsCharacters) {
    StandIns stand_ins;
    stand_ins.met(StandIns::last);
    const char32_t stands_in = stand_ins.typed(0x1f680);
    EXPECT_NE(stands_in, StandIns::last);
    EXPECT_EQ(stand_ins.meaning(StandIns::last).code, StandIns::last);
    // The other way round a field still keeps the two apart.
    const std::string field = stand_ins.in_field(encode_utf8(stands_in));
    EXPECT_NE(field, encode_utf8(stands_in));
    EXPECT_EQ(stand_ins.meant(field), encode_utf8(stands_in));
}

TEST(StandIns, WhenAllAreTakenItSaysSoAndGoesOn) {
    StandIns stand_ins;
    for (char32_t c = 0x20000; c < 0x20000 + 2000; ++c) stand_ins.typed(c);
    EXPECT_EQ(stand_ins.typed(0x1f680), char32_t{0xfffd});
    EXPECT_EQ(stand_ins.meant(encode_utf8(stand_ins.typed(0x20000))), encode_utf8(0x20000));
}

}  // namespace
}  // namespace saccade::stand_ins_test
