#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "params/param_spec.hpp"
#include "testing.hpp"

namespace saccade::params_test {
namespace {

using test::contains;
using test::error_of;

ParamSpec text_spec() {
    ParamSpec spec{"source", ParamType::text, "Source", "", std::string("abc")};
    spec.max = 5;
    return spec;
}
ParamSpec number_spec() {
    ParamSpec spec{"temperature", ParamType::number, "Temperature", "", 1.0};
    spec.min = 0.5;
    spec.max = 4;
    return spec;
}
ParamSpec integer_spec() {
    ParamSpec spec{"beam", ParamType::integer, "Beam", "", std::int64_t{1}};
    spec.min = 1;
    spec.max = 10;
    return spec;
}
ParamSpec choice_spec() {
    ParamSpec spec{"score", ParamType::choice, "Score", "", std::string("dot")};
    spec.choices = {"dot", "additive"};
    return spec;
}
const ParamSpec toggle_spec{"causal", ParamType::toggle, "Causal", "", false};
const ParamSpec matrix_spec{"keys", ParamType::matrix, "Keys", "", Tensor<float>({1, 1})};

std::vector<ParamSpec> all() {
    return {text_spec(), number_spec(), integer_spec(), choice_spec(), toggle_spec, matrix_spec};
}

Params with(const std::string& name, ParamValue value) {
    Params params;
    params.set(name, std::move(value));
    return params;
}

TEST(Params, defaults_fill_in_what_is_not_given) {
    const Params params = resolve(all(), with("beam", std::int64_t{5}));
    EXPECT_EQ(params.text("source"), "abc");
    EXPECT_EQ(params.number("temperature"), 1.0);
    EXPECT_EQ(params.integer("beam"), 5);
    EXPECT_FALSE(params.toggle("causal"));
    EXPECT_EQ(params.matrix("keys").size(), 1);
    EXPECT_EQ(resolve(all(), with("temperature", std::int64_t{2})).number("temperature"), 2.0);
}

TEST(Params, each_value_is_checked_and_the_answer_says_what_is_allowed) {
    const auto line = [](const std::string& name, ParamValue value) {
        return error_of(ErrorCode::invalid_input, [&] { resolve(all(), with(name, std::move(value))); });
    };
    EXPECT_EQ(line("source", std::string("abcdef")), "Source has 6 characters: use at most 5");
    EXPECT_EQ(line("source", std::string()), "Source is empty: type a text");
    EXPECT_TRUE(contains(line("source", std::string("a\xff")), "Source is not valid UTF-8: the byte at offset 1"));
    EXPECT_EQ(line("temperature", 9.0), "Temperature is 9: give a value from 0.5 to 4");
    EXPECT_TRUE(contains(line("temperature", std::nan("")), "not a finite number"));
    EXPECT_EQ(line("beam", std::int64_t{0}), "Beam is 0: give a value from 1 to 10");
    EXPECT_EQ(line("score", std::string("cosine")), "Score cannot be 'cosine': choose one of: dot, additive");
    EXPECT_TRUE(contains(line("causal", std::string("yes")), "the wrong type"));
    EXPECT_TRUE(contains(line("keys", Tensor<float>({1}, INFINITY)), "not a finite number"));
    EXPECT_NO_THROW(resolve(all(), with("source", std::string("日期日期日"))));  // counted in characters, not bytes
}

TEST(Params, an_optional_text_may_be_empty) {
    ParamSpec spec = text_spec();
    spec.optional_text = true;
    EXPECT_EQ(resolve({spec}, with("source", std::string())).text("source"), "");
}

TEST(Params, blanks_alone_are_no_text) {
    for (const bool optional : {false, true}) {
        ParamSpec spec = text_spec();
        spec.optional_text = optional;
        for (const char* blank : {" ", "   ", "\t\n", "\u3000\u00a0", "\u200b", " \u200b "}) {
            const std::string line =
                error_of(ErrorCode::invalid_input, [&] { resolve({spec}, with("source", std::string(blank))); });
            const bool dropped = contains(blank, "\u200b");
            EXPECT_TRUE(contains(line, dropped ? "Source holds nothing that can be seen, only U+200B zero width space"
                                               : "Source holds nothing but blanks"))
                << line;
        }
        EXPECT_NO_THROW(resolve({spec}, with("source", std::string(" a "))));
    }
}

TEST(Params, an_unknown_name_is_a_usage_error) {
    EXPECT_TRUE(
        contains(error_of(ErrorCode::usage, [] { resolve(all(), with("sorce", std::string("a"))); }), "choose one of: source"));
}

TEST(Params, asking_for_what_is_not_there_is_an_error_not_an_abort) {
    const Params params = resolve(all(), {});
    error_of(ErrorCode::not_found, [&] { (void)params.text("nothing"); });
    error_of(ErrorCode::not_found, [&] { (void)params.number("source"); });
}

TEST(Params, text_from_the_command_line) {
    EXPECT_EQ(std::get<std::string>(parse_param(text_spec(), "2019年")), "2019年");
    EXPECT_EQ(std::get<double>(parse_param(number_spec(), "0.75")), 0.75);
    EXPECT_EQ(std::get<std::int64_t>(parse_param(integer_spec(), "7")), 7);
    EXPECT_TRUE(std::get<bool>(parse_param(toggle_spec, "on")));
    EXPECT_FALSE(std::get<bool>(parse_param(toggle_spec, "false")));
    for (const char* rows : {"1 2; 3 4", "1,2\n3,4", "[[1, 2], [3, 4]]"}) {
        const Tensor<float> matrix = std::get<Tensor<float>>(parse_param(matrix_spec, rows));
        EXPECT_EQ(matrix.shape(), (Shape{2, 2})) << rows;
        EXPECT_EQ(matrix.at({1, 0}), 3) << rows;
    }
    for (const auto& [spec, text] : std::vector<std::pair<ParamSpec, std::string>>{{number_spec(), "1.5x"},
                                                                                   {number_spec(), ""},
                                                                                   {integer_spec(), "1.5"},
                                                                                   {integer_spec(), "99999999999999999999"},
                                                                                   {toggle_spec, "perhaps"},
                                                                                   {choice_spec(), "cosine"},
                                                                                   {matrix_spec, "1 2; 3"},
                                                                                   {matrix_spec, "[[1, 2], 3]"},
                                                                                   {matrix_spec, "[[[[[[1]]]]]]"},
                                                                                   {matrix_spec, "one"}}) {
        error_of(ErrorCode::usage, [&spec = spec, &text = text] { parse_param(spec, text); });
    }
}

TEST(Params, json_goes_both_ways) {
    Params params = resolve(all(), {});
    params.set("source", std::string("9月"));
    params.set("temperature", 0.1);
    params.set("keys", Tensor<float>::from({2, 2}, {1, 2.5f, -3, 1e-8f}));
    const nlohmann::json json = nlohmann::json::parse(to_json(params).dump());
    EXPECT_EQ(params_from_json(all(), json), params);
    nlohmann::json more = json;
    more["of_a_newer_version"] = 3;
    EXPECT_EQ(params_from_json(all(), more), params);
    Params other = params;
    other.set("temperature", 0.2);
    EXPECT_FALSE(params == other);
}

TEST(Params, json_of_another_type_is_refused_with_its_key) {
    for (const char* text : {R"({"beam": 1.5})", R"({"beam": "1"})", R"({"temperature": null})", R"({"causal": 1})",
                             R"({"source": []})", R"({"keys": [[1], 2]})", R"([])"}) {
        const std::string line = error_of(ErrorCode::bad_format, [&] { params_from_json(all(), nlohmann::json::parse(text)); });
        EXPECT_TRUE(contains(line, "params")) << line;
    }
}

TEST(Params, a_number_may_be_infinite_where_its_spec_says_so) {
    ParamSpec spec = number_spec();
    error_of(ErrorCode::invalid_input, [&] { resolve({spec}, with("temperature", std::numeric_limits<double>::infinity())); });
    spec.max = std::numeric_limits<double>::infinity();
    for (const char* text : {"inf", "infinity", "∞"})
        EXPECT_EQ(resolve({spec}, with("temperature", parse_param(spec, text))).number("temperature"), spec.max) << text;
    error_of(ErrorCode::invalid_input, [&] { resolve({spec}, with("temperature", std::nan(""))); });
    error_of(ErrorCode::invalid_input, [&] { resolve({spec}, with("temperature", -std::numeric_limits<double>::infinity())); });
    const Params params = with("temperature", spec.max);
    EXPECT_EQ(params_from_json({spec}, nlohmann::json::parse(to_json(params).dump())), params);
    EXPECT_EQ(std::get<double>(parse_param(spec, format_param(spec.max))), spec.max);
    EXPECT_EQ(to_json(spec)["max"], "inf");
}

TEST(Params, a_matrix_has_a_limit_and_says_where_it_is_wrong) {
    ParamSpec spec = matrix_spec;
    spec.max = 4;
    EXPECT_EQ(error_of(ErrorCode::invalid_input,
                       [&] {
                           resolve({spec}, with("keys", Tensor<float>({1, 10000})));
                       }),
              "Keys has 10000 columns: use at most 4");
    EXPECT_EQ(error_of(ErrorCode::invalid_input,
                       [&] {
                           resolve({spec}, with("keys", Tensor<float>({5, 2})));
                       }),
              "Keys has 5 rows: use at most 4");
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      resolve({spec}, with("keys", Tensor<float>({0, 2})));
                                  }),
                         "empty"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      resolve({spec}, with("keys", Tensor<float>::from({2, 2}, {1, 2, NAN, 4})));
                                  }),
                         "row 2, column 1"));
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { parse_param(spec, "1 2; 3 x"); }), "--keys: row 2, column 2: 'x'"));
}

TEST(Params, format_is_what_parse_reads) {
    for (const ParamSpec& spec : all()) {
        const Params once = with(spec.name, parse_param(spec, format_param(spec.fallback)));
        EXPECT_EQ(once, with(spec.name, spec.fallback)) << spec.name;
    }
}

}  // namespace
}  // namespace saccade::params_test
