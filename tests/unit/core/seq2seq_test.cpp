#include "model/seq2seq.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/parallel.hpp"
#include "trace/formula.hpp"
#include "unit/core/testing.hpp"

namespace saccade {
namespace {

using test::contains;
using test::error_of;

WeightMap tiny_weights(std::uint64_t seed = 5) {
    Rng rng(seed);
    return initial_seq2seq_weights({9, 6, 4, 5, 7, 3}, rng);
}

const std::vector<std::string> tokens = {"a", "b", "c", "d", "<end>", "<start>"};

Trace recorded(const WeightMap& weights, const Ids& source, const std::optional<Ids>& forced,
               const std::vector<std::string>& interventions = {}) {
    std::vector<Intervention> parsed;
    for (const std::string& spec : interventions) parsed.push_back(parse_intervention(spec));
    Probe probe({}, parsed);
    const Seq2Seq<float> model{Weights<float>(weights)};
    run_seq2seq(model, source, std::vector<std::string>(source.size(), "x"), tokens, forced, 6, probe, {});
    return probe.finish();
}

double largest_difference(const Tensor<float>& a, const Tensor<float>& b) {
    EXPECT_EQ(a.shape(), b.shape());
    double worst = 0;
    for (Index i = 0; i < a.size(); ++i) worst = std::max(worst, static_cast<double>(std::abs(a.data()[i] - b.data()[i])));
    return worst;
}

void expect_rules_hold(const Trace& trace) {
    for (const Claim& claim : check_claims(trace, 100000))
        EXPECT_TRUE(claim.holds) << claim.tensor << ": " << claim.text << " " << claim.error;
}

TEST(Seq2Seq, padding_and_batching_change_nothing) {
    const WeightMap weights = tiny_weights();
    const Seq2Seq<double> model{Weights<double>(weights)};
    const std::vector<Ids> sources = {{2, 3, 4, 8, 1, 2}, {5}, {4, 4, 2}};
    const Ids targets = {0, 1, 2, 3, 0, 4, 4, 4, 4};  // three steps of three
    const auto together = model.forced(model.encode(PaddedSources::from(sources)), targets, 3);
    for (std::size_t b = 0; b < sources.size(); ++b) {
        const Ids own = {targets[b], targets[3 + b], targets[6 + b]};
        const auto alone = model.forced(model.encode(PaddedSources::from(std::span(&sources[b], 1))), own, 3);
        const auto length = static_cast<Index>(sources[b].size());
        for (Index i = 0; i < 3; ++i) {
            for (Index c = 0; c < 5; ++c)
                EXPECT_NEAR(together.logits.value().at({3 * i + static_cast<Index>(b), c}), alone.logits.value().at({i, c}),
                            1e-12);
            const Tensor<double>& weights_together = together.weights[static_cast<std::size_t>(i)].value();
            for (Index j = 0; j < 6; ++j) {
                const double expected = j < length ? alone.weights[static_cast<std::size_t>(i)].value().at({0, j}) : 0;
                EXPECT_NEAR(weights_together.at({static_cast<Index>(b), j}), expected, 1e-12);
            }
        }
    }
}

TEST(Seq2Seq, recorded_run_is_what_the_batch_computes) {
    const WeightMap weights = tiny_weights();
    const Ids source = {2, 7, 3, 3};
    const Ids forced = {1, 0, 3};
    const Trace trace = recorded(weights, source, forced);
    const Seq2Seq<float> model{Weights<float>(weights)};
    const Ids targets = {1, 0, 3, 4};
    const auto batch = model.forced(model.encode(PaddedSources::from(std::span(&source, 1))), targets, 4);
    EXPECT_LE(largest_difference(trace.tensor("logits").values, batch.logits.value()), 1e-6);
    EXPECT_EQ(trace.tensor("output.id").values.at({3}), 4);
    EXPECT_EQ(trace.axis("output")->labels, (std::vector<std::string>{"b", "a", "d", "<end>"}));
}

TEST(Seq2Seq, greedy_run_is_the_greedy_batch) {
    const WeightMap weights = tiny_weights(8);
    const Ids source = {2, 7, 3, 3};
    const Trace trace = recorded(weights, source, std::nullopt);
    const Seq2Seq<float> model{Weights<float>(weights)};
    const auto greedy = model.greedy(model.encode(PaddedSources::from(std::span(&source, 1))), 6);
    const Tensor<float>& ids = trace.tensor("output.id").values;
    ASSERT_EQ(ids.size(), greedy.steps);
    for (Index i = 0; i < ids.size(); ++i) EXPECT_EQ(static_cast<Index>(ids.at({i})), greedy.ids[static_cast<std::size_t>(i)]);
}

TEST(Seq2Seq, every_recorded_cell_follows_from_its_rule) {
    const Trace trace = recorded(tiny_weights(), {2, 7, 3, 3, 8}, Ids{1, 2});
    expect_rules_hold(trace);
    // Inputs and choices have none; all else does.
    for (const TraceTensor& tensor : trace.tensors()) {
        const Step* step = trace.step_of(tensor.info.name);
        const bool given =
            tensor.info.role == Role::parameter || tensor.info.name == "source.id" || tensor.info.name == "output.id";
        EXPECT_EQ(step != nullptr && !step->rule.empty(), !given) << tensor.info.name;
    }
}

TEST(Seq2Seq, an_edited_weight_is_carried_on) {
    const WeightMap weights = tiny_weights();
    const Ids source = {2, 7, 3, 3};
    const Ids forced = {1, 0, 3};
    const Trace plain = recorded(weights, source, forced);
    const Trace edited = recorded(weights, source, forced, {"weights[1,2]=0.9"});
    const Tensor<float>& w = edited.tensor("weights").values;
    EXPECT_FLOAT_EQ(w.at({1, 2}), 0.9f);
    EXPECT_NEAR(w.at({1, 0}) + w.at({1, 1}) + w.at({1, 2}) + w.at({1, 3}), 1, 1e-6);
    const auto row_difference = [&](const std::string& name, Index row) {
        return largest_difference(plain.tensor(name).values.row(row), edited.tensor(name).values.row(row));
    };
    EXPECT_EQ(row_difference("weights", 0), 0);
    EXPECT_EQ(row_difference("logits", 0), 0);
    for (const std::string name : {"context", "decoder.state", "logits"}) EXPECT_GT(row_difference(name, 1), 1e-4) << name;
    EXPECT_GT(row_difference("scores", 2), 1e-6);
    EXPECT_GT(row_difference("logits", 2), 1e-6);
    expect_rules_hold(edited);
}

TEST(Seq2Seq, edited_gates_and_states_are_carried_on) {
    const WeightMap weights = tiny_weights();
    const Ids source = {2, 7, 3, 3};
    const Ids forced = {1, 0, 3};
    const Trace plain = recorded(weights, source, forced);
    for (const std::string part : {"encoder.forward", "encoder.backward", "decoder"})
        for (const std::string name : {"reset", "update", "candidate", "state"}) {
            const Trace edited = recorded(weights, source, forced, {part + "." + name + "[1,0]=0.75"});
            EXPECT_FLOAT_EQ(edited.tensor(part + "." + name).values.at({1, 0}), 0.75f);
            EXPECT_GT(largest_difference(plain.tensor("logits").values, edited.tensor("logits").values), 1e-6)
                << part << "." << name;
            expect_rules_hold(edited);
        }
    const Trace edited = recorded(weights, source, forced, {"encoder.backward.state[2,0]=3"});
    EXPECT_NE(edited.tensor("encoder.backward.state").values.at({0, 0}),
              plain.tensor("encoder.backward.state").values.at({0, 0}));
    EXPECT_EQ(edited.tensor("encoder.backward.state").values.at({3, 0}),
              plain.tensor("encoder.backward.state").values.at({3, 0}));
}

TEST(Seq2Seq, edited_ids_must_be_ids) {
    const WeightMap weights = tiny_weights();
    const Trace edited = recorded(weights, {2, 7}, Ids{1, 0}, {"output.id[0]=3"});
    EXPECT_EQ(edited.tensor("decoder.input").values.at({1}), 3);
    const std::string line = error_of(ErrorCode::invalid_input, [&] {
        recorded(weights, {2, 7}, Ids{1, 0}, {"output.id[0]=0.5"});
    });
    EXPECT_TRUE(contains(line, "output.id")) << line;
    error_of(ErrorCode::invalid_input, [&] { recorded(weights, {2, 7}, Ids{1, 0}, {"source.id[1]=9"}); });
}

TEST(Seq2Seq, refuses_weights_that_do_not_fit) {
    WeightMap weights = tiny_weights();
    weights["attention.vector"] = Tensor<float>(Shape{4});
    EXPECT_TRUE(
        contains(error_of(ErrorCode::bad_format, [&] { Seq2Seq<float>{Weights<float>(weights)}; }), "attention.vector"));
    weights = tiny_weights();
    weights.erase("decoder.context_weight");
    EXPECT_TRUE(
        contains(error_of(ErrorCode::bad_format, [&] { Seq2Seq<float>{Weights<float>(weights)}; }), "decoder.context_weight"));
    weights = tiny_weights();
    weights["encoder.embedding.weight"] = Tensor<float>(Shape{9});
    error_of(ErrorCode::bad_format, [&] { Seq2Seq<float>{Weights<float>(weights)}; });
}

TEST(Seq2Seq, leaves_when_asked_to_stop) {
    std::stop_source stop;
    stop.request_stop();
    Probe probe({}, {});
    const Seq2Seq<float> model{Weights<float>(tiny_weights())};
    error_of(ErrorCode::cancelled, [&] {
        run_seq2seq(model, {2, 3}, {"x", "y"}, tokens, std::nullopt, 6, probe, stop.get_token());
    });
}

TEST(Seq2Seq, refuses_an_empty_source) {
    const std::vector<Ids> sources = {{2}, {}};
    error_of(ErrorCode::invalid_input, [&] { PaddedSources::from(sources); });
}

}  // namespace
}  // namespace saccade
