#include <gtest/gtest.h>

#include <algorithm>

#include "base/parallel.hpp"
#include "run/finding.hpp"
#include "run/runner.hpp"
#include "trace/claims.hpp"
#include "trace/explain.hpp"
#include "trace/rows_claim.hpp"
#include "unit/core/testing.hpp"

namespace saccade::alignment_exhibit_test {
namespace {

using test::contains;
using test::error_of;

RunRequest asking(const std::string& source, const std::string& target = {}) {
    RunRequest request;
    request.exhibit = "alignment";
    request.params.set("source", source);
    request.params.set("target", target);
    return request;
}

TEST(AlignmentExhibit, rewrites_dates) {
    for (const std::string source : {"2019年9月30日", "二〇一九年九月三十日", "Mon, 30 Sep 2019", "30/9/19",
                                     "the 30th of September 2019", "SEPTEMBER 30TH, 2019", "20190930", "19年9月30日"})
        EXPECT_EQ(run(asking(source))->texts().at("output"), "2019-09-30") << source;
}

TEST(AlignmentExhibit, explains_itself_and_every_rule_holds) {
    const TracePtr trace = run(asking("30 Sep 2019"));
    EXPECT_EQ(trace->axis("source")->labels[2], "␣");
    const auto claims = check_claims(*trace);
    EXPECT_GE(claims.size(), 20u);
    for (const Claim& claim : claims) EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.error;
    // From a weight down to the embeddings and parameters.
    const Explanation weight = explain(*trace, {"weights", {8, 0}});
    EXPECT_TRUE(weight.has_rule);
    EXPECT_NEAR(weight.recorded, weight.recomputed, 1e-6);
    const Explanation state = explain(*trace, {"encoder.forward.candidate", {3, 5}});
    bool embedding = false;
    for (const auto& operand : state.operands) embedding = embedding || operand.ref.tensor == "encoder.embedding";
    EXPECT_TRUE(embedding);
}

TEST(AlignmentExhibit, attends_to_the_gold_characters) {
    const Tensor<float> w = run(asking("30 Sep 2019"))->tensor("weights").values;
    EXPECT_GT(w.at({0, 7}), 0.8f);                                // 2
    EXPECT_GT(w.at({8, 0}), 0.8f);                                // 3
    EXPECT_GT(w.at({6, 3}) + w.at({6, 4}) + w.at({6, 5}), 0.8f);  // 9 <- Sep
}

TEST(AlignmentExhibit, traditional_characters_are_read_as_simplified_ones) {
    for (const char* model : {"zh-en-gru", "zh-en-luong", "zh-en-fixed"}) {
        RunRequest request = asking("我愛中國。");
        request.params.set("model", std::string(model));
        request.params.set("training", std::string("free"));
        const TracePtr traditional = run(request);
        request.params.set("source", std::string("我爱中国。"));
        const TracePtr simplified = run(request);
        EXPECT_EQ(traditional->texts().at("output"), simplified->texts().at("output"));
        EXPECT_EQ(traditional->axis("source")->labels[1], "愛") << "as typed";
        ASSERT_EQ(traditional->notes().size(), 1u) << model;
        EXPECT_TRUE(contains(traditional->notes()[0].text, "愛 as 爱")) << traditional->notes()[0].text;
        EXPECT_TRUE(simplified->notes().empty());
    }
}

TEST(AlignmentExhibit, the_word_aligner_stands_beside_the_attention) {
    RunRequest request = asking("我爱中国。", "I love China.");
    request.params.set("model", "zh-en-gru");
    const TracePtr trace = run(request);
    const TraceTensor& agreement = trace->tensor("aligner.agreement");
    ASSERT_EQ(agreement.values.shape(), trace->tensor("weights").values.shape());
    const auto most = [&](Index row) {
        const auto values = agreement.values.row(row);
        return std::ranges::max_element(values.values()) - values.values().begin();
    };
    EXPECT_EQ(most(0), 0) << "i, 我";
    EXPECT_EQ(most(1), 1) << "love, 爱";
    EXPECT_TRUE(most(2) == 2 || most(2) == 3) << "china, 中 or 国";
    for (const float v : agreement.values.row(4).values()) EXPECT_EQ(v, 0) << "<end>";
    EXPECT_TRUE(trace->notes().empty());
    request.params.set("model", "zh-en-fixed");
    EXPECT_EQ(run(request)->find("aligner.agreement"), nullptr) << "no attention to stand beside";
    EXPECT_EQ(run(asking("30 Sep 2019"))->find("aligner.agreement"), nullptr);
}

/// A window that nothing stands in: its rows are zeros, and neither claim counts them.
TEST(AlignmentExhibit, rows_that_see_nothing_are_left_out_of_what_is_claimed) {
    const auto lesson_says = [](const Trace& trace, const char* part) {
        const Exhibit& e = exhibit("alignment");
        const auto findings = check_lesson(e.lesson, trace);
        for (std::size_t i = 0; i < findings.size(); ++i)
            if (contains(e.lesson.points[i].english, part))
                return verdict(e.lesson.points[i], findings[i]) + ": " +
                       (findings[i].claim ? found_against_claimed(*findings[i].claim) : "");
        return std::string("no such point");
    };
    RunRequest request = asking("1 May");
    request.params.set("alignment", std::string("local_m"));
    request.params.set("window", 0.0);
    const TracePtr trace = run(request);
    const TraceTensor& weights = trace->tensor("weights");
    Index empty = 0;
    for (Index r = 0; r < weights.values.shape()[0]; ++r) empty += sees_nothing(weights, r) ? 1 : 0;
    ASSERT_GT(empty, 0);
    const std::string rows = std::to_string(weights.values.shape()[0] - empty) + " of " +
                             std::to_string(weights.values.shape()[0]) + " checked",
                      nothing = std::to_string(empty) + " see nothing";
    const Claim claim = check_claims(*trace).front();
    EXPECT_TRUE(claim.holds);
    EXPECT_TRUE(contains(found_against_claimed(claim), rows)) << found_against_claimed(claim);
    for (const char* point : {"each row sums to 1", "weighted mean of the annotations"}) {
        const std::string said = lesson_says(*trace, point);
        EXPECT_EQ(said.find("held: "), 0u) << said;
        EXPECT_TRUE(contains(said, nothing)) << said;
    }
    // Masked by a hand, and set to 0 by a hand.
    request.params.set("source", std::string("Mon, 30 Sep 2019"));
    request.params.set("window", 5.0);
    request.interventions = {parse_intervention("mask[2,:]=-inf")};
    EXPECT_TRUE(contains(lesson_says(*run(request), "each row sums to 1"), "1 sees nothing"));
    request.interventions = {parse_intervention("weights[2,:]*=0")};
    EXPECT_EQ(lesson_says(*run(request), "each row sums to 1").find("broken, by hand"), 0u);
    EXPECT_EQ(lesson_says(*run(request), "weighted mean of the annotations").find("broken, by hand"), 0u);
}

TEST(AlignmentExhibit, an_output_that_does_not_end_has_its_cause) {
    const auto why = [](const RunRequest& request) {
        const TracePtr trace = run(request);
        for (const Note& note : trace->notes())
            if (contains(note.text, "did not end")) return note.hint;
        return std::string();
    };
    RunRequest request = asking("30 Sep 2019");
    EXPECT_EQ(why(request), "");
    const ModelPtr bundled = bundled_model("dates");
    Model untrained{"dates", "", bundled->card, bundled->weights};
    for (auto& [name, values] : untrained.weights) values = Tensor<float>(values.shape());
    request.model = std::make_shared<const Model>(std::move(untrained));
    EXPECT_TRUE(contains(why(request), "not trained yet")) << why(request);
    RunRequest hand = asking("30 Sep 2019");
    hand.interventions = {parse_intervention("logits[:,2]=99")};
    EXPECT_TRUE(contains(why(hand), "changed by hand")) << why(hand);
}

TEST(AlignmentExhibit, an_edited_weight_changes_the_output) {
    RunRequest request = asking("30 Sep 2019");
    for (const char* spec : {"weights[8,0]=0", "weights[8,8]=1"}) request.interventions.push_back(parse_intervention(spec));
    const TracePtr trace = run(request);
    EXPECT_NE(trace->texts().at("output"), "2019-09-30");
    for (const Claim& claim : check_claims(*trace))
        EXPECT_TRUE(claim.holds || claim.by_hand) << claim.tensor << ": " << claim.error;
}

TEST(AlignmentExhibit, forces_the_output) {
    const TracePtr trace = run(asking("30 Sep 2019", "1999-1"));
    EXPECT_EQ(trace->texts().at("output"), "1999-1");
    EXPECT_EQ(trace->axis("output")->extent, 7);
    const std::string line = error_of(ErrorCode::invalid_input, [] { run(asking("30 Sep 2019", "2019/09")); });
    EXPECT_TRUE(contains(line, "/") && contains(line, "0123456789-")) << line;
}

TEST(AlignmentExhibit, bad_input_is_one_line) {
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { run(asking("")); }), "Source is empty"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { run(asking(std::string(10000, '1'))); }), "512"));
    error_of(ErrorCode::invalid_input, [] { run(asking("30 \xff Sep")); });
}

TEST(AlignmentExhibit, characters_never_seen_are_noted) {
    const TracePtr trace = run(asking("30 Sép 2019 😀"));
    ASSERT_EQ(trace->notes().size(), 1u);
    EXPECT_EQ(trace->notes()[0].param, "source");
    EXPECT_EQ(trace->notes()[0].text, "2 characters the model never saw: é 😀");
    EXPECT_TRUE(run(asking("30 Sep 2019"))->notes().empty());
}

TEST(AlignmentExhibit, same_bits_at_one_and_two_threads) {
    const int before = thread_count();
    set_thread_count(1);
    const TracePtr one = run(asking("the 30th of September 2019"));
    set_thread_count(2);
    const TracePtr two = run(asking("the 30th of September 2019"));
    set_thread_count(before);
    ASSERT_EQ(one->tensors().size(), two->tensors().size());
    for (const TraceTensor& tensor : one->tensors())
        EXPECT_TRUE(std::ranges::equal(tensor.values.values(), two->tensor(tensor.info.name).values.values()))
            << tensor.info.name;
}

}  // namespace
}  // namespace saccade::alignment_exhibit_test
