#include "run/fitting_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "exhibit/date_text.hpp"
#include "train/dates_data.hpp"

namespace saccade::fitting_model_test {
namespace {

Params params_of(const std::string& text, const std::string& value, const std::string& model) {
    Params params;
    params.set(text, value);
    params.set("model", model);
    return params;
}

/// It is asked for in every frame, whatever a session says; the run says what is wrong.
TEST(FittingModel, SettingsThatThereIsNoRunForAreNoError) {
    for (const Exhibit& e : exhibits())
        for (const ParamSpec& spec : e.params) {
            Params params;
            if (spec.type == ParamType::integer) params.set(spec.name, std::int64_t{1000000000});
            if (spec.type == ParamType::number) params.set(spec.name, -1e9);
            if (spec.type == ParamType::choice) params.set(spec.name, std::string("nosuch"));
            EXPECT_NO_THROW(better_model(e, params)) << e.id << " " << spec.name;
        }
    Params odd = params_of("source", "Mon, 30 Sep 2019", "zh-en-gru");
    odd.set("beam", std::int64_t{1000000000});
    EXPECT_NO_THROW(better_model(exhibit("alignment"), odd));
}

TEST(FittingModel, ADateAndASentenceEachHaveTheirs) {
    const Exhibit& e = exhibit("alignment");
    EXPECT_EQ(better_model(e, params_of("source", "Mon, 30 Sep 2019", "dates")), std::nullopt);
    EXPECT_EQ(better_model(e, params_of("source", "Mon, 30 Sep 2019", "zh-en-gru")), "dates");
    EXPECT_EQ(better_model(e, params_of("source", "我爱中国。", "zh-en-luong")), std::nullopt);
    EXPECT_EQ(better_model(e, params_of("source", "我爱中国。", "dates")), "zh-en-gru");
    // What nobody knows is no reason to change.
    EXPECT_EQ(better_model(e, params_of("source", "~", "dates")), std::nullopt);
}

/// A translator knows every character of a Chinese date, and makes nothing of it.
TEST(FittingModel, ADateIsForTheModelOfDatesWhoeverKnowsItsCharacters) {
    for (const char* date : {"2019年9月30日", "二〇一九年九月三十日", "２０１９年９月３０日"})
        for (const char* model : {"zh-en-gru", "zh-en-luong", "zh-en-fixed"})
            EXPECT_EQ(better_model(exhibit("alignment"), params_of("source", date, model)), "dates") << date << model;
    EXPECT_EQ(better_model(exhibit("alignment"), params_of("source", "2019年9月30日", "dates")), std::nullopt);
    EXPECT_EQ(better_model(exhibit("alignment"), params_of("source", "我爱2019年", "zh-en-gru")), std::nullopt);
    EXPECT_EQ(better_model(exhibit("transformer"), params_of("source", "2019年9月30日; 2001年1月1日", "zh-en")), "dates");
    // Back to a translator: the example is one of its own.
    const auto example = fitting_example(exhibit("alignment"), params_of("source", "2019年9月30日", "zh-en-gru"));
    ASSERT_TRUE(example);
    EXPECT_EQ(better_model(exhibit("alignment"), params_of("source", *example, "zh-en-gru")), std::nullopt) << *example;
}

TEST(FittingModel, WhatTheGeneratorOfDatesWritesIsADate) {
    for (std::size_t form = 0; form < date_forms().size(); ++form)
        for (const Index day : {0, 10000, 30000}) {
            const std::u32string date = write_date(nth_date(day), form).source;
            std::string typed;
            for (const char32_t c : date) typed += encode_utf8(c);
            EXPECT_TRUE(is_date(date)) << typed;
            EXPECT_TRUE(is_list_of_dates(typed + "; " + typed)) << typed;
        }
    for (const char* none : {"", ";", "我爱中国。", "30", "he was born in May", "2019年9月30日 我", "30 Sep 2019; 我爱中国。"})
        EXPECT_FALSE(is_list_of_dates(none)) << none;
}

TEST(FittingModel, AnExampleGivesWayToOneOfTheModel) {
    const Exhibit& e = exhibit("alignment");
    const auto fitting = fitting_example(e, params_of("source", "Mon, 30 Sep 2019", "zh-en-gru"));
    ASSERT_TRUE(fitting);
    EXPECT_EQ(unknown_characters(e, params_of("source", *fitting, "zh-en-gru")), 0u);
    EXPECT_EQ(fitting_example(e, params_of("source", "Mon, 30 Sep 2019", "dates")), std::nullopt);
    EXPECT_EQ(fitting_example(e, params_of("source", "typed 30 Sep", "zh-en-gru")), std::nullopt);
}

/// Every example of every exhibit is known to one of its models, and that one is found from any other.
TEST(FittingModel, EveryExampleFindsItsModel) {
    int exhibits_with_models = 0;
    for (const Exhibit& e : exhibits()) {
        const ParamSpec* text = read_by_models(e);
        if (text == nullptr) continue;
        ++exhibits_with_models;
        const auto models = std::ranges::find_if(e.params, [](const ParamSpec& spec) { return spec.name == "model"; });
        for (const std::string& example : text->examples)
            for (const std::string& model : models->choices) {
                const auto better = better_model(e, params_of(text->name, example, model));
                EXPECT_EQ(unknown_characters(e, params_of(text->name, example, better.value_or(model))), 0u)
                    << e.id << " " << example << " by " << better.value_or(model);
            }
    }
    EXPECT_GE(exhibits_with_models, 3);
}

}  // namespace
}  // namespace saccade::fitting_model_test
