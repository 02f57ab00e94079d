#include "attention/score.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "unit/core/testing.hpp"

namespace saccade::score_test {
namespace {

using test::contains;
using test::error_of;

const std::vector<float> s = {1, -2, 0.5f};               // the state
const std::vector<float> h = {0.5f, 0, 1, -1, 2, 0.25f};  // two annotations

Tensor<float> tensor(const Shape& shape, std::vector<float> values) {
    return Tensor<float>::from(shape, values);
}

/// Scores of the state with both annotations.
std::vector<double> scores_of(const std::string& id, const std::map<std::string, Tensor<float>>& parameters) {
    const ScoreFunction& function = score_function(id);
    for (const FunctionParameter& p : function.parameters({3, 3, 2, 4}))
        EXPECT_EQ(parameters.at(p.name).shape(), p.shape) << id << " " << p.name;
    const auto score = make_score<float>(function, [&](const std::string& name) { return Var<float>(parameters.at(name)); });
    const Var<float> state = tensor({1, 3}, s), annotations = tensor({1, 2, 3}, h);
    const Tensor<float> e = score->scores(score->query(state), score->keys(annotations)).value();
    EXPECT_EQ(e.shape(), (Shape{1, 2}));
    return {static_cast<double>(e.data()[0]), static_cast<double>(e.data()[1])};
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-6) << i;
}

TEST(Score, dot_and_scaled_dot) {
    expect_near(scores_of("dot", {}), {1, -4.875});
    expect_near(scores_of("scaled_dot", {}), {1 / std::sqrt(3), -4.875 / std::sqrt(3)});
}

TEST(Score, general_is_bilinear) {
    // s^T W = (1, 0, -4): W's second row reaches what the others do not.
    expect_near(scores_of("general", {{"bilinear", tensor({3, 3}, {1, 0, 0, 0, 0, 2, 0, 0, 0})}}), {0.5 - 4, -1 - 1});
}

TEST(Score, additive_and_concat) {
    const Tensor<float> v = tensor({2}, {2, -1});
    const std::vector<double> expected = {2 * std::tanh(1 + 0.5) - std::tanh(-2 + 1),
                                          2 * std::tanh(1 - 1) - std::tanh(-2 + 0.25)};
    expect_near(scores_of("additive", {{"query_weight", tensor({2, 3}, {1, 0, 0, 0, 1, 0})},
                                       {"key_weight", tensor({2, 3}, {1, 0, 0, 0, 0, 1})},
                                       {"vector", v}}),
                expected);
    expect_near(scores_of("concat", {{"weight", tensor({2, 6}, {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1})}, {"vector", v}}),
                expected);
}

TEST(Score, cosine_does_not_see_lengths) {
    const std::map<std::string, Tensor<float>> strength = {{"strength", tensor({1}, {3})}};
    const double length = std::sqrt(5.25);
    expect_near(scores_of("cosine", strength), {3 * 1 / (length * std::sqrt(1.25)), 3 * -4.875 / (length * std::sqrt(5.0625))});
    const Var<float> beta = tensor({1}, {3});
    const Var<float> q = tensor({1, 2}, {3, 4}), k = tensor({1, 3, 2}, {300, 400, 0, 0, -0.03f, -0.04f});
    const Tensor<float> e = cosine_scores(q, k, beta).value();
    EXPECT_NEAR(e.data()[0], 3, 1e-5);
    EXPECT_EQ(e.data()[1], 0);  // a key of length 0
    EXPECT_NEAR(e.data()[2], -3, 1e-4);
    const Tensor<float> none = cosine_scores<float>(tensor({1, 2}, {0, 0}), k, beta).value();
    for (const float v : none.values()) EXPECT_EQ(v, 0);
}

TEST(Score, location_looks_at_the_state_alone) {
    const std::map<std::string, Tensor<float>> weight = {{"location", tensor({4, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1})}};
    expect_near(scores_of("location", weight), {1, -2});
    const auto score =
        make_score<float>(score_function("location"), [&](const std::string& n) { return Var<float>(weight.at(n)); });
    const Var<float> query = score->query(Var<float>(tensor({1, 3}, s)));
    EXPECT_EQ(score->scores(query, Var<float>(Tensor<float>(Shape{1, 4, 3}))).value().data()[3], -0.5f);
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      score->scores(query, Var<float>(Tensor<float>(Shape{1, 5, 3})));
                                  }),
                         "4 source positions"));
}

TEST(Score, functions_are_found_by_name) {
    EXPECT_EQ(score_functions().size(), 7u);
    for (const ScoreFunction& f : score_functions()) EXPECT_EQ(score_function(f.id).title, f.title);
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [] { score_function("cosmic"); }), "scaled_dot"));
}

}  // namespace
}  // namespace saccade::score_test
