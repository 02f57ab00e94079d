#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "exhibit/exhibits.hpp"
#include "model/transformer_run.hpp"
#include "run/runner.hpp"
#include "trace/claims.hpp"
#include "unit/core/same_trace.hpp"
#include "unit/core/testing.hpp"
#include "unit/core/tiny_transformer.hpp"

namespace saccade::transformer_run_test {
namespace {

using test::contains;
using test::error_of;
using test::tiny_transformer;
using test::TinyTransformer;

const Exhibit& exhibit_under_test() {
    static const Exhibit e = transformer_exhibit();
    return e;
}

RunRequest asking(const ModelPtr& model, const std::string& source = "abcdef", const std::string& target = {}) {
    RunRequest request;
    request.model = model;
    request.params.set("source", source);
    request.params.set("target", target);
    return request;
}

TracePtr ran(const RunRequest& request, Reuse* reuse = nullptr) {
    return saccade::run(exhibit_under_test(), request, {}, {}, reuse);
}

void expect_rules_hold(const Trace& trace, const std::string& what) {
    for (const Claim& claim : check_claims(trace, 12))
        EXPECT_TRUE(claim.holds || claim.by_hand)
            << what << ", " << claim.tensor << ": " << claim.text << ", off by " << claim.error;
}

TEST(TransformerRun, every_rule_holds_with_every_position_code_and_norm) {
    for (const PositionFunction& code : position_codes())
        expect_rules_hold(*ran(asking(tiny_transformer({.position = code.id}))), code.id);
    for (const std::string norm : {"post", "none"}) {
        const TracePtr trace = ran(asking(tiny_transformer({.norm = norm, .activation = "gelu", .bias = false})));
        expect_rules_hold(*trace, norm);
    }
    const TracePtr trace = ran(asking(tiny_transformer({.d_ff = 0}), "abcdef", "fade"));
    expect_rules_hold(*trace, "attention only");
}

TEST(TransformerRun, each_recorded_tensor_has_a_formula_and_all_but_the_choice_a_rule) {
    const TracePtr trace = ran(asking(tiny_transformer()));
    for (const TraceTensor& t : trace->tensors()) {
        if (t.info.role == Role::parameter || t.info.name == "source.id") continue;
        const Step* step = trace->step_of(t.info.name);
        ASSERT_NE(step, nullptr) << t.info.name;
        EXPECT_EQ(step->rule.empty(), t.info.name == "output.id") << t.info.name;
    }
}

TEST(TransformerRun, a_free_output_is_the_same_run_as_that_output_forced) {
    const ModelPtr ends = tiny_transformer({.seed = 3});
    const TracePtr ended = ran(asking(ends));
    ASSERT_TRUE(ended->notes().empty());  // it reached <end>
    Reuse reuse;
    TransformerRequest request;
    const auto loaded = transformer_of(ends, trained_design(*ends));
    request.source = loaded->text->read("abcdef").ids;
    request.source_labels = loaded->text->read("abcdef").tokens;
    request.forced = loaded->text->target(ended->texts().at("output"));
    Probe probe({}, {});
    run_transformer(loaded, request, probe, reuse, {});
    const Trace forced = probe.finish();
    for (const TraceTensor& t : forced.tensors())
        EXPECT_TRUE(std::ranges::equal(t.values.values(), ended->tensor(t.info.name).values.values())) << t.info.name;

    // Which token comes next is found from cached keys and values: as the whole prefix at once would say.
    const TracePtr free = ran(asking(tiny_transformer()));
    const Tensor<float>& p = free->tensor("probabilities").values;
    ASSERT_EQ(p.shape()[0], 11);
    for (Index i = 0; i < p.shape()[0]; ++i) {
        const auto shown = p.row(i);
        const auto row = shown.values();
        EXPECT_EQ(std::ranges::max_element(row) - row.begin(), free->tensor("output.id").values.at({i})) << i;
    }
}

TEST(TransformerRun, decoding_through_an_idle_intervention_writes_the_same) {
    for (const std::string position : {"sinusoidal", "rotary", "shaw"}) {
        RunRequest request = asking(tiny_transformer({.position = position}));
        const TracePtr free = ran(request);
        request.interventions.push_back(parse_intervention("decoder.weights[0,0,:,:]*=1"));
        EXPECT_EQ(ran(request)->texts().at("output"), free->texts().at("output")) << position;
    }
}

TEST(TransformerRun, the_output_follows_interventions) {
    const ModelPtr model = tiny_transformer();
    RunRequest request = asking(model);
    const TracePtr free = ran(request);
    for (const char* spec : {"cross.context*=-3", "encoder.weights[1,:,:,:]*=0"})
        request.interventions.push_back(parse_intervention(spec));
    const TracePtr changed = ran(request);
    EXPECT_NE(changed->texts().at("output"), free->texts().at("output"));
    expect_rules_hold(*changed, "intervened");
    // Of an output id that is set by hand, too.
    RunRequest set = asking(model, "abcdef", "fade");
    set.interventions.push_back(parse_intervention("output.id[1]=3"));
    const TracePtr told = ran(set);
    EXPECT_EQ(told->tensor("output.id").values.at({1}), 3);
    EXPECT_EQ(told->tensor("decoder.id").values.at({2}), 3);
}

TEST(TransformerRun, what_is_kept_between_runs_changes_nothing) {
    const ModelPtr model = tiny_transformer();
    Reuse reuse;
    for (const auto& [source, target] : std::vector<std::pair<std::string, std::string>>{
             {"abcdef", ""}, {"abcdef", ""}, {"abcdef", "fa"}, {"abcdef", "fade"}, {"abcde", "fade"}, {"abcde", ""}}) {
        const RunRequest request = asking(model, source, target);
        test::expect_same_trace(*ran(request, &reuse), *ran(request));
    }
    EXPECT_GT(reuse.bytes(), 0u);
    RunRequest beam = asking(model);
    for (const std::int64_t which : {1, 2}) {
        beam.params.set("beam", std::int64_t{3});
        beam.params.set("hypothesis", which);
        test::expect_same_trace(*ran(beam, &reuse), *ran(beam));
    }
    RunRequest narrow = asking(model);
    narrow.params.set("encoder_radius", 1.0);
    test::expect_same_trace(*ran(narrow, &reuse), *ran(narrow));
    narrow.params.set("decoder_radius", 1.0);
    test::expect_same_trace(*ran(narrow, &reuse), *ran(narrow));
}

TEST(TransformerRun, an_output_that_begins_as_before_goes_on_from_there) {
    for (const PositionFunction& code : position_codes())
        for (const std::string norm : {"pre", "post"}) {
            const ModelPtr model = tiny_transformer({.position = code.id, .norm = norm, .layers = 3});
            Reuse reuse;
            // Typed at the end, changed in the middle, taken back, another first token, the same source with a smaller radius.
            for (const std::string target : {"fa", "fade", "fadeadead", "faceadead", "face", "f", "beef"})
                test::expect_same_trace(*ran(asking(model, "abcdef", target), &reuse), *ran(asking(model, "abcdef", target)));
            for (const std::string target : {"beef", "beefed"}) {
                RunRequest narrow = asking(model, "abcdef", target);
                narrow.params.set("decoder_radius", 1.0);
                test::expect_same_trace(*ran(narrow, &reuse), *ran(narrow));
            }
        }
}

TEST(TransformerRun, masks_and_radius) {
    const ModelPtr model = tiny_transformer();
    RunRequest request = asking(model);
    request.params.set("encoder_radius", 0.0);
    request.params.set("decoder_radius", 1.0);
    const TracePtr trace = ran(request);
    expect_rules_hold(*trace, "radius");
    for (Index i = 0; i < 6; ++i) EXPECT_EQ(trace->tensor("encoder.weights").values.at({0, 1, i, i}), 1.0f);
    RunRequest open = asking(model, "abcdef", "fade");
    open.params.set("causal", false);
    const TracePtr seen = ran(open);
    expect_rules_hold(*seen, "no causal mask");
    EXPECT_GT(seen->tensor("decoder.weights").values.at({0, 0, 0, 4}), 0.0f);
    open.params.set("target", std::string());
    EXPECT_FALSE(ran(open)->notes().empty());
}

TEST(TransformerRun, a_mask_that_hides_everything_gives_zeros_and_no_nan) {
    RunRequest request = asking(tiny_transformer());
    request.interventions.push_back(parse_intervention("encoder.mask[:,2,:]=-inf"));
    const TracePtr trace = ran(request);
    EXPECT_EQ(trace->tensor("encoder.weights").values.at({0, 0, 2, 2}), 0.0f);
    for (const float v : trace->tensor("probabilities").values.values()) ASSERT_TRUE(std::isfinite(v));
}

TEST(TransformerRun, gradients_are_those_of_finite_differences) {
    const ModelPtr model = tiny_transformer();
    RunRequest request = asking(model, "abcdef", "fade");
    request.params.set("gradients", true);
    request.params.set("gradient_of", std::int64_t{3});
    const TracePtr trace = ran(request);
    const auto log_p = [&](const RunRequest& r) {
        const TracePtr t = ran(r);
        return std::log(static_cast<double>(
            t->tensor("probabilities").values.at({2, static_cast<Index>(t->tensor("output.id").values.at({2}))})));
    };
    for (const auto& [stack, cell] : std::vector<std::pair<std::string, std::vector<Index>>>{
             {"encoder", {0, 1, 3, 2}}, {"decoder", {1, 0, 2, 1}}, {"cross", {1, 1, 2, 4}}}) {
        const double gradient = static_cast<double>(trace->tensor(stack + ".weights.gradient").values.at(cell));
        const double weight = static_cast<double>(trace->tensor(stack + ".weights").values.at(cell));
        double side[2];
        for (const int sign : {0, 1}) {
            RunRequest moved = asking(model, "abcdef", "fade");
            Intervention scale;
            scale.kind = Intervention::Kind::scale;
            scale.tensor = stack + ".weights";
            scale.index = cell;
            scale.value = sign == 0 ? 0.95f : 1.05f;
            moved.interventions.push_back(scale);
            side[sign] = log_p(moved);
        }
        EXPECT_NEAR((side[1] - side[0]) / (0.1 * weight), gradient, 2e-2 * std::abs(gradient) + 2e-4) << stack;
        EXPECT_NE(gradient, 0) << stack;
    }
    // What comes later cannot matter to the third token.
    EXPECT_EQ(trace->tensor("decoder.weights.gradient").values.at({0, 0, 4, 1}), 0.0f);
}

TEST(TransformerRun, bad_input_is_one_line) {
    const ModelPtr model = tiny_transformer({.position = "learned"});
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { ran(asking(model, "")); }), "is empty"));
    EXPECT_TRUE(
        contains(error_of(ErrorCode::invalid_input, [&] { ran(asking(model, std::string(17, 'a'))); }), "16 positions"));
    auto broken = std::make_shared<Model>(*tiny_transformer());
    broken->card.json()["encoder"]["heads"] = 5;
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { ran(asking(broken)); }), "5 heads do not divide d_model = 12"));
    RunRequest other = asking(tiny_transformer());
    other.params.set("position", std::string("shaw"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { ran(other); }), "no table"));
    other.params.set("position", std::string("rotary"));
    const TracePtr turned = ran(other);
    EXPECT_TRUE(contains(turned->notes().at(0).text, "only the code is changed"));
    expect_rules_hold(*turned, "another code");
}

}  // namespace
}  // namespace saccade::transformer_run_test
