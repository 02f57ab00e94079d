#include <algorithm>

#include "checkpoint/encoder_decoder_run.hpp"
#include "golden/golden_testing.hpp"
#include "trace/claims.hpp"

// Each family of checkpoints, in its own layout, against float64 PyTorch; files by make_checkpoint_golden.py.

namespace saccade::checkpoint_golden_test {
namespace {

std::string folder_of(const std::string& family) {
    return std::string(SACCADE_TEST_DATA) + "/golden/checkpoint_" + family;
}

Ids ids_in(const std::map<std::string, NpyArray>& golden, const std::string& name) {
    Ids ids;
    const auto found = golden.find(name);
    if (found == golden.end()) return ids;
    const Tensor<float> stored = found->second.cast<float>();
    for (const float id : stored.values()) ids.push_back(static_cast<Index>(id));
    return ids;
}

Trace traced(const CheckpointPtr& checkpoint, const CheckpointRequest& request, Reuse& reuse,
             std::vector<Intervention> interventions = {}) {
    Probe probe({}, std::move(interventions));
    run_checkpoint(checkpoint, request, probe, reuse, {});
    return probe.finish();
}

class CheckpointGolden : public testing::TestWithParam<const char*> {};

TEST_P(CheckpointGolden, states_weights_and_logits_agree) {
    const auto golden = read_golden(std::string("checkpoint_") + GetParam());
    const CheckpointPtr checkpoint = read_checkpoint(folder_of(GetParam()));
    EXPECT_TRUE(std::string(GetParam()).starts_with(checkpoint->family->model_type));
    EXPECT_EQ(checkpoint->tokenizer, nullptr);
    CheckpointRequest request{.ids = ids_in(golden, "ids"), .types = ids_in(golden, "types")};
    Reuse reuse;
    for (std::size_t at = 0; at < request.ids.size(); ++at) {
        SCOPED_TRACE(at);
        request.at = static_cast<Index>(at);
        const Trace trace = traced(checkpoint, request, reuse);
        if (at == 0) {
            expect_close("states", trace.tensor("self.state").values, golden.at("states"));
            expect_close("weights", trace.tensor("self.weights").values, golden.at("weights"));
            for (const Claim& claim : check_claims(trace)) EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.error;
        }
        const Tensor<double> row = golden.at("logits").cast<double>().row(static_cast<Index>(at));
        expect_close("logits", trace.tensor("logits").values, row);
        const auto largest = [](const auto& t) { return std::ranges::max_element(t.values()) - t.values().begin(); };
        EXPECT_EQ(largest(trace.tensor("logits").values), largest(row));
        EXPECT_EQ(trace.tensor("next.id").values.data()[0], static_cast<float>(largest(row)));
        // The last layer, read out early, is the model.
        const Tensor<float>& lens = trace.tensor("lens").values;
        for (Index q = 0; q < lens.shape()[1]; ++q)
            EXPECT_NEAR(lens.row(lens.shape()[0] - 1).data()[q], trace.tensor("next.probabilities").values.data()[q], 1e-6);
        // And each layer says its own words, the likeliest first: of the last these are the model's.
        const Tensor<float>&ids = trace.tensor("lens.id").values, &chances = trace.tensor("lens.probabilities").values;
        for (Index l = 0; l < ids.shape()[0]; ++l)
            EXPECT_TRUE(std::ranges::is_sorted(chances.row(l).values(), std::greater())) << l;
        const Index last = ids.shape()[0] - 1;
        for (Index r = 0; r < ids.shape()[1]; ++r) {
            EXPECT_EQ(ids.row(last).data()[r], trace.tensor("next.id").values.data()[r]);
            EXPECT_NEAR(chances.row(last).data()[r], trace.tensor("next.probabilities").values.data()[r], 1e-6);
        }
    }
}

TEST_P(CheckpointGolden, what_is_typed_behind_is_computed_as_if_all_were_new) {
    const auto golden = read_golden(std::string("checkpoint_") + GetParam());
    const CheckpointPtr checkpoint = read_checkpoint(folder_of(GetParam()));
    const CheckpointRequest whole{.ids = ids_in(golden, "ids"), .types = ids_in(golden, "types")};
    Reuse grown;
    CheckpointRequest part;
    for (std::size_t n = 1; n <= whole.ids.size(); ++n) {
        part.ids.assign(whole.ids.begin(), whole.ids.begin() + static_cast<std::ptrdiff_t>(n));
        if (!whole.types.empty()) part.types.assign(whole.types.begin(), whole.types.begin() + static_cast<std::ptrdiff_t>(n));
        Reuse none;
        const Trace once = traced(checkpoint, part, none), again = traced(checkpoint, part, grown);
        for (const TraceTensor& tensor : once.tensors())
            EXPECT_TRUE(std::ranges::equal(tensor.values.values(), again.tensor(tensor.info.name).values.values()))
                << tensor.info.name << " of " << n;
    }
}

TEST_P(CheckpointGolden, a_head_that_is_silenced_changes_what_is_said) {
    const auto golden = read_golden(std::string("checkpoint_") + GetParam());
    const CheckpointPtr checkpoint = read_checkpoint(folder_of(GetParam()));
    const CheckpointRequest request{.ids = ids_in(golden, "ids"), .types = ids_in(golden, "types")};
    Reuse reuse;
    const Trace before = traced(checkpoint, request, reuse);
    const Trace after = traced(checkpoint, request, reuse, {parse_intervention("self.weights[0,1]*=0")});
    EXPECT_FALSE(std::ranges::equal(before.tensor("logits").values.values(), after.tensor("logits").values.values()));
    EXPECT_FALSE(std::ranges::equal(before.tensor("lens").values.values(), after.tensor("lens").values.values()));
    EXPECT_EQ(after.tensor("self.weights").values.row(0).row(1).data()[0], 0);
}

INSTANTIATE_TEST_SUITE_P(Families, CheckpointGolden,
                         testing::Values("bert", "distilbert", "gpt2", "gpt_neox", "llama", "llama_yarn", "mistral", "qwen2",
                                         "qwen2_yarn", "qwen3", "qwen3_yarn", "roberta"),
                         [](const auto& one) { return std::string(one.param); });

// Encoder-decoders: source, and output as it is forced.

Trace traced(const CheckpointPtr& checkpoint, const EncoderDecoderRequest& request, Reuse& reuse,
             std::vector<Intervention> interventions = {}) {
    Probe probe({}, std::move(interventions));
    run_encoder_decoder(checkpoint, request, probe, reuse, {});
    return probe.finish();
}

class EncoderDecoderGolden : public testing::TestWithParam<const char*> {
 protected:
    std::map<std::string, NpyArray> golden_ = read_golden(std::string("checkpoint_") + GetParam());
    CheckpointPtr checkpoint_ = read_checkpoint(folder_of(GetParam()));
    EncoderDecoderRequest request_{.source = ids_in(golden_, "ids"), .output = ids_in(golden_, "output")};
    Reuse reuse_;
};

TEST_P(EncoderDecoderGolden, states_weights_and_logits_agree) {
    EXPECT_TRUE(std::string(GetParam()).starts_with(checkpoint_->family->model_type));
    EXPECT_EQ(checkpoint_->unused, "");
    for (std::size_t at = 0; at < request_.output.size(); ++at) {
        SCOPED_TRACE(at);
        request_.at = static_cast<Index>(at);
        const Trace trace = traced(checkpoint_, request_, reuse_);
        if (at == 0) {
            for (const char* name : {"encoder.state", "encoder.weights", "decoder.state", "decoder.weights", "cross.weights"})
                expect_close(name, trace.tensor(name).values, golden_.at(name));
            for (const Claim& claim : check_claims(trace)) EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.error;
        }
        const Tensor<double> row = golden_.at("logits").cast<double>().row(static_cast<Index>(at));
        expect_close("logits", trace.tensor("logits").values, row);
        const auto largest = std::ranges::max_element(row.values()) - row.values().begin();
        EXPECT_EQ(trace.tensor("next.id").values.data()[0], static_cast<float>(largest));
        const Tensor<float>& lens = trace.tensor("lens").values;
        for (Index q = 0; q < lens.shape()[1]; ++q)
            EXPECT_NEAR(lens.row(lens.shape()[0] - 1).data()[q], trace.tensor("next.probabilities").values.data()[q], 1e-6);
    }
}

TEST_P(EncoderDecoderGolden, writes_what_greedy_decoding_writes) {
    const Ids expected = ids_in(golden_, "written");
    const auto written = [&](Ids given, Index count, const Probe& probe) {
        return with_written(*checkpoint_, request_.source, std::move(given), count, {}, Rng(1), probe, {});
    };
    const Probe untouched({}, {});
    EXPECT_EQ(written({}, 12, untouched), expected);
    EXPECT_EQ(written({expected[0], expected[1]}, 10, untouched), expected) << "after what was given";
    // An intervention that changes nothing goes the long way, to the same.
    const Probe long_way({}, {parse_intervention("cross.weights[0,0]*=1")});
    EXPECT_EQ(written({}, 12, long_way), expected);
}

TEST_P(EncoderDecoderGolden, a_beam_finds_the_hypotheses_that_generate_finds) {
    int searches = 0, ended = 0;
    for (; golden_.contains("beam." + std::to_string(searches) + ".ids"); ++searches) {
        SCOPED_TRACE(searches);
        const auto array = [&](const char* name) {
            return golden_.at("beam." + std::to_string(searches) + name).cast<double>();
        };
        const Tensor<double> how = array(".settings"), ids = array(".ids"), scores = array(".scores");
        const BeamSettings settings{.width = static_cast<Index>(how.data()[0]),
                                    .length_penalty = how.data()[1],
                                    .max_steps = ids.shape()[1],
                                    .as_generate = true,
                                    .end = static_cast<BeamEnd>(how.data()[2])};
        const Ids given(request_.output.begin(), request_.output.begin() + static_cast<std::ptrdiff_t>(how.data()[3]));
        const BeamResult found = beam_written(*checkpoint_, request_.source, given, settings, Probe({}, {}), {});
        ASSERT_EQ(static_cast<Index>(found.hypotheses.size()), ids.shape()[0]);
        for (Index h = 0; h < ids.shape()[0]; ++h) {
            Ids expected;
            for (Index i = 0; i < ids.shape()[1] && ids.row(h).data()[i] >= 0; ++i)
                expected.push_back(static_cast<Index>(ids.row(h).data()[i]));
            const Hypothesis& ours = found.hypotheses[static_cast<std::size_t>(h)];
            EXPECT_EQ(ours.ids, expected) << h;
            EXPECT_NEAR(ours.score, scores.data()[h], 1e-4 * std::abs(scores.data()[h])) << h;
            ended += expected.back() == checkpoint_->source->end ? 1 : 0;
        }
    }
    EXPECT_EQ(searches, 8);
    EXPECT_TRUE(ended > 0 || std::string(GetParam()) != "marian") << "some hypotheses end by themselves";
}

TEST_P(EncoderDecoderGolden, what_is_written_behind_is_computed_as_if_all_were_new) {
    Reuse grown;
    EncoderDecoderRequest part = request_;
    for (std::size_t n = 1; n <= request_.output.size(); ++n) {
        part.output.assign(request_.output.begin(), request_.output.begin() + static_cast<std::ptrdiff_t>(n));
        Reuse none;
        const Trace once = traced(checkpoint_, part, none), again = traced(checkpoint_, part, grown);
        for (const TraceTensor& tensor : once.tensors())
            EXPECT_TRUE(std::ranges::equal(tensor.values.values(), again.tensor(tensor.info.name).values.values()))
                << tensor.info.name << " of " << n;
    }
}

TEST_P(EncoderDecoderGolden, a_head_that_is_silenced_changes_what_is_said) {
    const Trace before = traced(checkpoint_, request_, reuse_);
    for (const std::string stack : {"encoder", "decoder", "cross"}) {
        const Trace after = traced(checkpoint_, request_, reuse_, {parse_intervention(stack + ".weights[0,0]*=0")});
        EXPECT_FALSE(std::ranges::equal(before.tensor("logits").values.values(), after.tensor("logits").values.values()))
            << stack;
        EXPECT_EQ(after.tensor(stack + ".weights").values.row(0).row(0).data()[0], 0);
        EXPECT_EQ(after.tensor("encoder.state").values.values()[0] == before.tensor("encoder.state").values.values()[0],
                  stack != "encoder");
    }
}

INSTANTIATE_TEST_SUITE_P(Families, EncoderDecoderGolden, testing::Values("marian", "marian_separate", "t5", "t5_gated"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace saccade::checkpoint_golden_test
