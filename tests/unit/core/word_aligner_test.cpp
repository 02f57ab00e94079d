#include "model/word_aligner.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "exhibit/word_alignment.hpp"
#include "train/attention_guide.hpp"
#include "train/task.hpp"
#include "train/trainer.hpp"
#include "unit/core/hand_aligned.hpp"
#include "unit/core/testing.hpp"

namespace saccade::word_aligner_test {
namespace {

using test::contains;
using test::error_of;
using test::hand_aligned_pairs;
using test::on_gold;
using test::Share;
using test::TemporaryFolder;

/// Conditions a, b and NULL; generated x, y.
const LexicalTable table{{0, 2, 4, 6}, {0, 1, 0, 1, 0, 1}};
const std::vector<float> even(6, 0.5f), uneven = {0.9f, 0.1f, 0.3f, 0.7f, 0.5f, 0.5f};

std::vector<float> jumps() {
    std::vector<float> s;
    for (Index w = -AlignerDirection::widest_jump; w <= AlignerDirection::widest_jump; ++w)
        s.push_back(1.0f / static_cast<float>(1 + std::abs(w - 1)));
    return s;
}

TEST(WordAligner, ibm1_by_hand) {
    const std::vector<float> s = jumps();
    const AlignerDirection direction{&table, even, s};
    // From "a b" to "x": 0.8 / 2 * 0.5 from a, as much from b, 0.2 * 0.5 from NULL.
    const AlignmentPosterior p = direction.ibm1(std::vector<Index>{0, 1}, std::vector<Index>{0});
    EXPECT_NEAR(p.weights[0], 0.4, 1e-9);
    EXPECT_NEAR(p.weights[1], 0.4, 1e-9);
    EXPECT_NEAR(p.null[0], 0.2, 1e-9);
    EXPECT_NEAR(p.log_likelihood, std::log(0.5), 1e-9);
    const AlignerDirection other{&table, uneven, s};
    // 0.4 * 0.1 from a, 0.4 * 0.7 from b, 0.2 * 0.5 from NULL.
    const AlignmentPosterior q = other.ibm1(std::vector<Index>{0, 1}, std::vector<Index>{1});
    EXPECT_NEAR(q.weights[0], 0.04 / 0.42, 1e-7);
    EXPECT_NEAR(q.weights[1], 0.28 / 0.42, 1e-7);
}

/// The sum over every alignment, NULL included, one by one.
struct Enumerated {
    std::vector<double> weights;
    double likelihood = 0;
};
Enumerated enumerate(const AlignerDirection& d, const std::vector<Index>& from, const std::vector<Index>& to) {
    const auto size = static_cast<Index>(from.size());
    Enumerated all{std::vector<double>(from.size() * to.size()), 0};
    std::vector<Index> chosen(to.size(), 0);  // 0: NULL, else the position from 1
    const auto jump = [&](Index before, Index position) {
        double total = 0;
        for (Index i = 1; i <= size; ++i)
            total += static_cast<double>(d.jump[static_cast<std::size_t>(i - before + d.widest_jump)]);
        return static_cast<double>(d.jump[static_cast<std::size_t>(position - before + d.widest_jump)]) / total;
    };
    while (true) {
        double p = 1;
        Index before = 0;
        for (std::size_t j = 0; j < to.size(); ++j) {
            if (chosen[j] == 0) {
                p *= d.p0 * d.t(d.table->null(), to[j]);
                continue;
            }
            p *= (1 - d.p0) * jump(before, chosen[j]) * d.t(from[static_cast<std::size_t>(chosen[j] - 1)], to[j]);
            before = chosen[j];
        }
        all.likelihood += p;
        for (std::size_t j = 0; j < to.size(); ++j)
            if (chosen[j] > 0) all.weights[j * from.size() + static_cast<std::size_t>(chosen[j] - 1)] += p;
        std::size_t j = 0;
        while (j < to.size() && ++chosen[j] > size) chosen[j++] = 0;
        if (j == to.size()) break;
    }
    for (double& w : all.weights) w /= all.likelihood;
    return all;
}

TEST(WordAligner, hmm_is_the_sum_over_all_alignments) {
    const std::vector<float> s = jumps();
    const AlignerDirection direction{&table, uneven, s};
    const std::vector<std::vector<Index>> froms = {{0}, {0, 1}, {1, 0, 1}, {0, 0, 1, 1}},
                                          tos = {{0}, {1, 0}, {0, 1, 1}, {1, 0, 0, 1, 0}};
    for (const auto& from : froms)
        for (const auto& to : tos) {
            const AlignmentPosterior p = direction.hmm(from, to);
            const Enumerated all = enumerate(direction, from, to);
            EXPECT_NEAR(p.log_likelihood, std::log(all.likelihood), 1e-9);
            ASSERT_EQ(p.weights.size(), all.weights.size());
            for (std::size_t i = 0; i < all.weights.size(); ++i) EXPECT_NEAR(p.weights[i], all.weights[i], 1e-9);
            double expected = 0;
            for (const double jumped : p.jumps) expected += jumped;
            for (const double null : p.null) expected += null;
            EXPECT_NEAR(expected, static_cast<double>(to.size()), 1e-9) << "every token comes by a jump or from NULL";
        }
}

WeightMap weights_of(const std::vector<float>& t) {
    WeightMap weights;
    for (const char* name : {"to_source", "to_target"}) {
        table.add_to(weights, name);
        weights.emplace(std::string(name) + ".probability", Tensor<float>::from(Shape{6}, t));
        weights.emplace(std::string(name) + ".jump", Tensor<float>::from(Shape{25}, jumps()));
    }
    return weights;
}

TEST(WordAligner, agreement_is_the_geometric_mean_of_both_directions) {
    const WordAligner aligner(weights_of(uneven));
    const std::vector<Index> source = {0, 1, 1}, target = {1, 0};
    const std::vector<float> s = jumps();
    const AlignerDirection direction{&table, uneven, s};
    const Enumerated to_source = enumerate(direction, target, source), to_target = enumerate(direction, source, target);
    const Tensor<float> agreement = aligner.agreement(source, target);
    ASSERT_EQ(agreement.shape(), (Shape{2, 3}));
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j)
            EXPECT_NEAR(agreement.data()[i * 3 + j], std::sqrt(to_source.weights[j * 2 + i] * to_target.weights[i * 3 + j]),
                        1e-6);
    EXPECT_EQ(aligner.agreement(std::vector<Index>{}, target).size(), 0);
    const Tensor<float> unknown = aligner.agreement(std::vector<Index>{-1, 7}, std::vector<Index>{-1});
    for (const float v : unknown.values()) EXPECT_TRUE(std::isfinite(v));
}

TEST(WordAligner, tables_survive_files_in_half_precision_and_bad_ones_are_refused) {
    const TemporaryFolder folder;
    std::vector<Index> many(5000);
    for (Index i = 0; i < 5000; ++i) many[static_cast<std::size_t>(i)] = i * 200;
    const LexicalTable large{{0, 2500, 5000}, many};
    WeightMap weights;
    large.add_to(weights, "t");
    write_safetensors(folder / "t.safetensors", weights, StoredType::f16);
    const LexicalTable again = LexicalTable::from(read_safetensors(folder / "t.safetensors"), "t");
    EXPECT_EQ(again.starts, large.starts);
    EXPECT_EQ(again.generated, large.generated);
    EXPECT_EQ(again.cell(1, 2500 * 200), 2500);
    EXPECT_EQ(again.cell(0, 2500 * 200), -1);

    error_of(ErrorCode::bad_format, [] { WordAligner(WeightMap{}); });
    WeightMap wrong = weights_of(even);
    wrong.insert_or_assign("to_source.probability", Tensor<float>(Shape{5}));
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { WordAligner{wrong}; }), "to_source.probability"));
    wrong = weights_of(even);
    wrong.insert_or_assign("to_target.starts.low", Tensor<float>::from(Shape{4}, {0, 4, 2, 6}));
    error_of(ErrorCode::bad_format, [&] { WordAligner{wrong}; });
}

/// Numbers, each a character and a word, in the order of the text: what belongs together is known.
std::string pairs_file(const TemporaryFolder& folder) {
    const char* const numbers[][2] = {{"one", "一"},  {"two", "二"},  {"three", "三"},
                                      {"four", "四"}, {"five", "五"}, {"six", "六"}};
    std::string text;
    for (const auto& a : numbers)
        for (const auto& b : numbers)
            for (const auto& c : numbers)
                text += std::string("I see ") + a[0] + " and " + b[0] + " and " + c[0] + ".\t我看到" + a[1] + "和" + b[1] +
                        "和" + c[1] + "。\tx\n";
    test::put_bytes(folder / "pairs.txt", text);
    return folder / "pairs.txt";
}

TEST(AlignerTask, expectation_maximisation_never_loses_and_finds_the_words) {
    const TemporaryFolder folder;
    TrainOptions options;
    options.data_path = pairs_file(folder);
    options.extra = {{"merges", 200}};
    const auto task = make_task("zh-en-aligner", options);
    Trainer trainer(*task, 7);
    std::vector<double> losses;
    for (int i = 0; i < 11; ++i) losses.push_back(trainer.step());
    for (std::size_t i = 1; i < 5; ++i) EXPECT_LE(losses[i], losses[i - 1] + 1e-6) << "IBM model 1, step " << i;
    EXPECT_LT(losses.back(), losses[4]);
    EXPECT_GT(task->evaluate(trainer.weights(), 5, {}).at("agreement"), 0.8);

    WeightMap saved = trainer.weights_copy();
    task->recalibrate_norms(saved, {});
    EXPECT_LT(saved.at("to_target.probability").size(), trainer.weights().at("to_target.probability").size()) << "pruned";
    const SequenceText text(task->card(), "card");
    const WordAligner aligner(saved);
    const auto links = aligner.links(text.read("我看到三和五和二。").ids, text.target("I see three and five and two."));
    // i see three and five and two .
    EXPECT_EQ(links.at({2, 3}), 1.0f);
    EXPECT_EQ(links.at({4, 5}), 1.0f);
    EXPECT_EQ(links.at({6, 7}), 1.0f);
    EXPECT_EQ(links.at({2, 5}), 0.0f);
}

TEST(AttentionGuide, asks_nothing_of_rows_without_a_link) {
    const ModelPtr model = bundled_model(word_aligner);
    const SequenceText text(model->card.json(), "card");
    const AttentionGuide guide(text);
    std::vector<Ids> sources = {text.read("我爱中国。").ids, text.read("我。").ids};
    std::vector<Ids> targets = {text.target("I love China."), text.target("I.")};
    for (Ids& t : targets) t.push_back(text.vocabularies().end());
    const Index steps = static_cast<Index>(targets[0].size()), length = 5;
    ASSERT_EQ(steps, 5) << "i love china . <end>";
    for (const bool time_major : {true, false}) {
        const std::vector<float> gold = guide.gold(sources, targets, steps, length, time_major);
        const auto row = [&](Index b, Index i) {
            const Index at = (time_major ? i * 2 + b : b * steps + i) * length;
            return std::vector<float>(gold.begin() + at, gold.begin() + at + length);
        };
        EXPECT_EQ(row(0, 0), (std::vector<float>{1, 0, 0, 0, 0}));
        EXPECT_EQ(row(0, 1), (std::vector<float>{0, 1, 0, 0, 0}));
        EXPECT_EQ(row(0, 2)[0] + row(0, 2)[1] + row(0, 2)[4], 0) << "china is linked to 中, to 国 or to both";
        EXPECT_EQ(row(0, 4), (std::vector<float>(5, 1))) << "<end>";
        EXPECT_EQ(row(1, 0), (std::vector<float>{1, 0, 0, 0, 0}));
        EXPECT_EQ(row(1, 4), (std::vector<float>(5, 1))) << "padding";
    }
    const SequenceText other({Vocabulary({"<pad>", "<unk>"}), Vocabulary({"<unk>", "<end>", "<start>"})}, {}, true);
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { AttentionGuide{other}; }), "alignment_loss=0"));
}

TEST(WordAligner, most_words_aligned_by_hand_are_found) {
    const ModelPtr model = bundled_model(word_aligner);
    const SequenceText text(model->card.json(), "card");
    const WordAligner aligner(model->weights);
    EXPECT_GE(hand_aligned_pairs().size(), 40u);
    const Share share = on_gold(text, [&](const Ids& source, const Ids& target) { return aligner.agreement(source, target); });
    EXPECT_GE(share.words, 200);
    EXPECT_GE(share.value(), 0.88) << share.right << " of " << share.words;
}

}  // namespace
}  // namespace saccade::word_aligner_test
