#include "model/seq2seq.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include <nlohmann/json.hpp>

#include "model/seq2seq_run.hpp"
#include "trace/claims.hpp"
#include "unit/core/testing.hpp"

namespace saccade::seq2seq_test {
namespace {

using test::contains;
using test::error_of;

struct Kind {
    const char* name;
    Seq2SeqDesign design;
    Index readout;
};

Seq2SeqDesign designed(CellKind cell, bool look_first, bool input_feeding) {
    Seq2SeqDesign d;
    d.cell = cell;
    d.look_first = look_first;
    d.input_feeding = input_feeding;
    return d;
}

Seq2SeqDesign without_attention(Seq2SeqDesign d) {
    d.attention = false;
    return d;
}

const Kind bahdanau{"bahdanau", designed(CellKind::gru, true, false), 0};
const std::vector<Kind> kinds = {bahdanau,
                                 {"bahdanau_lstm", designed(CellKind::lstm, true, false), 5},
                                 {"luong", designed(CellKind::lstm, false, true), 5},
                                 {"luong_gru", designed(CellKind::gru, false, false), 5},
                                 {"fixed", without_attention(designed(CellKind::gru, true, false)), 0},
                                 {"fixed_luong", without_attention(designed(CellKind::lstm, false, true)), 5}};

WeightMap tiny_weights(std::uint64_t seed = 5, const Kind& kind = bahdanau) {
    Rng rng(seed);
    return initial_seq2seq_weights({9, 6, 4, 3, 6, 5, kind.readout, 8}, kind.design, rng);
}

const std::vector<std::string> tokens = {"a", "b", "c", "d", "<end>", "<start>"};

Seq2SeqRequest asked(const Ids& source, const std::optional<Ids>& forced) {
    Seq2SeqRequest request;
    request.source = source;
    request.source_labels = std::vector<std::string>(source.size(), "x");
    request.target_tokens = tokens;
    request.forced = forced;
    request.beam.max_steps = 6;
    return request;
}

Trace recorded(const WeightMap& weights, const Ids& source, const std::optional<Ids>& forced,
               const std::vector<std::string>& interventions = {}, const Seq2SeqDesign& design = {}) {
    std::vector<Intervention> parsed;
    for (const std::string& spec : interventions) parsed.push_back(parse_intervention(spec));
    Probe probe({}, parsed);
    run_seq2seq(Seq2Seq<float>(Weights<float>(weights), design), asked(source, forced), probe, {});
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
        EXPECT_TRUE(claim.holds || claim.by_hand) << claim.tensor << ": " << claim.text << " " << claim.error;
}

/// A batch of three against each of its sources alone.
void expect_batching_changes_nothing(const WeightMap& weights, const Seq2SeqDesign& design, const std::string& what) {
    const Seq2Seq<double> model{Weights<double>(weights), design};
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
                            1e-12)
                    << what;
            if (!design.attention) continue;
            const Tensor<double>& weights_together = together.weights[static_cast<std::size_t>(i)].value();
            for (Index j = 0; j < 6; ++j) {
                const double expected = j < length ? alone.weights[static_cast<std::size_t>(i)].value().at({0, j}) : 0;
                EXPECT_NEAR(weights_together.at({static_cast<Index>(b), j}), expected, 1e-12) << what;
            }
        }
    }
}

/// Pairs that need no random numbers: attention.* of all score functions at once.
WeightMap weights_for_all_scores(const Kind& kind) {
    WeightMap all;
    for (const ScoreFunction& score : score_functions()) {
        Kind other = kind;
        other.design.score = score.id;
        other.design.align.function = "local_p";
        all.merge(tiny_weights(5, other));
    }
    return all;
}

TEST(Seq2Seq, padding_and_batching_change_nothing) {
    for (const Kind& kind : kinds) expect_batching_changes_nothing(tiny_weights(5, kind), kind.design, kind.name);
    const Kind luong = kinds[2];
    for (const Kind& kind : {bahdanau, luong}) {
        const WeightMap weights = weights_for_all_scores(kind);
        for (const ScoreFunction& score : score_functions())
            for (const char* align : {"hard_argmax", "local_m", "local_p"})
                for (const double window : {0.0, 1.0, 5.0}) {
                    Seq2SeqDesign design = kind.design;
                    design.score = score.id;
                    design.align = {align, 1, window};
                    expect_batching_changes_nothing(weights, design, score.id + " " + align);
                }
    }
}

TEST(Seq2Seq, recorded_run_is_what_the_batch_computes) {
    for (const Kind& kind : kinds) {
        const WeightMap weights = tiny_weights(5, kind);
        const Ids source = {2, 7, 3, 3};
        const Ids forced = {1, 0, 3};
        const Trace trace = recorded(weights, source, forced, {}, kind.design);
        const Seq2Seq<float> model{Weights<float>(weights), kind.design};
        const Ids targets = {1, 0, 3, 4};
        const auto batch = model.forced(model.encode(PaddedSources::from(std::span(&source, 1))), targets, 4);
        EXPECT_LE(largest_difference(trace.tensor("logits").values, batch.logits.value()), 1e-6) << kind.name;
        EXPECT_EQ(trace.tensor("output.id").values.at({3}), 4);
        EXPECT_EQ(trace.axis("output")->labels, (std::vector<std::string>{"b", "a", "d", "<end>"}));
    }
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

/// Inputs, choices and drawn numbers have no rule; all else does.
void expect_explained(const Trace& trace, const std::string& what) {
    for (const Claim& claim : check_claims(trace, 100000))
        EXPECT_TRUE(claim.holds || claim.by_hand) << what << ", " << claim.tensor << ": " << claim.text << " " << claim.error;
    for (const TraceTensor& tensor : trace.tensors()) {
        const std::string& name = tensor.info.name;
        const Step* step = trace.step_of(name);
        const bool given = tensor.info.role == Role::parameter || name == "source.id" || name == "output.id" || name == "draws";
        EXPECT_EQ(step != nullptr && !step->rule.empty(), !given) << what << ", " << name;
    }
}

TEST(Seq2Seq, every_recorded_cell_follows_from_its_rule) {
    for (const Kind& kind : kinds)
        expect_explained(recorded(tiny_weights(5, kind), {2, 7, 3, 3, 8}, Ids{1, 2}, {}, kind.design), kind.name);
}

TEST(Seq2Seq, every_pair_of_score_and_alignment_follows_from_its_rules) {
    for (const Kind& kind : {bahdanau, kinds[2]}) {
        const WeightMap weights = weights_for_all_scores(kind);
        for (const ScoreFunction& score : score_functions())
            for (const AlignFunction& align : align_functions()) {
                Seq2SeqDesign design = kind.design;
                design.score = score.id;
                design.align = {align.id, 0.5, 1};
                const Trace trace = recorded(weights, {2, 7, 3, 3, 8}, Ids{1, 2}, {}, design);
                expect_explained(trace, kind.name + (" " + score.id + " " + align.id));
            }
    }
}

TEST(Seq2Seq, edges_of_temperature_and_window_follow_from_their_rules) {
    const WeightMap weights = weights_for_all_scores(bahdanau);
    for (const char* align : {"softmax", "hard_sample", "local_m", "local_p"})
        for (const auto& [temperature, window] :
             {std::pair<double, double>{INFINITY, 1}, {0, 1}, {1, INFINITY}, {1, 0}, {3, 2.5}}) {
            Seq2SeqDesign design;
            design.align = {align, temperature, window};
            const Trace trace = recorded(weights, {2, 7, 3, 3, 8}, Ids{1, 2}, {}, design);
            expect_explained(trace, align);
            for (const float v : trace.tensor("logits").values.values()) EXPECT_TRUE(std::isfinite(v));
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

TEST(Seq2Seq, edited_gates_cells_and_vectors_of_luong_are_carried_on) {
    const Kind& luong = kinds[2];
    const WeightMap weights = tiny_weights(5, luong);
    const Ids source = {2, 7, 3, 3};
    const Ids forced = {1, 0, 3};
    const Trace plain = recorded(weights, source, forced, {}, luong.design);
    std::vector<std::string> names = {"attentional", "queries", "scores", "context"};
    for (const std::string part : {"encoder.forward", "encoder.backward", "decoder"})
        for (const std::string name : {"input_gate", "forget_gate", "output_gate", "candidate", "cell", "state"})
            names.push_back(part + "." + name);
    for (const std::string& name : names) {
        const Trace edited = recorded(weights, source, forced, {name + "[1,0]=0.75"}, luong.design);
        EXPECT_FLOAT_EQ(edited.tensor(name).values.at({1, 0}), 0.75f);
        EXPECT_GT(largest_difference(plain.tensor("logits").values.row(1), edited.tensor("logits").values.row(1)), 1e-6)
            << name;
        EXPECT_GT(largest_difference(plain.tensor("logits").values.row(2), edited.tensor("logits").values.row(2)), 1e-6)
            << name;
        expect_rules_hold(edited);
    }
}

TEST(Seq2Seq, the_same_seed_draws_the_same_keys) {
    Seq2SeqDesign design;
    design.align = {"hard_sample", 1, 5};
    const Seq2Seq<float> model{Weights<float>(tiny_weights()), design};
    const auto drawn = [&](std::uint64_t seed) {
        Probe probe({}, {});
        Seq2SeqRequest request = asked({2, 7, 3, 3, 8, 1}, Ids{1, 2, 0, 0, 1});
        request.seed = seed;
        run_seq2seq(model, request, probe, {});
        const Trace trace = probe.finish();
        const auto& values = trace.tensor("weights").values;
        return std::vector<float>(values.values().begin(), values.values().end());
    };
    EXPECT_EQ(drawn(1), drawn(1));
    EXPECT_NE(drawn(1), drawn(2));
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
        contains(error_of(ErrorCode::bad_format, [&] { Seq2Seq<float>{Weights<float>(weights)}; }), "attention.query_weight"));
    weights = tiny_weights();
    weights.erase("decoder.context_weight");
    EXPECT_TRUE(
        contains(error_of(ErrorCode::bad_format, [&] { Seq2Seq<float>{Weights<float>(weights)}; }), "decoder.context_weight"));
    weights = tiny_weights();
    weights["encoder.embedding.weight"] = Tensor<float>(Shape{9});
    error_of(ErrorCode::bad_format, [&] { Seq2Seq<float>{Weights<float>(weights)}; });
}

TEST(Seq2Seq, refuses_designs_that_the_weights_cannot_serve) {
    const auto refused = [](ErrorCode code, const Kind& kind, const Seq2SeqDesign& design) {
        const WeightMap weights = tiny_weights(5, kind);
        return error_of(code, [&] { Seq2Seq<float>{Weights<float>(weights), design}; });
    };
    Seq2SeqDesign design;
    design.score = "general";
    EXPECT_TRUE(contains(refused(ErrorCode::unsupported, bahdanau, design), "attention.bilinear"));
    design.score = "additive";
    design.align.function = "local_p";
    EXPECT_TRUE(contains(refused(ErrorCode::unsupported, bahdanau, design), "attention.centre"));
    refused(ErrorCode::bad_format, bahdanau, designed(CellKind::lstm, true, false));
    EXPECT_TRUE(contains(refused(ErrorCode::bad_format, bahdanau, designed(CellKind::gru, false, true)), "input feeding"));

    EXPECT_TRUE(contains(refused(ErrorCode::bad_format, kinds[1], designed(CellKind::lstm, true, true)), "input feeding"));

    Rng rng(1);
    const WeightMap unequal = initial_seq2seq_weights({9, 6, 4, 3, 7, 5}, {}, rng);
    design = {};
    design.score = "dot";
    EXPECT_TRUE(contains(error_of(ErrorCode::unsupported,
                                  [&] {
                                      Seq2Seq<float>{Weights<float>(unequal), design};
                                  }),
                         "7 and 6"));
}

TEST(Seq2Seq, additive_and_concat_are_one_function_cut_differently) {
    Seq2SeqDesign concat;
    concat.score = "concat";
    const WeightMap weights = tiny_weights();
    const Trace additive = recorded(weights, {2, 7, 3}, Ids{1, 2});
    const Trace same = recorded(weights, {2, 7, 3}, Ids{1, 2}, {}, concat);
    EXPECT_EQ(largest_difference(additive.tensor("weights").values, same.tensor("weights").values), 0);
    Rng rng(4);
    const WeightMap own = initial_seq2seq_weights({9, 6, 4, 3, 6, 5}, concat, rng);
    EXPECT_EQ(largest_difference(recorded(own, {2, 7, 3}, Ids{1, 2}).tensor("scores").values,
                                 recorded(own, {2, 7, 3}, Ids{1, 2}, {}, concat).tensor("scores").values),
              0);
}

TEST(Seq2Seq, location_scores_end_where_its_weights_do) {
    Kind location = bahdanau;
    location.design.score = "location";
    const WeightMap weights = tiny_weights(5, location);
    recorded(weights, Ids(8, 2), Ids{1}, {}, location.design);
    const std::string line =
        error_of(ErrorCode::invalid_input, [&] { recorded(weights, Ids(9, 2), Ids{1}, {}, location.design); });
    EXPECT_TRUE(contains(line, "8 source positions")) << line;
}

TEST(Seq2Seq, a_design_survives_its_card) {
    Seq2SeqDesign design = designed(CellKind::lstm, false, true);
    design.score = "cosine";
    design.align = {"local_p", 0.5, INFINITY};
    const nlohmann::json card = {{"design", to_json(design)}};
    EXPECT_EQ(design_from_json(nlohmann::json::parse(card.dump()), "f"), design);
    EXPECT_EQ(design_from_json(nlohmann::json::object(), "f"), Seq2SeqDesign{});
    for (const char* bad :
         {R"({"cell": "elman"})", R"({"score": "cosmic"})", R"({"align": 3})", R"({"window": "wide"})", "[]"}) {
        const nlohmann::json wrong = {{"design", nlohmann::json::parse(bad)}};
        EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { design_from_json(wrong, "f.json"); }), "f.json")) << bad;
    }
}

TEST(Seq2Seq, leaves_when_asked_to_stop) {
    std::stop_source stop;
    stop.request_stop();
    Probe probe({}, {});
    const Seq2Seq<float> model{Weights<float>(tiny_weights())};
    error_of(ErrorCode::cancelled, [&] { run_seq2seq(model, asked({2, 3}, std::nullopt), probe, stop.get_token()); });
}

TEST(Seq2Seq, refuses_an_empty_source) {
    const std::vector<Ids> sources = {{2}, {}};
    error_of(ErrorCode::invalid_input, [&] { PaddedSources::from(sources); });
}

}  // namespace
}  // namespace saccade::seq2seq_test
