#include "model/beam.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "autograd/ops.hpp"
#include "unit/core/testing.hpp"

namespace saccade::beam_test {
namespace {

using test::error_of;
using Fate = BeamCandidate::Fate;

constexpr Index steps_allowed = 7;

WeightMap weights_of(std::uint64_t seed, const Seq2SeqDesign& design) {
    Rng rng(seed);
    WeightMap weights = initial_seq2seq_weights({9, 7, 4, 3, 6, 5, design.input_feeding ? 5 : 0, 8}, design, rng);
    // Decided enough that hypotheses differ, and ready to end.
    for (auto& [name, tensor] : weights)
        for (float& v : tensor.values()) v *= 3;
    weights.at("readout.bias").data()[5] = 1;
    return weights;
}

Seq2SeqDesign luong() {
    Seq2SeqDesign d;
    d.cell = CellKind::lstm;
    d.score = "general";
    d.look_first = false;
    d.input_feeding = true;
    return d;
}

/// One model and one source; what beams are held against.
struct Searched {
    Seq2Seq<double> model;
    Seq2Seq<double>::Encoded encoded;

    Searched(std::uint64_t seed, const Seq2SeqDesign& design)
        : model(Weights<double>(weights_of(seed, design)), design), encoded(encode(seed)) {}
    Seq2Seq<double>::Encoded encode(std::uint64_t seed) const {
        const Ids source[] = {{2, static_cast<Index>(seed % 9), 7, 3, 5}};
        return model.encode(PaddedSources::from(source));
    }
    BeamResult beam(Index width, double penalty = 1, Index max_steps = steps_allowed) const {
        return beam_search(model, encoded, {.width = width, .length_penalty = penalty, .max_steps = max_steps});
    }
    /// log P of an output, by forcing it.
    double log_probability(const Ids& ids) const {
        const auto forced = model.forced(encoded, ids, static_cast<Index>(ids.size()));
        const Tensor<double> log_p = log_softmax(forced.logits).value();
        double total = 0;
        for (std::size_t i = 0; i < ids.size(); ++i) total += log_p.at({static_cast<Index>(i), ids[i]});
        return total;
    }
};

void for_many(const std::function<void(const Searched&)>& check) {
    for (const Seq2SeqDesign& design : {Seq2SeqDesign{}, luong()})
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            SCOPED_TRACE(to_string(design.cell) + " " + std::to_string(seed));
            check(Searched(seed, design));
        }
}

double normalizer(std::size_t length, double alpha) {
    return std::pow((5 + static_cast<double>(length)) / 6, alpha);
}

TEST(Beam, width_1_is_greedy) {
    std::set<std::size_t> lengths;
    for_many([&](const Searched& s) {
        const auto greedy = s.model.greedy(s.encoded, steps_allowed);
        const BeamResult beam = s.beam(1);
        ASSERT_EQ(beam.hypotheses.size(), 1u);
        EXPECT_EQ(beam.hypotheses[0].ids, greedy.ids);
        lengths.insert(greedy.ids.size());
    });
    EXPECT_GE(lengths.size(), 3u) << "outputs of one length would show little";
}

TEST(Beam, a_wide_beam_without_length_penalty_finds_what_greedy_finds_or_better) {
    // Not a theorem of beams of 5: a prefix of the greedy output can be pruned. With room for every extension it is one.
    int better = 0;
    for_many([&](const Searched& s) {
        const Hypothesis greedy = s.beam(1, 0, 3).hypotheses.front();
        const Hypothesis best = s.beam(400, 0, 3).hypotheses.front();
        if (best.ids.back() != s.model.end_id()) return;  // nothing has ended: only what still grows is compared
        const bool comparable = greedy.ids.back() == s.model.end_id();
        EXPECT_TRUE(!comparable || best.log_probability >= greedy.log_probability - 1e-12);
        if (best.log_probability > greedy.log_probability + 1e-9) ++better;
    });
    EXPECT_GT(better, 0);
}

TEST(Beam, width_5_is_seldom_worse_than_greedy_by_its_own_score) {
    int worse = 0, better = 0;
    for_many([&](const Searched& s) {
        const Hypothesis greedy = s.beam(1).hypotheses.front(), best = s.beam(5).hypotheses.front();
        if (greedy.ids.back() != s.model.end_id() || best.ids.back() != s.model.end_id()) return;
        worse += best.score < greedy.score - 1e-12;
        better += best.score > greedy.score + 1e-12;
    });
    EXPECT_LE(worse, 1);
    EXPECT_GE(better, 5);
}

TEST(Beam, log_probabilities_and_scores_are_those_of_the_forced_output) {
    for_many([](const Searched& s) {
        for (const double penalty : {0.0, 0.6, 1.0, 2.0})
            for (const Hypothesis& h : s.beam(5, penalty).hypotheses) {
                EXPECT_NEAR(h.log_probability, s.log_probability(h.ids), 1e-10);
                EXPECT_NEAR(h.score, h.log_probability / normalizer(h.ids.size(), penalty), 1e-12);
            }
    });
}

/// The tokens from the start to a candidate.
Ids path_to(const BeamResult& beam, Index step, Index candidate) {
    Ids ids;
    for (Index i = step, c = candidate; i >= 0; --i) {
        const BeamCandidate& at = beam.steps[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)];
        ids.insert(ids.begin(), at.token);
        c = at.parent;
    }
    return ids;
}

void expect_consistent(const BeamResult& beam, Index width, Index end) {
    const auto most = static_cast<std::size_t>(width);
    std::set<Index> ranks;
    for (std::size_t i = 0; i < beam.steps.size(); ++i) {
        const auto& step = beam.steps[i];
        ASSERT_FALSE(step.empty());
        EXPECT_LE(step.size(), 2 * most);
        std::set<std::pair<Index, Index>> extensions;
        std::size_t live = 0;
        for (std::size_t c = 0; c < step.size(); ++c) {
            const BeamCandidate& at = step[c];
            EXPECT_TRUE(extensions.emplace(at.parent, at.token).second);
            EXPECT_TRUE(c == 0 || at.log_probability <= step[c - 1].log_probability);
            if (i == 0) {
                EXPECT_EQ(at.parent, -1);
                EXPECT_LE(at.log_probability, 0);
            } else {
                ASSERT_LT(static_cast<std::size_t>(at.parent), beam.steps[i - 1].size());
                const BeamCandidate& parent = beam.steps[i - 1][static_cast<std::size_t>(at.parent)];
                EXPECT_EQ(parent.fate, Fate::live) << "only what lives has children";
                EXPECT_LE(at.log_probability, parent.log_probability);
            }
            const bool ends = at.token == end;
            EXPECT_EQ(at.fate == Fate::finished, ends && c < most);
            EXPECT_EQ(at.fate == Fate::live, !ends && live < most) << "as long as there is room, what does not end lives";
            live += at.fate == Fate::live;
            EXPECT_TRUE(at.rank == 0 || ranks.insert(at.rank).second);
        }
        EXPECT_LE(live, most);
    }
    EXPECT_EQ(ranks.size(), beam.hypotheses.size());
    for (std::size_t r = 0; r < beam.hypotheses.size(); ++r) {
        const Hypothesis& h = beam.hypotheses[r];
        EXPECT_TRUE(r == 0 || h.score <= beam.hypotheses[r - 1].score);
        const BeamCandidate& at = beam.steps[static_cast<std::size_t>(h.step)][static_cast<std::size_t>(h.candidate)];
        EXPECT_EQ(at.rank, static_cast<Index>(r) + 1);
        EXPECT_EQ(at.log_probability, h.log_probability);
        EXPECT_EQ(at.score, h.score);
        EXPECT_EQ(path_to(beam, h.step, h.candidate), h.ids);
    }
}

TEST(Beam, the_tree_is_consistent) {
    for_many([](const Searched& s) {
        for (const Index width : {1, 2, 5, 10}) {
            const BeamResult beam = s.beam(width);
            ASSERT_FALSE(beam.hypotheses.empty());
            EXPECT_LE(static_cast<Index>(beam.hypotheses.size()), width);
            EXPECT_LE(static_cast<Index>(beam.steps.size()), steps_allowed);
            if (width > 1) expect_consistent(beam, width, s.model.end_id());
        }
    });
}

TEST(Beam, a_length_penalty_favours_longer_outputs) {
    double shorter = 0, longer = 0;
    for_many([&](const Searched& s) {
        const Hypothesis plain = s.beam(5, 0).hypotheses.front(), penalised = s.beam(5, 3).hypotheses.front();
        EXPECT_EQ(plain.score, plain.log_probability);
        EXPECT_GE(penalised.ids.size(), plain.ids.size());
        shorter += static_cast<double>(plain.ids.size());
        longer += static_cast<double>(penalised.ids.size());
    });
    EXPECT_GT(longer, shorter);
}

TEST(Beam, what_does_not_end_is_cut_off) {
    WeightMap weights = weights_of(3, {});
    weights.at("readout.bias").data()[5] = -1000;  // <end> never comes
    const Seq2Seq<float> model{Weights<float>(weights)};
    const Ids source[] = {{2, 3}};
    const BeamResult beam =
        beam_search(model, model.encode(PaddedSources::from(source)), {.width = 3, .length_penalty = 1, .max_steps = 4});
    EXPECT_EQ(beam.steps.size(), 4u);
    ASSERT_EQ(beam.hypotheses.size(), 3u);
    for (const Hypothesis& h : beam.hypotheses) {
        EXPECT_EQ(h.ids.size(), 4u);
        EXPECT_EQ(std::ranges::count(h.ids, model.end_id()), 0);
    }
    expect_consistent(beam, 3, model.end_id());
}

TEST(Beam, refuses_no_width_and_leaves_when_asked_to_stop) {
    const Searched s(1, {});
    error_of(ErrorCode::invalid_input, [&] { s.beam(0); });
    std::stop_source stop;
    stop.request_stop();
    error_of(ErrorCode::cancelled, [&] { beam_search(s.model, s.encoded, {}, nullptr, stop.get_token()); });
}

}  // namespace
}  // namespace saccade::beam_test
