#include "trace/formula.hpp"
#include "trace/claims.hpp"
#include "trace/explain.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace saccade::formula_test {
namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

/// Two queries over three keys, with everything that a small attention has; all numbers computed by hand below.
struct Sample {
    Trace trace;

    Sample() {
        const AxisPtr query = trace.add_axis({"output", AxisKind::query, 2, {"0", "9"}, "i"});
        const AxisPtr key = trace.add_axis({"source", AxisKind::key, 3, {"S", "e", "p"}, "j"});
        const AxisPtr feature = trace.add_axis({"feature", AxisKind::feature, 2, {}, "k"});
        const AxisPtr half = trace.add_axis({"half", AxisKind::feature, 1, {}, "k"});
        const AxisPtr vocabulary = trace.add_axis({"vocabulary", AxisKind::class_, 4, {}, ""});
        const auto add = [&](std::string name, Role role, std::string symbol, std::vector<AxisPtr> axes,
                             std::vector<float> values) {
            std::vector<Index> dims;
            for (const AxisPtr& axis : axes) dims.push_back(axis->extent);
            trace.add({std::move(name), role, std::move(symbol), "", "", std::move(axes)},
                      Tensor<float>::from(Shape(std::span<const Index>(dims)), std::span<const float>(values)));
        };
        add("queries", Role::query, "q", {query, feature}, {1, 2, 3, 4});
        add("keys", Role::key, "k", {key, feature}, {1, 0, 0, 1, -1, 1});
        add("scores", Role::scores, "e", {query, key}, {1, 2, -inf, 3, 4, 1});
        add("weights", Role::weights, "α", {query, key}, {0.26894142f, 0.73105858f, 0, 0.25949646f, 0.70538451f, 0.03511903f});
        add("ids", Role::input, "x", {key}, {2, 0, 3});
        add("table", Role::parameter, "E", {vocabulary, feature}, {0, 1, 10, 11, 20, 21, 30, 31});
        add("left", Role::state, "l", {key, half}, {5, 6, 7});
        add("right", Role::state, "r", {key, half}, {8, 9, 10});
        add("both", Role::value, "h", {key, feature}, {5, 8, 6, 9, 7, 10});
        add("state", Role::state, "s", {key, feature}, {1, 1, 2, 2, 3, 3});
        add("start", Role::state, "s_0", {feature}, {7, 8});
        add("embedding", Role::embedding, "y", {key, feature}, {20, 21, 0, 1, 30, 31});
    }

    double value(const std::string& rule, std::vector<Index> cell) const { return evaluate(parse_rule(rule), trace, cell); }
};

TEST(Formula, sums_products_and_precedence) {
    const Sample s;
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = sum_k(queries[i,k] * keys[j,k])", {1, 2}), 1);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = 1 + 2 * 3 - 4 / 2", {0, 0}), 5);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = -(1 + 2) * -queries[i,1]", {1, 0}), 12);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = 8 - 4 - 2", {0, 0}), 2);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = sum_k(queries[i,k] * keys[j,k]) / sqrt(4)", {1, 1}), 2);
}

TEST(Formula, softmax_gives_masked_scores_no_weight) {
    const Sample s;
    const std::string rule = "weights[i,j] = softmax_j(scores[i,j])";
    EXPECT_NEAR(s.value(rule, {0, 0}), 1 / (1 + std::exp(1.0)), 1e-12);
    EXPECT_EQ(s.value(rule, {0, 2}), 0);
    EXPECT_NEAR(s.value(rule, {1, 0}) + s.value(rule, {1, 1}) + s.value(rule, {1, 2}), 1, 1e-12);
}

TEST(Formula, max_and_mean) {
    const Sample s;
    EXPECT_DOUBLE_EQ(s.value("start[k] = max_j(keys[j,k])", {0}), 1);
    EXPECT_DOUBLE_EQ(s.value("start[k] = mean_j(keys[j,k])", {1}), 2.0 / 3);
}

TEST(Formula, else_takes_over_where_an_index_leaves_its_axis) {
    const Sample s;
    EXPECT_DOUBLE_EQ(s.value("state[j,k] = state[j-1,k] else start[k]", {0, 1}), 8);
    EXPECT_DOUBLE_EQ(s.value("state[j,k] = state[j-1,k] else start[k]", {2, 1}), 2);
    EXPECT_DOUBLE_EQ(s.value("state[j,k] = state[j+1,k] else 0", {2, 1}), 0);
    EXPECT_DOUBLE_EQ(s.value("both[j,k] = left[j,k] else right[j,k-1]", {1, 0}), 6);
    EXPECT_DOUBLE_EQ(s.value("both[j,k] = left[j,k] else right[j,k-1]", {1, 1}), 9);
    EXPECT_TRUE(std::isnan(s.value("state[j,k] = state[j-1,k]", {0, 0})));
}

TEST(Formula, ids_and_arithmetic_as_indices) {
    const Sample s;
    EXPECT_DOUBLE_EQ(s.value("embedding[j,k] = table[ids[j], k]", {2, 1}), 31);
    EXPECT_DOUBLE_EQ(s.value("embedding[j,k] = table[ids[j-1] else 1, k]", {0, 0}), 10);
    EXPECT_DOUBLE_EQ(s.value("embedding[j,k] = table[2*j/3, (k+1)%2]", {2, 1}), 10);
}

TEST(Formula, functions) {
    const Sample s;
    EXPECT_NEAR(s.value("start[k] = sigmoid(0) + tanh(1) + relu(-3) + exp(0) + log(1) + abs(-2) + square(3)", {0}),
                0.5 + std::tanh(1.0) + 0 + 1 + 0 + 2 + 9, 1e-12);
    EXPECT_NEAR(s.value("start[k] = gelu(1)", {0}), 0.8413447460685429, 1e-12);
    EXPECT_NEAR(s.value("start[k] = sin(1) * sin(1) + cos(1) * cos(1)", {0}), 1, 1e-12);
}

TEST(Formula, positions_powers_and_choices) {
    const Sample s;
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = where(j <= i, 0, -inf)", {0, 1}), -inf);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = where(j <= i, 0, -inf)", {1, 1}), 0);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = 10 * i + j", {1, 2}), 12);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = 2 ^ 3 ^ 2 - 7 // 2 - -7 % 4", {0, 0}), 512 - 3 - 1);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = -2 ^ 2", {0, 0}), -4);
    EXPECT_DOUBLE_EQ(s.value("scores[i,j] = max(i, j) - min(i, j) + (i < j) + (i == j) + 2 * (i != j)", {0, 2}), 5);
    EXPECT_NEAR(s.value("queries[i,k] = sin(i / 10000 ^ (k // 2 * 2 / 64) + k % 2 * pi / 2)", {1, 1}), std::cos(1.0), 1e-12);
}

TEST(Formula, more_reductions) {
    const Sample s;
    EXPECT_DOUBLE_EQ(s.value("start[k] = min_j(keys[j,k])", {0}), -1);
    EXPECT_DOUBLE_EQ(s.value("ids[j] = argmax_k(keys[j,k])", {1}), 1);
    EXPECT_DOUBLE_EQ(s.value("start[k] = sum_j(sum_i(queries[i,k] * keys[j,k] * j))", {1}), 6 + 12);
    // Layer norm: the mean does not depend on the letter that the sum runs over.
    EXPECT_NEAR(
        s.value(
            "queries[i,k] = (queries[i,k] - mean_k(queries[i,k])) / sqrt(mean_k(square(queries[i,k] - mean_k(queries[i,k]))))",
            {1, 1}),
        1, 1e-12);
}

TEST(Formula, a_convolution_reads_zeros_beyond_the_edge) {
    const Sample s;
    const std::string rule = "state[j,k] = sum_i(queries[i,k] * (keys[j+i-1,k] else 0))";
    EXPECT_DOUBLE_EQ(s.value(rule, {0, 0}), 3 * 1);
    EXPECT_DOUBLE_EQ(s.value(rule, {2, 0}), 1 * 0 + 3 * -1);
    EXPECT_DOUBLE_EQ(s.value("state[j,k] = sum_i(queries[i,k] * (keys[-i+j,k] else 0))", {0, 1}), 0);
    EXPECT_TRUE(std::isnan(s.value("state[j,k] = sum_i(queries[i,k] * keys[j+i-1,k])", {0, 0})));
}

TEST(Formula, ids_under_a_reduction_are_looked_up_for_each_term) {
    const Sample s;
    EXPECT_DOUBLE_EQ(s.value("start[k] = sum_j(table[ids[j], k])", {1}), 21 + 1 + 31);
    EXPECT_DOUBLE_EQ(s.value("start[k] = sum_j(0 * keys[j,k] + table[ids[j+1] else 1, k])", {0}), 0 + 30 + 10);
}

TEST(Formula, scalars_have_no_index) {
    Trace trace;
    const AxisPtr axis = trace.add_axis({"source", AxisKind::key, 2, {}, "j"});
    trace.add({"scores", Role::scores, "", "", "", {axis}}, Tensor<float>::from(Shape{2}, {1, 5}));
    trace.add({"temperature", Role::input, "", "", "", {}}, Tensor<float>::scalar(2));
    trace.add({"top", Role::output, "", "", "", {}}, Tensor<float>::scalar(2.5f));
    trace.add_step({"max", "top", "", "top[] = max_j(scores[j]) / temperature[]", ""});
    for (const Claim& claim : check_claims(trace)) EXPECT_TRUE(claim.holds) << claim.error;
    EXPECT_DOUBLE_EQ(explain(trace, {"top", {}}).recomputed, 2.5);
}

TEST(Formula, parse_errors_name_the_column) {
    const std::vector<std::string> broken = {
        "",
        "weights",
        "weights[",
        "weights[i,j]",
        "weights[i,j] =",
        "weights[i,i] = 1",
        "w[i] = foo(1)",
        "w[i] = 1 +",
        "w[i] = (1",
        "w[i] = sum_kk(v[k])",
        "w[i] = a[i",
        "w[i] = 1 2",
        "w[12] = 1",
        "w[i] = a[i+]",
        "w[i] = a[,]",
        "w[i] = where(1, 2)",
        "w[i] = max(1)",
        "w[i] = 1 <",
        "w[i] = 2 ^",
        "w[i] = infinity",
        "w[i] = a[99999999999]",
        "w[i] = a[i] else",
        "w[i] = " + std::string(500, '('),
    };
    for (const std::string& text : broken) {
        try {
            parse_rule(text);
            ADD_FAILURE() << text;
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), ErrorCode::bad_format);
            EXPECT_NE(e.line().find("column"), std::string::npos) << e.line();
        }
    }
}

TEST(Formula, rules_that_do_not_fit_the_trace_are_refused) {
    const Sample s;
    const std::vector<std::string> wrong = {
        "nothing[i] = 1",                               // no such result
        "weights[i] = 1",                               // rank of the result
        "weights[i,j] = nothing[i]",                    // no such operand
        "weights[i,j] = scores[i]",                     // rank of an operand
        "weights[i,j] = scores[j,i]",                   // extents disagree
        "weights[i,j] = sum_k(queries[i,k] * ids[k])",  // a letter over two extents
        "weights[i,j] = sum_m(scores[i,j])",            // nothing says how far m runs
        "weights[i,j] = scores[i,z]",                   // z is not bound
        "weights[i,j] = softmax_k(queries[i,k])",       // nor is the position that softmax keeps
    };
    for (const std::string& text : wrong) EXPECT_THROW(check_rule(parse_rule(text), s.trace), Error) << text;
}

TEST(Formula, operands_in_order) {
    EXPECT_EQ(operands(parse_rule("a[i,k] = b[i,k] * table[ids[i], k] + b[i,k]")),
              (std::vector<std::string>{"b", "table", "ids"}));
}

std::string plain(const std::vector<ExplainedPart>& parts) {
    std::string text;
    for (const ExplainedPart& p : parts) text += p.kind == ExplainedPart::Kind::subscript ? "_" + p.text : p.text;
    return text;
}

TEST(Explain, a_weight_leads_to_its_scores) {
    Sample s;
    s.trace.add_step({"align", "weights", "α_ij = exp(e_ij) / Σ_k exp(e_ik)", "weights[i,j] = softmax_j(scores[i,j])",
                      "Bahdanau 2014, eq. 6"});
    const Explanation e = explain(s.trace, {"weights", {1, 2}});
    EXPECT_EQ(plain(e.equation), "α_2,3 = softmax_j(e_2,j)_3 = 0.0351");
    EXPECT_NEAR(e.recorded, e.recomputed, 1e-6);
    EXPECT_EQ(e.terms, (std::vector<float>{3, 4, 1}));
    ASSERT_EQ(e.operands.size(), 1u);
    EXPECT_EQ(e.operands[0].ref, (CellRef{"scores", {1, -1}}));
    EXPECT_EQ(e.operands[0].shape, "[3]");
    EXPECT_EQ(plain(e.numbers), "exp(1.0000) / 77.4020 = 0.0351");
    EXPECT_EQ(e.title, "Weight of “p” (3) for “9” (2)");
}

TEST(Explain, numbers_of_the_branch_that_applies) {
    Sample s;
    s.trace.add_step({"carry", "state", "", "state[j,k] = 0.5 * (state[j-1,k] else start[k]) + 1", ""});
    EXPECT_EQ(plain(explain(s.trace, {"state", {0, 1}}).equation), "s_1,2 = 0.5 · s_0_2 + 1 = 1.0000");
    const Explanation later = explain(s.trace, {"state", {2, 1}});
    EXPECT_EQ(plain(later.equation), "s_3,2 = 0.5 · s_2,2 + 1 = 3.0000");
    ASSERT_EQ(later.operands.size(), 1u);
    EXPECT_EQ(later.operands[0].ref, (CellRef{"state", {1, 1}}));
    EXPECT_DOUBLE_EQ(later.operands[0].value, 2);
}

TEST(Explain, positions_count_from_1_and_what_is_reckoned_with_says_so) {
    Sample s;
    s.trace.add_step({"place", "state", "", "state[j,k] = j * 0.5 + k", ""});
    const Explanation e = explain(s.trace, {"state", {2, 1}});
    EXPECT_TRUE(plain(e.equation).starts_with("s_3,2 = (3 − 1) · 0.5 + (2 − 1)")) << plain(e.equation);
    EXPECT_DOUBLE_EQ(e.recomputed, 2);
}

TEST(Explain, every_operand_can_be_opened_down_to_the_inputs) {
    Sample s;
    s.trace.add_step({"embed", "embedding", "", "embedding[j,k] = table[ids[j], k]", ""});
    const Explanation e = explain(s.trace, {"embedding", {0, 1}});
    ASSERT_EQ(e.operands.size(), 2u);
    EXPECT_EQ(e.operands[0].ref, (CellRef{"table", {2, 1}}));
    EXPECT_EQ(e.operands[1].ref, (CellRef{"ids", {0}}));
    for (const Explanation::Operand& operand : e.operands) EXPECT_FALSE(explain(s.trace, operand.ref).has_rule);
}

TEST(Explain, a_whole_row_shows_its_values) {
    const Sample s;
    const Explanation e = explain(s.trace, {"keys", {2, -1}});
    EXPECT_EQ(e.terms, (std::vector<float>{-1, 1}));
}

TEST(Explain, cells_that_do_not_exist_are_refused) {
    const Sample s;
    EXPECT_THROW(explain(s.trace, {"nothing", {0}}), Error);
    EXPECT_THROW(explain(s.trace, {"weights", {2, 0}}), Error);
    EXPECT_THROW(explain(s.trace, {"weights", {0, -2}}), Error);
    EXPECT_THROW(explain(s.trace, {"weights", {0, 0, 0}}), Error);
}

TEST(Claims, hold_on_what_is_right_and_break_on_what_is_not) {
    Sample right;
    right.trace.add_step({"align", "weights", "softmax", "weights[i,j] = softmax_j(scores[i,j])", ""});
    const std::vector<Claim> claims = check_claims(right.trace);
    ASSERT_EQ(claims.size(), 2u);
    for (const Claim& claim : claims) EXPECT_TRUE(claim.holds) << claim.text << " " << claim.error;

    Sample wrong;
    wrong.trace.add_step({"concatenate", "both", "h = [l; r]", "both[j,k] = left[j,k] else left[j,k-1]", ""});
    EXPECT_FALSE(check_claims(wrong.trace).back().holds);
}

TEST(Claims, a_row_that_was_set_to_nothing_is_broken_by_hand_and_one_that_was_masked_is_not) {
    Trace trace;
    const AxisPtr query = trace.add_axis({"output", AxisKind::query, 2, {}, "i"}),
                  key = trace.add_axis({"source", AxisKind::key, 2, {}, "j"});
    trace.add({"weights", Role::weights, "α", "", "", {query, key}}, Tensor<float>::from(Shape{2, 2}, {0, 0, 0, 0}),
              Tensor<float>::from(Shape{2, 2}, {0.5f, 0.5f, 0, 0}));
    const Claim claim = check_claims(trace).front();
    EXPECT_FALSE(claim.holds);
    EXPECT_TRUE(claim.by_hand);
    EXPECT_EQ(claim.error, 1);
    EXPECT_EQ(claim.edited, 1);
    EXPECT_EQ(claim.of, 2);
    EXPECT_EQ(claim.checked, 1) << "the row that sees nothing is left out";
    EXPECT_TRUE(claim.found.ends_with("1 sees nothing")) << claim.found;
    Trace masked;
    const AxisPtr alone = masked.add_axis({"source", AxisKind::key, 2, {}, "j"});
    masked.add({"weights", Role::weights, "α", "", "", {alone}}, Tensor<float>::from(Shape{2}, {0, 0}));
    EXPECT_TRUE(check_claims(masked).empty()) << "of nothing at all nothing is claimed";
}

/// What a hand made small is still held against the size that it had.
TEST(Claims, tolerance_is_that_of_what_stood_there_before) {
    for (const double off : {2e-3, 2e-1}) {
        Trace trace;
        const AxisPtr axis = trace.add_axis({"source", AxisKind::key, 2, {}, "j"});
        trace.add({"a", Role::state, "a", "", "", {axis}}, Tensor<float>::from(Shape{2}, {1000, 500}));
        trace.add({"b", Role::state, "b", "", "", {axis}}, Tensor<float>::from(Shape{2}, {0, 0}),
                  Tensor<float>::from(Shape{2}, {static_cast<float>(1000 + off), 500}));
        trace.add_step({"copy", "b", "b = a", "b[j] = a[j]", ""});
        const Claim claim = check_claims(trace).back();
        EXPECT_FALSE(claim.holds);
        EXPECT_EQ(claim.by_hand, off < 0.01) << off;
    }
}

TEST(Claims, say_how_many_cells_were_looked_at_and_look_at_what_was_changed) {
    Trace trace;
    const AxisPtr axis = trace.add_axis({"source", AxisKind::key, 1000, {}, "j"});
    Tensor<float> given(Shape{1000}, 1.0f), changed = given.clone();
    changed.data()[501] = 2;
    trace.add({"a", Role::state, "a", "", "", {axis}}, given);
    trace.add({"b", Role::state, "b", "", "", {axis}}, changed, given);
    trace.add({"c", Role::state, "c", "", "", {axis}}, given);
    trace.add_step({"copy", "b", "b = a", "b[j] = a[j]", ""});
    trace.add_step({"search", "c", "c = the best of a", "", ""});
    const Claim claim = check_claims(trace).back();
    EXPECT_EQ(claim.of, 1000);
    EXPECT_EQ(claim.checked, 33) << "32 evenly, and the one that was changed";
    EXPECT_TRUE(claim.by_hand);
    ASSERT_EQ(unchecked_formulas(trace).size(), 1u);
    EXPECT_EQ(unchecked_formulas(trace).front()->result, "c");
}

/// One cell that a hand moved far, among many that it hardly moved.
TEST(Claims, look_at_what_was_changed_most) {
    Trace trace;
    const AxisPtr axis = trace.add_axis({"source", AxisKind::key, 1000, {}, "j"});
    Tensor<float> given(Shape{1000}, 1.0f), changed(Shape{1000}, 1.0f + 1e-6f);
    changed.data()[777] = 2;
    trace.add({"a", Role::state, "a", "", "", {axis}}, given);
    trace.add({"b", Role::state, "b", "", "", {axis}}, changed, given);
    trace.add_step({"copy", "b", "b = a", "b[j] = a[j]", ""});
    const Claim claim = check_claims(trace).back();
    EXPECT_FALSE(claim.holds);
    EXPECT_TRUE(claim.by_hand);
    EXPECT_EQ(claim.error, 1);
}

TEST(Claims, rows_that_do_not_sum_to_one_or_are_not_numbers_are_broken) {
    for (const float bad : {0.5f, std::numeric_limits<float>::quiet_NaN()}) {
        Trace trace;
        const AxisPtr key = trace.add_axis({"source", AxisKind::key, 2, {}, "j"});
        trace.add({"weights", Role::weights, "α", "", "", {key}}, Tensor<float>::from(Shape{2}, {bad, 0.25f}));
        ASSERT_EQ(check_claims(trace).size(), 1u);
        EXPECT_FALSE(check_claims(trace)[0].holds);
    }
}

TEST(Claims, speak_of_what_is_shown_and_say_what_the_hand_broke) {
    Trace trace;
    const AxisPtr key = trace.add_axis({"source", AxisKind::key, 2, {}, "j"});
    trace.add({"scores", Role::scores, "e", "", "", {key}}, Tensor<float>::from(Shape{2}, {1, 1}));
    trace.add({"weights", Role::weights, "α", "", "", {key}}, Tensor<float>::from(Shape{2}, {0.9f, 0.1f}),
              Tensor<float>::from(Shape{2}, {0.5f, 0.5f}));
    trace.add_step({"align", "weights", "", "weights[j] = softmax_j(scores[j])", ""});
    const std::vector<Claim> claims = check_claims(trace);
    ASSERT_EQ(claims.size(), 2u);
    EXPECT_TRUE(claims[0].holds) << "the row still sums to 1";
    EXPECT_FALSE(claims[1].holds) << "what is shown is not the softmax";
    EXPECT_TRUE(claims[1].by_hand) << "what was computed is";
    for (const Claim& each : claims) EXPECT_EQ(each.edited, each.checked) << each.text;
    EXPECT_EQ(claims[1].of, 2);
    EXPECT_NE(explain(trace, {"weights", {0}}).edited.find("0.5000"), std::string::npos);
}

}  // namespace
}  // namespace saccade::formula_test
