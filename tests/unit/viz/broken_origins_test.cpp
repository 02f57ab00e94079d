#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "unit/core/broken_json.hpp"
#include "unit/core/testing.hpp"
#include "viz/origin.hpp"
#include "viz/view_options.hpp"

// What an exported picture says of how it was made, broken.

namespace saccade::broken_origins_test {
namespace {

using nlohmann::json;
using test::broken_documents;
using test::broken_texts;
using test::BrokenPlace;
using test::expect_all_refused;
using test::not_number;
using test::not_text;
using test::not_toggle;
using test::not_whole;

json good_origin() {
    ViewState view;
    view.view = "heatmap";
    view.selected.cell = {"weights", {1, 2}};
    view.selected.marks = {{"output", 1}};
    return json::parse(origin_text({R"({"exhibit": "alignment"})", view, R"({"exhibit": "alignment"})"}));
}

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::vector<std::string> broken_origins() {
    const std::string deep = std::string(200000, '[') + std::string(200000, ']');
    std::vector<std::string> not_step = not_whole();
    std::erase(not_step, "-1");  // the last
    const std::vector<BrokenPlace> places{
        {"/format", {"3", "\"x\"", "null", "[]"}},
        {"/version", {"0", "-1", "1.5", "2", "1e300", "\"1\"", "null", "99999999999999999999"}},
        {"/request", {deep}},
        {"/view", {"3", "[]", "null", deep}},
        {"/view/view", {"3", "\"cube\"", "[]"}},
        {"/view/tensor", not_text()},
        {"/view/selected", {"3", "[]", "\"x\""}},
        {"/view/selected/tensor", not_text()},
        {"/view/selected/index", {"3", "[1e300]", "[1.5]", "[\"1\"]", "[-2]", "[1e19]", "{}", deep}},
        {"/view/selected/marks", {"3", "[]", "{\"output\": 1e300}", "{\"output\": \"1\"}"}},
        {"/view/step", not_step},
        {"/view/theme", {"3", "\"pink\"", "null"}},
        {"/view/colormap", {"3", "\"jet7\""}},
        {"/view/scale", {"3", "\"cube\"", "null"}},
        {"/view/width", not_number() + std::vector<std::string>{"1e300", "-1", "0"}},
        {"/view/height", {"1e300", "1e999", "-5", "\"5\""}},
        {"/view/text_scale", {"1e300", "0", "-1", "\"1\""}},
        {"/view/text_size", {"1e300", "-1", "[]"}},
        {"/view/marks", not_toggle()},
        {"/view/options",
         {"3", "[]", "null", "{\"heads\": 3}", "{\"heads\": [1e300]}", "{\"heads\": [\"1\"]}", "{\"opacity\": \"x\"}",
          "{\"order\": 3}", "{\"unknown\": " + deep + "}"}}};
    std::vector<std::string> texts = broken_texts();
    for (std::string& text : broken_documents(good_origin(), places)) texts.push_back(std::move(text));
    for (const char* key : {"/format", "/request", "/view", "/version"}) texts.push_back(test::without(good_origin(), key));
    return texts;
}

TEST(BrokenOrigins, each_is_refused_with_a_line) {
    ASSERT_NO_THROW(origin_from_text(good_origin().dump()));
    EXPECT_GE(expect_all_refused(broken_origins(), [](const std::string& text) { origin_from_text(text); }), 90u);
}

TEST(BrokenOrigins, so_is_the_picture_that_carries_it_whatever_its_kind) {
    const test::TemporaryFolder folder;
    std::size_t n = 0;
    for (const std::string& text : broken_origins()) {
        // Every fifth, in each kind: what is read is the same text.
        if (++n % 5 != 0) continue;
        const std::string pdf = folder / "f.pdf";
        const std::string bytes = "%PDF-1.5\n/Keywords (saccade:" + base64_encode(text) + ")\n%%EOF\n";
        test::put_bytes(pdf, bytes);
        test::expect_refused(text, [&] { read_origin(pdf); });
        EXPECT_EQ(test::bytes_of(pdf), bytes);
    }
    EXPECT_GE(n, 90u);
}

TEST(BrokenOrigins, numbers_of_the_options_are_brought_into_their_range) {
    const ViewOptions options = view_options_from_json(json::parse(R"({"opacity": 1e300, "heads": [-5, 99999, 2, 2]})"));
    EXPECT_LE(options.opacity, 1.0);
    EXPECT_EQ(options.chosen, (std::vector<Index>{2}));
}

}  // namespace
}  // namespace saccade::broken_origins_test
