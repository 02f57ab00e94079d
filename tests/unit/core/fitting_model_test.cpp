#include "run/fitting_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace saccade {
namespace {

Params params_of(const std::string& text, const std::string& value, const std::string& model) {
    Params params;
    params.set(text, value);
    params.set("model", model);
    return params;
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
}  // namespace saccade
