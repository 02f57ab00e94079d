#include <gtest/gtest.h>

#include <cmath>

#include "exhibit/exhibits.hpp"
#include "run/runner.hpp"
#include "trace/claims.hpp"
#include "unit/core/same_trace.hpp"
#include "unit/core/testing.hpp"
#include "unit/core/tiny_transformer.hpp"

namespace saccade::attention_exhibits_test {
namespace {

using test::contains;
using test::error_of;
using test::tiny_transformer;

RunRequest asking(const ModelPtr& model, const std::string& text = "abcdefab") {
    RunRequest request;
    request.model = model;
    request.params.set("text", text);
    return request;
}

TracePtr ran(const Exhibit& exhibit, const RunRequest& request) {
    return run(exhibit, request, {}, {}, nullptr);
}

void expect_rules_hold(const Trace& trace, const std::string& what) {
    for (const Claim& claim : check_claims(trace, 12))
        EXPECT_TRUE(claim.holds) << what << ", " << claim.tensor << ": " << claim.text << ", off by " << claim.error;
}

TEST(SelfAttention, is_the_head_of_the_whole_model) {
    const Exhibit self = self_attention_exhibit(), whole = transformer_exhibit();
    for (const std::string code : {"none", "learned", "shaw", "rotary", "alibi"}) {
        const ModelPtr model = tiny_transformer({.position = code});
        RunRequest one = asking(model), all;
        one.params.set("layer", std::int64_t{2});
        one.params.set("head", std::int64_t{2});
        all.model = model;
        all.params.set("source", std::string("abcdefab"));
        const TracePtr head = ran(self, one), both = ran(whole, all);
        expect_rules_hold(*head, code);
        for (const char* name : {"query", "key", "value", "scores", "weights", "context"}) {
            const Tensor<float> mine = head->tensor(name).values;
            const Tensor<float> theirs = both->tensor(std::string("encoder.") + name).values.row(1).row(1);
            ASSERT_EQ(mine.shape(), theirs.shape()) << name;
            for (Index i = 0; i < mine.size(); ++i) ASSERT_NEAR(mine.data()[i], theirs.data()[i], 2e-5) << code << name << i;
        }
    }
}

/// The layers below read what is shown, as in the whole model under the same interventions.
TEST(SelfAttention, layers_below_follow_a_changed_input) {
    const Exhibit whole = transformer_exhibit();
    for (const Exhibit& exhibit : {self_attention_exhibit(), multi_head_exhibit()})
        for (const std::string changed : {"input[0,:]=0", "embedding[0,:]=0", "position[0,:]=0"}) {
            const ModelPtr model = tiny_transformer({.position = "sinusoidal"});
            RunRequest one = asking(model), all;
            one.params.set("layer", std::int64_t{2});
            const TracePtr untouched = ran(exhibit, one);
            one.interventions = {parse_intervention(changed)};
            all.model = model;
            all.params.set("source", std::string("abcdefab"));
            all.interventions = {parse_intervention("encoder." + changed)};
            const Tensor<float> before = untouched->tensor("stream").values, mine = ran(exhibit, one)->tensor("stream").values;
            const Tensor<float> theirs = ran(whole, all)->tensor("encoder.state").values.row(0);
            double moved = 0;
            for (Index i = 0; i < mine.size(); ++i) {
                ASSERT_NEAR(mine.data()[i], theirs.data()[i], 2e-5) << exhibit.id << " " << changed << " " << i;
                moved = std::max(moved, std::abs(static_cast<double>(mine.data()[i] - before.data()[i])));
            }
            EXPECT_GT(moved, 0.01) << exhibit.id << " " << changed;
        }
}

TEST(SelfAttention, masks) {
    const Exhibit self = self_attention_exhibit();
    RunRequest request = asking(tiny_transformer());
    request.params.set("mask", std::string("causal"));
    const TracePtr causal = ran(self, request);
    EXPECT_EQ(causal->tensor("weights").values.at({0, 0}), 1.0f);
    EXPECT_EQ(causal->notes().size(), 1u);
    request.params.set("mask", std::string("restricted"));
    request.params.set("radius", 0.0);
    const TracePtr narrow = ran(self, request);
    for (Index i = 0; i < 8; ++i) EXPECT_EQ(narrow->tensor("weights").values.at({i, i}), 1.0f);
    expect_rules_hold(*narrow, "r = 0");
    request.interventions.push_back(parse_intervention("mask[3,:]=-inf"));
    const Tensor<float> blind = ran(self, request)->tensor("context").values.row(3);
    for (const float z : blind.values()) EXPECT_EQ(z, 0.0f);
}

TEST(MultiHead, heads_add_up_to_the_output) {
    const Exhibit exhibit = multi_head_exhibit();
    for (const std::string norm : {"pre", "post", "none"}) {
        RunRequest request = asking(tiny_transformer({.norm = norm}));
        request.params.set("layer", std::int64_t{2});
        const TracePtr trace = ran(exhibit, request);
        expect_rules_hold(*trace, norm);
        EXPECT_TRUE(rule_holds(*trace, "attended[i,k] = sum_h(contribution[h,i,k]) + bias.output[k]", 1e-5).holds) << norm;
    }
    RunRequest silent = asking(tiny_transformer());
    silent.interventions.push_back(parse_intervention("context[1,:,:]*=0"));
    EXPECT_EQ(ran(exhibit, silent)->tensor("head.share").values.at({1}), 0.0f);
}

TEST(Positions, every_code_is_shown_and_its_rules_hold) {
    const Exhibit exhibit = positions_exhibit();
    for (const PositionFunction& code : position_codes()) {
        const TracePtr trace = ran(exhibit, asking(tiny_transformer({.position = code.id})));
        expect_rules_hold(*trace, code.id);
        EXPECT_EQ(trace->find("code") == nullptr, code.id == "none");
        for (const ViewPlacement& placed : placements(exhibit, {}))
            EXPECT_TRUE(placed.tensor == "code" || trace->find(placed.tensor) != nullptr) << placed.tensor;
    }
}

TEST(TransformerWing, bundled_models_keep_their_rules_and_have_what_is_shown) {
    for (const char* id : {"self-attention", "multi-head", "positions", "transformer"}) {
        RunRequest request;
        request.exhibit = id;
        const TracePtr trace = run(request);
        expect_rules_hold(*trace, id);
        for (const ViewPlacement& placed : placements(exhibit(id), {}))
            EXPECT_TRUE(trace->find(placed.tensor) != nullptr || placed.tensor == "beam.score") << id << ": " << placed.tensor;
    }
}

TEST(TransformerWing, a_trained_translation_forced_is_the_run_that_wrote_it) {
    RunRequest request;
    request.exhibit = "transformer";
    const TracePtr free = run(request);
    EXPECT_EQ(free->texts().at("output"), "he gets up at six every morning.");
    Reuse reuse;
    run(request, {}, {}, &reuse);
    request.params.set("target", free->texts().at("output"));
    test::expect_same_trace(*run(request, {}, {}, &reuse), *free);
    request.params.set("target", std::string("he gets up"));
    test::expect_same_trace(*run(request, {}, {}, &reuse), *run(request));
}

TEST(Positions, lengths_are_measured) {
    RunRequest request;
    request.exhibit = "positions";
    request.params.set("show", std::string("extrapolation"));
    request.params.set("samples", std::int64_t{2});
    request.params.set("longest", std::int64_t{2});
    const TracePtr trace = run(request);
    expect_rules_hold(*trace, "lengths");
    for (const float share : trace->tensor("accuracy").values.values()) EXPECT_GT(share, 0.3f);
}

TEST(Positions, bad_input_is_one_line) {
    const ModelPtr model = tiny_transformer({.position = "learned"});
    EXPECT_TRUE(
        contains(error_of(ErrorCode::invalid_input, [&] { ran(positions_exhibit(), asking(model, std::string(17, 'a'))); }),
                 "16 positions"));
    RunRequest request = asking(model);
    request.params.set("layer", std::int64_t{3});
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { ran(multi_head_exhibit(), request); }), "the model has 2"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { ran(multi_head_exhibit(), asking(model, "")); }), "mpty"));
}

}  // namespace
}  // namespace saccade::attention_exhibits_test
