#include "io/json_text.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/nearest.hpp"
#include "broken_json.hpp"
#include "testing.hpp"

namespace saccade::json_text_test {
namespace {

using nlohmann::json;
using test::contains;
using test::error_of;

std::string complaint(const std::string& text, const JsonLimits& limits = {}) {
    return error_of(ErrorCode::bad_format, [&] { parse_json(text, "f.json", "mend it", limits); });
}

TEST(JsonText, reads_what_is_json_as_the_library_does) {
    for (const char* text : {"{}", "[]", "7", "-7", "1.5", "null", "true", "\"ä\\u0000\"",
                             "[[1, [2, {}]], {\"a\": {\"b\": []}}]", "{\"a\": 1, \"a\": [2]}", "18446744073709551615",
                             "-9223372036854775808", " {\"a\" : [ 1 , 2.5e3 , \"x\" ] , \"b\" : { } } "})
        EXPECT_EQ(parse_json(text, "f.json", ""), json::parse(text)) << text;
    const std::string deepest = std::string(64, '[') + std::string(64, ']');
    EXPECT_EQ(parse_json(deepest, "f.json", ""), json::parse(deepest));
}

TEST(JsonText, says_where_it_is_none) {
    EXPECT_EQ(complaint("{\n  \"a\": 1,\n  b: 2}"),
              "f.json: is not JSON (line 3, column 3): expected a name in quotes: mend it");
    // A missing comma is missed where it should stand, not where that shows.
    EXPECT_TRUE(contains(complaint("{\n  \"a\": 1\n  \"b\": 2}"), "(line 2, column 9): expected ',' or '}'"));
    EXPECT_TRUE(contains(complaint("[\"ä\"\n\n \"b\"]"), "(line 1, column 5): expected ',' or ']'"));
    EXPECT_TRUE(contains(complaint("{\"a\" 1}"), "(line 1, column 6): expected ':'"));
    EXPECT_TRUE(contains(complaint("[1, ]"), "(line 1, column 5): expected a value"));
    EXPECT_TRUE(contains(complaint("{\"a\": yes}"), "(line 1, column 7): expected a value"));
    EXPECT_TRUE(contains(complaint("[\"a\n\"]"), "expected a text that ends with a quote on its line"));
    EXPECT_TRUE(contains(complaint("{} {}"), "(line 1, column 4): expected the end of the file"));
    EXPECT_TRUE(contains(complaint("[1, 2"), "(line 1, column 6): expected ',' or ']'"));
    EXPECT_TRUE(contains(complaint(""), "is not JSON (line 1, column 1)"));
    EXPECT_TRUE(contains(complaint("[1e999]"), "holds a number that is too large (line 1"));
    EXPECT_TRUE(contains(complaint("\"\xff\""), "is not JSON"));
}

TEST(JsonText, has_limits) {
    EXPECT_TRUE(contains(complaint(std::string(65, '[')), "brackets more than 64 deep"));
    EXPECT_TRUE(contains(complaint(std::string(5000000, '[')), "brackets more than 64 deep"));
    EXPECT_TRUE(contains(complaint("[1,2,3,4]", {1 << 20, 4}), "more than 4 values"));
    EXPECT_NO_THROW(parse_json("[1,2,3]", "f.json", "", {1 << 20, 4}));
    EXPECT_TRUE(contains(complaint(std::string(3 << 20, ' '), {2 << 20, 4}), "has 3 MB; at most 2 are read"));
}

TEST(JsonText, a_number_is_in_range_or_none) {
    EXPECT_EQ(whole_in<int>(json(7)), 7);
    EXPECT_EQ(whole_in<int>(json(7.0)), 7);
    EXPECT_EQ(whole_in<int>(json(-7)), -7);
    EXPECT_EQ(whole_in<int>(json(7), 8, 9), std::nullopt);
    EXPECT_EQ(whole_in<std::uint64_t>(json(18446744073709551615u)), 18446744073709551615u);
    for (const json& value : {json(7.5), json(1e300), json(1e19), json(-1e19), json(4294967296), json(18446744073709551615u),
                              json("7"), json(nullptr), json(true), json::array(), json(std::nan("")), json(INFINITY)})
        EXPECT_EQ(whole_in<int>(value), std::nullopt) << value;
    for (const json& value : {json(-1), json(1e20), json(-0.5), json(1.8446744073709552e19)})
        EXPECT_EQ(whole_in<std::uint64_t>(value), std::nullopt) << value;
    EXPECT_EQ(whole_in<std::int64_t>(json(9223372036854775808u)), std::nullopt);
    EXPECT_EQ(number_in(json(3)), 3.0);
    EXPECT_EQ(number_in(json(3), 4, 5), std::nullopt);
    EXPECT_EQ(number_in(json(std::nan(""))), std::nullopt);
    EXPECT_EQ(float_in(json(1e300)), std::nullopt);
    EXPECT_EQ(float_in(json(3.4028235e38)), std::numeric_limits<float>::max());
    EXPECT_EQ(float_in(json(1e-300)), 0.0f);
}

TEST(JsonText, an_object_names_the_key_and_what_is_allowed) {
    const json document = json::parse(R"({"n": 1e300, "t": 3, "on": 1, "list": [1, "x"], "rows": [1, 2], "in": {"n": -1}})");
    const JsonObject object(document, "a thing");
    const auto line = [](const auto& read) { return error_of(ErrorCode::bad_format, read); };
    int n = 5;
    double x = 0.5;
    bool on = false;
    std::string text = "old";
    std::vector<std::string> texts;
    std::vector<std::int64_t> wholes;
    std::array<float, 3> three{};
    object.whole("missing", n);
    EXPECT_EQ(n, 5);
    EXPECT_EQ(line([&] { object.whole("n", n, 0, 9); }), "a thing: 'n' is 1e+300: give a whole number from 0 to 9");
    EXPECT_EQ(line([&] { object.number("n", x, 0, 1); }), "a thing: 'n' is 1e+300: give a number from 0 to 1");
    EXPECT_TRUE(contains(line([&] { object.text("t", text); }), "'t' is 3: give a text"));
    EXPECT_TRUE(contains(line([&] { object.toggle("on", on); }), "true or false"));
    EXPECT_TRUE(contains(line([&] { object.texts("list", texts); }), "'list' is 1"));
    EXPECT_TRUE(contains(line([&] { object.wholes("list", wholes); }), "'list' is \"x\""));
    EXPECT_TRUE(contains(line([&] { object.numbers("rows", three); }), "give 3 numbers"));
    EXPECT_TRUE(contains(line([&] { object.list("in"); }), "give a list"));
    EXPECT_TRUE(contains(line([&] { object.needs({"n", "gone"}); }), "a thing has no 'gone'"));
    EXPECT_TRUE(contains(line([&] { object.object("in").whole("n", n, 0, 9); }), "a thing's in: 'n' is -1"));
    EXPECT_TRUE(contains(line([&] { JsonObject(document["t"], "a thing"); }), "a thing is not an object"));
    EXPECT_EQ(n, 5);
    EXPECT_EQ(text, "old");
    EXPECT_TRUE(contains(line([&] { JsonObject(document, "card", "use another").text("t", text); }), "use another"));
}

TEST(ErrorLine, is_short_and_can_be_shown) {
    EXPECT_EQ(shown_line("it broke", "mend it"), "it broke: mend it");
    EXPECT_EQ(shown_line("it broke"), "it broke");
    EXPECT_EQ(shown_line("a\x1b[31mb\nc", "d\xe2\x80\xae e"), "a\\x1b[31mb\\nc: d\\u202e e");
    const std::string path = "/" + std::string(4000, 'p') + "/w.safetensors: is empty";
    const std::string line = shown_line(path, "choose one of: " + std::string(5000, 'x'));
    EXPECT_LE(line.size(), 310u);
    EXPECT_TRUE(contains(line, "w.safetensors: is empty")) << line;
    EXPECT_TRUE(contains(line, "choose one of: ")) << line;
    EXPECT_LE(shown_line(path).size(), 310u);
}

TEST(ErrorLine, of_many_names_the_nearest_come_first) {
    EXPECT_EQ(edit_distance("wieghts", "weights"), 2u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(nearest_first("wieghts", {"source.id", "scores", "weights", "mask"}).front(), "weights");
    EXPECT_TRUE(nearest_first("x", {}).empty());
}

TEST(ErrorLine, whatever_was_thrown_is_said_in_our_words) {
    const auto line = [](const std::exception& error) { return shown_line(as_error(error)); };
    EXPECT_EQ(line(Error(ErrorCode::io, "a", "b")), "a: b");
    EXPECT_TRUE(contains(line(std::bad_alloc()), "not enough memory"));
    EXPECT_TRUE(contains(line(std::length_error("vector::_M_default_append")), "not enough memory"));
    EXPECT_TRUE(
        contains(line(std::filesystem::filesystem_error("cannot", "/a/b", std::make_error_code(std::errc::permission_denied))),
                 "/a/b: Permission denied"));
    EXPECT_TRUE(contains(line(std::system_error(std::make_error_code(std::errc::no_space_on_device))), "No space left"));
    for (const std::string& said : {line(std::out_of_range("map::at")), [&] {
                                        try {
                                            return json::parse("[1e999]").dump();
                                        } catch (const std::exception& error) {
                                            return line(error);
                                        }
                                    }()}) {
        EXPECT_FALSE(contains(said, "map::at")) << said;
        EXPECT_FALSE(contains(said, "json.exception")) << said;
    }
    try {
        throw 3;
    } catch (...) {
        EXPECT_FALSE(current_error().message().empty());
    }
}

}  // namespace
}  // namespace saccade::json_text_test
