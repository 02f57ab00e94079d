#include "base/printable.hpp"

#include "testing.hpp"

namespace saccade::printable_test {
namespace {

TEST(Printable, what_can_be_seen_stays_and_what_cannot_is_written_out) {
    EXPECT_EQ(printable("30 Sep 2019, 年 é ⌘"), "30 Sep 2019, 年 é ⌘");
    EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\r");
    EXPECT_EQ(printable("\x1b[31mE\x1b[0m"), "\\x1b[31mE\\x1b[0m");
    EXPECT_EQ(printable(std::string_view("a\0b\x7f", 4)), "a\\x00b\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\x9b31m");  // CSI as one character
    EXPECT_EQ(printable("gpj\xe2\x80\xae"
                        ".exe"),
              "gpj\\u202e.exe");  // turns round what follows
    EXPECT_EQ(printable("a\xff"
                        "b"),
              "a\xef\xbf\xbd"
              "b");
}

TEST(Printable, json_stays_json) {
    EXPECT_EQ(printable_json("{\n  \"a\": \"\xc2\x9b\x7f\"\n}"), "{\n  \"a\": \"\\u009b\\u007f\"\n}");
}

TEST(Printable, an_error_is_one_line_whatever_is_in_its_names) {
    const Error error(ErrorCode::io, "a\nb\x1b[2J: is a folder", "name a\rfile");
    EXPECT_EQ(error.line(), "a\\nb\\x1b[2J: is a folder: name a\\rfile");
}

}  // namespace
}  // namespace saccade::printable_test
