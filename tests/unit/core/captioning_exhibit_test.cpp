#include <algorithm>
#include <cmath>

#include "exhibit/exhibit.hpp"
#include "model/captioner.hpp"
#include "model/model_store.hpp"
#include "run/runner.hpp"
#include "same_trace.hpp"
#include "testing.hpp"

// The exhibit captioning on the bundled models.

namespace saccade::test::captioning_exhibit_test {
namespace {

RunRequest request_of(const std::string& model, const std::string& language = "en") {
    RunRequest request;
    request.exhibit = "captioning";
    request.params.set("model", model);
    request.params.set("language", language);
    return request;
}

TEST(Captioning, every_rule_holds_whatever_the_attention) {
    for (const char* model : {"soft", "hard", "sca"}) {
        for (const char* language : {"en", "zh"}) {
            const std::string where = std::string(model) + ", " + language;
            const RunRequest request = request_of(model, language);
            const TracePtr trace = run(request);
            for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << where << ": " << claim.text;
            for (const ViewPlacement& view : placements(exhibit("captioning"), request.params))
                EXPECT_NE(trace->find(view.tensor), nullptr) << where << ": " << view.tensor;
            EXPECT_EQ(trace->tensor("map").values.shape()[0], trace->axis("output")->extent);
            EXPECT_FALSE(trace->texts().at("output").empty());
        }
    }
}

TEST(Captioning, places_and_channels_count_from_1_where_people_read_them) {
    for (const char* model : {"soft", "sca"}) {
        const TracePtr trace = run(request_of(model));
        const Index width = trace->axis("x")->extent;
        const std::vector<std::string>& places = trace->axis("location")->labels;
        EXPECT_EQ(places.front(), "1,1");
        EXPECT_EQ(places[static_cast<std::size_t>(6 * width + 3)], "7,4") << "row 7, column 4";
        EXPECT_EQ(places.back(), std::to_string(trace->axis("y")->extent) + "," + std::to_string(width));
        EXPECT_EQ(trace->axis("channel")->labels.front(), "1");
    }
}

TEST(Captioning, the_other_order_of_channels_and_locations_runs_too) {
    for (const char* order : {"channel-spatial", "spatial-channel"}) {
        RunRequest request = request_of("sca");
        request.params.set("order", std::string(order));
        const TracePtr trace = run(request);
        EXPECT_TRUE(trace->notes().empty()) << order << " has weights of its own";
        for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << order << ": " << claim.text;
        request.model =
            bundled_model(order == std::string("channel-spatial") ? "captions-sca-spatial-channel" : "captions-sca");
        ASSERT_EQ(run(request)->notes().size(), 1u) << order << " of weights that were trained the other way";
    }
}

TEST(Captioning, an_own_caption_is_written_and_looked_up_in_its_own_language) {
    RunRequest request = request_of("soft");
    request.params.set("caption", std::string("大红圆在大蓝方块的左边"));
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->texts().at("output"), "大红圆在大蓝方块的左边");
    EXPECT_EQ(trace->axis("output")->labels[2], "圆");
    const Tensor<float>& pointing = trace->tensor("pointing").values;
    EXPECT_FALSE(std::isnan(pointing.data()[2]));
    EXPECT_TRUE(std::isnan(pointing.data()[3]));
    request.params.set("caption", std::string("a large red elephant"));
    EXPECT_THROW(run(request), Error);
}

TEST(Captioning, a_weight_by_hand_changes_what_is_read_and_what_is_said) {
    const TracePtr before = run(request_of("soft"));
    RunRequest request = request_of("soft");
    request.interventions = {parse_intervention("weights[1,0]=1")};
    const TracePtr after = run(request);
    EXPECT_EQ(after->tensor("map").values.at({1, 0, 0}), 1);
    const Tensor<float> own = after->tensor("context").values.row(1), first = after->tensor("annotations").values.row(0);
    for (Index k = 0; k < own.size(); ++k) EXPECT_NEAR(own.data()[k], first.data()[k], 1e-5);
    double moved = 0;
    for (Index c = 0; c < after->axis("token")->extent; ++c)
        moved += std::abs(static_cast<double>(after->tensor("probabilities").values.at({1, c}) -
                                              before->tensor("probabilities").values.at({1, c})));
    EXPECT_GT(moved, 1e-3);
}

TEST(Captioning, hard_attention_draws_one_location_by_the_seed) {
    RunRequest request = request_of("hard");
    request.params.set("caption", std::string("a large red circle is left of a small blue square"));
    request.params.set("temperature", 3.0);
    const TracePtr one = run(request), again = run(request);
    expect_same_trace(*one, *again);
    for (Index i = 0; i < one->axis("output")->extent; ++i) {
        const auto row = one->tensor("weights").values.row(i);
        EXPECT_EQ(std::count(row.values().begin(), row.values().end(), 1.0f), 1);
    }
    request.seed = 8;
    const TracePtr other = run(request);
    bool differs = false;
    for (Index i = 0; i < one->tensor("weights").values.size(); ++i)
        differs = differs || one->tensor("weights").values.data()[i] != other->tensor("weights").values.data()[i];
    EXPECT_TRUE(differs);
}

TEST(Captioning, any_alignment_that_needs_scores_alone_reads_with_the_trained_weights) {
    for (const char* model : {"soft", "hard", "sca"}) {
        const std::string trained = captioner_design(model).align.function;
        for (const AlignFunction& function : align_functions()) {
            RunRequest request = request_of(model);
            request.params.set("alignment", function.id);
            if (!function.scores_alone()) {
                EXPECT_THROW(run(request), Error) << function.id;
                continue;
            }
            const std::string where = std::string(model) + ", " + function.id;
            const TracePtr trace = run(request);
            for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << where << ": " << claim.text;
            for (const ViewPlacement& view : placements(exhibit("captioning"), request.params))
                EXPECT_NE(trace->find(view.tensor), nullptr) << where << ": " << view.tensor;
            EXPECT_EQ(std::ranges::count(trace->notes(), "alignment", &Note::param), function.id == trained ? 0 : 1) << where;
            if (function.id == trained) expect_same_trace(*trace, *run(request_of(model)));
        }
    }
}

TEST(Captioning, hard_attention_draws_from_the_policy_that_is_shown) {
    RunRequest request = request_of("hard");
    request.interventions = {parse_intervention("policy[0,:]=0"), parse_intervention("policy[0,5]=1"),
                             parse_intervention("map[1,0,0]=0.5")};
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->tensor("weights").values.at({0, 5}), 1.0f);
    float looked = 0;
    for (Index i = 0; i < trace->tensor("map").values.shape()[0]; ++i) looked += trace->tensor("map").values.at({i, 0, 0});
    EXPECT_FLOAT_EQ(trace->tensor("coverage").values.at({0, 0}), looked);
    for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds || claim.by_hand) << claim.text;
}

TEST(Captioning, other_resolutions_give_other_maps_and_a_note) {
    RunRequest request = request_of("soft");
    request.params.set("resolution", std::int64_t{200});
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->tensor("map").values.shape()[1], 25);
    bool said = false;
    for (const Note& note : trace->notes()) said = said || note.param == "resolution";
    EXPECT_TRUE(said);
}

TEST(Captioning, a_beam_has_a_tree_and_its_first_caption_is_the_best) {
    RunRequest request = request_of("soft");
    request.params.set("beam", std::int64_t{4});
    const TracePtr trace = run(request);
    EXPECT_NE(trace->find("beam.score"), nullptr);
    EXPECT_EQ(trace->texts().at("hypothesis.1").rfind(trace->texts().at("output"), 0), 0u);
    for (const Claim& claim : check_claims(*trace)) EXPECT_TRUE(claim.holds) << claim.text;
}

}  // namespace
}  // namespace saccade::test::captioning_exhibit_test
