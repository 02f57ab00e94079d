#include "io/text_file.hpp"

#include "base/sha256.hpp"
#include "base/shell_quoted.hpp"
#include "testing.hpp"

namespace saccade::text_file_test {
namespace {

using test::contains;
using test::error_of;

TEST(Sha256, agrees_with_fips_180_4) {
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(TextFile, is_utf_8_without_its_byte_order_mark) {
    const test::TemporaryFolder folder;
    test::put_bytes(folder / "a.txt", "\xef\xbb\xbfHi.\t你好。\n");
    EXPECT_EQ(read_text(folder / "a.txt"), "Hi.\t你好。\n");
}

TEST(TextFile, what_is_not_utf_8_is_refused_with_line_and_encoding) {
    const test::TemporaryFolder folder;
    struct Case {
        const char* encoding;
        std::string bytes;
    };
    const Case cases[] = {
        // 我爱中国。你好吗？
        {"GBK", "\xce\xd2\xb0\xae\xd6\xd0\xb9\xfa\xa1\xa3\xc4\xe3\xba\xc3\xc2\xf0\xa3\xbf"},
        // 我愛中國。你好嗎？
        {"Big5",
         "\xa7\xda\xb7R\xa4\xa4\xb0\xea\xa1"
         "C\xa7"
         "A\xa6n\xb6\xdc\xa1H"},
        // こんにちは。私は学生です。
        {"Shift-JIS",
         "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\x81"
         "B\x8e\x84\x82\xcd\x8aw\x90\xb6\x82\xc5\x82\xb7\x81"
         "B"},
        {"Windows-1252", "caf\xe9 cr\xe8me, na\xefve"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(likely_encoding(c.bytes), c.encoding);
        test::put_bytes(folder / "a.txt", "Hi.\tfirst\nSecond.\t" + c.bytes + "\n");
        const std::string line = error_of(ErrorCode::bad_format, [&] { read_text(folder / "a.txt"); });
        EXPECT_TRUE(contains(line, "a.txt: line 2") && contains(line, c.encoding)) << line;
    }
    test::put_bytes(folder / "a.txt", std::string("\xff\xfeH\0i\0", 6));
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_text(folder / "a.txt"); }), "UTF-16"));
}

TEST(TextFile, a_command_to_paste_takes_a_name_for_a_name) {
    const test::TemporaryFolder folder;
    const std::string name = folder / "a'; touch pwned; '.csv";
    test::put_bytes(name, "\xb0\xa1\xb0\xa2\xb0\xa3");
    const std::string line = error_of(ErrorCode::bad_format, [&] { read_text(name); });
    EXPECT_TRUE(contains(line, "/a'\\''; touch pwned; '\\''.csv' > utf8.txt")) << line;
    EXPECT_EQ(shell_quoted("a/b-1.csv"), "a/b-1.csv");
    EXPECT_EQ(shell_quoted(""), "''");
    EXPECT_EQ(shell_quoted("$(x) y"), "'$(x) y'");
}

TEST(TextFile, a_line_beyond_any_entry_is_refused_by_its_number) {
    const test::TemporaryFolder folder;
    test::put_bytes(folder / "a.tsv", "a\n" + std::string(longest_text_line, 'b') + "\nc");
    EXPECT_EQ(read_text_of_lines(folder / "a.tsv").size(), longest_text_line + 4);
    test::put_bytes(folder / "a.tsv", "a\n\n" + std::string(longest_text_line + 1, 'b'));
    const std::string line = error_of(ErrorCode::bad_format, [&] { read_text_of_lines(folder / "a.tsv"); });
    EXPECT_TRUE(contains(line, "a.tsv: line 3 is 65537 bytes long")) << line;
}

/// Zeros are well-formed UTF-8, and no text.
TEST(TextFile, what_holds_zeros_is_refused_with_line_and_encoding) {
    const test::TemporaryFolder folder;
    const auto line = [&](const std::string& bytes) {
        test::put_bytes(folder / "a.csv", bytes);
        return error_of(ErrorCode::bad_format, [&] { read_text(folder / "a.csv"); });
    };
    std::string little, big;
    for (const char c : std::string("1,2\n3,4\n")) {
        little += {c, '\0'};
        big += {'\0', c};
    }
    EXPECT_TRUE(contains(line(little), "a.csv: line 1 is not UTF-8; it looks like UTF-16LE")) << line(little);
    EXPECT_TRUE(contains(line(little), "iconv -f UTF-16LE")) << line(little);
    EXPECT_TRUE(contains(line(big), "it looks like UTF-16BE")) << line(big);
    const std::string one = line(std::string("1,2\n3,4\n5,\0006\n7,8\n9,10,11,12,13\n", 34));
    EXPECT_TRUE(contains(one, "a.csv: line 3 holds a zero byte")) << one;
    EXPECT_EQ(one.find('\0'), std::string::npos);
}

}  // namespace
}  // namespace saccade::text_file_test
