#include "base/typed_text.hpp"

#include "base/path_text.hpp"
#include "base/utf8.hpp"
#include "testing.hpp"

namespace saccade::typed_text_test {
namespace {

std::string joined(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += one;
    return text;
}

TEST(TypedText, is_read_in_nfkc_and_shown_as_typed) {
    const TypedText date = read_typed("２０１９－０９－３０");
    EXPECT_EQ(joined(date.read()), "2019-09-30");
    EXPECT_EQ(joined(date.shown()), "２０１９－０９－３０");
    const TypedText blank = read_typed("30\u00a0Sep\u30002019");
    EXPECT_EQ(joined(blank.read()), "30 Sep 2019");
    EXPECT_EQ(joined(blank.shown()), "30\u00a0Sep\u30002019");
    EXPECT_EQ(joined(read_typed("e\u0301").read()), "é");  // one character, however it is written
    EXPECT_EQ(read_typed("e\u0301").characters.size(), 1u);
    EXPECT_EQ(read_typed("㎏").shown(), (std::vector<std::string>{"k", "g"}));
    EXPECT_TRUE(date.dropped.empty() && blank.dropped.empty());
}

TEST(TypedText, what_cannot_be_seen_is_left_out_and_named) {
    for (const char* text :
         {"我\u200b爱", "\ufeff我爱", "我\u00ad爱", "我\u200d爱", "我\u2060爱", "我\u200c爱\u200e", "我爱\u3164"}) {
        const TypedText typed = read_typed(text);
        EXPECT_EQ(typed.read(), (std::vector<std::string>{"我", "爱"})) << text;
        EXPECT_EQ(typed.shown(), typed.read()) << text;
        EXPECT_FALSE(typed.dropped.empty()) << text;
    }
    EXPECT_EQ(read_typed("a\u200bb\u200bc").dropped, (std::vector<std::string>{"U+200B zero width space"}));
}

TEST(TypedText, an_emoji_that_is_joined_stays_whole) {
    const std::string family = "👨\u200d👩\u200d👧\u200d👦";
    EXPECT_EQ(read_typed("爱" + family + "🇨🇳👍🏽").read(),
              (std::vector<std::string>{"爱", family, "🇨🇳", "👍🏽"}));
    EXPECT_TRUE(read_typed(family).dropped.empty());
    EXPECT_EQ(read_typed("❤\ufe0f").read(), (std::vector<std::string>{"❤"}));  // the sign for colour says nothing
    EXPECT_TRUE(read_typed("❤\ufe0f").dropped.empty());
}

TEST(TypedText, what_is_left_can_be_seen) {
    EXPECT_EQ(visible_character(" "), "␣");
    EXPECT_EQ(visible_character("\u00a0"), "␣");
    EXPECT_EQ(visible_character("\n"), "↵");
    EXPECT_EQ(visible_character("\u0301"), "◌\u0301");
    EXPECT_EQ(visible_character("\u200b"), "U+200B");
    EXPECT_EQ(visible_character("\x07"), "U+0007");
    EXPECT_EQ(visible_character("\uffff"), "U+FFFF");
    EXPECT_EQ(visible_character("\ufffe"), "U+FFFE");
    EXPECT_EQ(visible_character("\ue000"), "U+E000");  // private use: no font here knows it
    EXPECT_EQ(visible_character("爱"), "爱");
    EXPECT_EQ(visible_character("👍🏽"), "👍🏽");
}

TEST(TypedText, every_character_is_drawn_or_named) {
    // All of Unicode: what a label shows is never empty, never a control, never what XML refuses.
    for (char32_t c = 1; c <= 0x10ffff; ++c) {
        if (c >= 0xd800 && c <= 0xdfff) continue;
        const std::string label = visible_character(encode_utf8(c));
        ASSERT_FALSE(label.empty()) << static_cast<unsigned>(c);
        ASSERT_EQ(drawable_text(label), label) << static_cast<unsigned>(c);
        const TypedText read = read_typed(encode_utf8(c));
        ASSERT_TRUE(!read.characters.empty() || !read.dropped.empty() || (c >= 0xfe00 && c <= 0xfe0f))
            << static_cast<unsigned>(c);
    }
}

TEST(TypedText, drawable_text_holds_what_any_file_can) {
    EXPECT_EQ(drawable_text("sys\ufffetem"), "sys\ufffdtem");
    EXPECT_EQ(drawable_text("a\x01z\tb\n"), "a\ufffdz\tb\n");
    EXPECT_EQ(drawable_text("\xff爱"), "\ufffd爱");
    EXPECT_EQ(drawable_text("plain 爱 👍🏽"), "plain 爱 👍🏽");
}

TEST(PathText, what_nobody_put_there_is_hidden) {
    for (const char* name : {".DS_Store", ".ipynb_checkpoints", "._p0.png", "__MACOSX"}) EXPECT_TRUE(is_hidden(name)) << name;
    for (const char* name : {"cat", "p0.png", "_cat", "a.b"}) EXPECT_FALSE(is_hidden(name)) << name;
}

TEST(PathText, is_read_the_same_however_it_is_written) {
    const test::TemporaryFolder folder;
    const std::string file = folder / "a ship.png";
    test::put_bytes(file, "x");
    std::string coded = file;
    coded.replace(coded.find(' '), 1, "%20");
    std::string escaped = file;
    escaped.replace(escaped.find(' '), 1, "\\ ");
    for (const std::string& text : {file, " " + file + "\r\n", "'" + file + "'", "\"" + file + "\"", "file://" + coded,
                                    "file://localhost" + coded, escaped})
        EXPECT_EQ(path_from_text(text), file) << text;
    const std::string home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
    EXPECT_EQ(path_from_text("~/none/x.png"), home.empty() ? "~/none/x.png" : home + "/none/x.png");
    EXPECT_EQ(path_from_text("keys.npz:k"), "keys.npz:k");
    EXPECT_EQ(path_from_text("sample:ship"), "sample:ship");
    EXPECT_EQ(path_from_text(""), "");
    test::put_bytes(folder / "'quoted'", "x");
    EXPECT_EQ(path_from_text(folder / "'quoted'"), folder / "'quoted'");  // a name that is there is never changed
}

}  // namespace
}  // namespace saccade::typed_text_test
