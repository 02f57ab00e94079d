#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "attention/position.hpp"
#include "base/utf8.hpp"
#include "model/transformer.hpp"
#include "train/date_lists_data.hpp"
#include "train/padded_targets.hpp"
#include "train/trainer.hpp"
#include "train/transformer_date_lists_task.hpp"
#include "train/transformer_translation_task.hpp"
#include "train/translation_set.hpp"
#include "unit/core/testing.hpp"

namespace saccade::transformer_tasks_test {
namespace {

using test::contains;
using test::error_of;
using test::TemporaryFolder;

TEST(TransformerDateLists, every_position_code_learns_and_is_measured_past_what_it_learned) {
    TrainOptions options;
    options.batch_size = 12;
    for (const PositionFunction& code : position_codes()) {
        SCOPED_TRACE(code.id);
        const auto task = make_task("date-lists-" + code.id, options);
        Trainer trainer(*task, 7);
        const double first = trainer.step();
        double last = 0;
        for (int i = 0; i < 12; ++i) last = trainer.step();
        EXPECT_LT(last, 0.9 * first);
        if (code.id != "learned") continue;
        const auto metrics = task->evaluate(trainer.weights(), 6, {});
        for (const char* name : {"exact_match", "exact_match_1", "exact_match_6", "loss"})
            EXPECT_EQ(metrics.count(name), 1u) << name;
        EXPECT_GT(metrics.at("accuracy_1"), 0.1) << "digits of years are soon guessed";
        EXPECT_LE(metrics.at("accuracy_1"), 1);
        EXPECT_EQ(metrics.at("exact_match_6"), 0) << "six dates do not fit its table";
        EXPECT_GT(metrics.at("loss"), 0);
    }
}

TEST(TransformerDateLists, the_card_tells_the_model) {
    const nlohmann::json card = make_task("date-lists-shaw", {})->card();
    const TransformerDesign design = transformer_design_from_json(card, "card");
    EXPECT_EQ(design.encoder.position, "shaw");
    EXPECT_TRUE(design.decoder.causal);
    TrainOptions options;
    options.extra["stops"] = 3;
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { make_task("date-lists-shaw", options); }), "steps"));
    options = {};
    options.data_path = "anything";
    error_of(ErrorCode::usage, [&] { make_task("date-lists-shaw", options); });
}

TEST(DateLists, vocabularies_hold_every_separator_once) {
    const SequenceVocabularies plain = date_vocabularies(), lists = date_vocabularies(";");
    EXPECT_EQ(plain.target.find(";"), -1);
    EXPECT_EQ(lists.target.token(lists.target.size() - 3), ";");
    EXPECT_GE(lists.source.find(";"), 0);
    const std::set<std::string> once(lists.source.tokens().begin(), lists.source.tokens().end());
    EXPECT_EQ(static_cast<Index>(once.size()), lists.source.size());
    EXPECT_EQ(plain.source.token(2), encode_utf8(source_alphabet().front()));
}

TEST(PaddedTargets, batch_major_puts_a_sequence_side_by_side) {
    const std::vector<Ids> targets = {{1, 2, 3}, {4}};
    const PaddedTargets p = PaddedTargets::from(targets, 9).batch_major();
    EXPECT_EQ(p.ids, (Ids{1, 2, 3, 4, 9, 9}));
    EXPECT_EQ(p.counts, (std::vector<float>{1, 1, 1, 1, 0, 0}));
}

/// Sentences that are easy to translate, some of them held out.
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

TEST(TransformerTranslation, learns_and_is_measured) {
    const TemporaryFolder folder;
    TrainOptions options;
    options.data_path = pairs_file(folder);
    options.batch_size = 16;
    options.epochs = 4;
    options.extra = {{"d_model", 16}, {"heads", 2},   {"layers", 1},   {"d_ff", 16},
                     {"merges", 50},  {"warm_up", 5}, {"dropout", 0.1}};
    const auto task = make_task("zh-en-transformer", options);
    Trainer trainer(*task, 7);
    const double first = trainer.step();
    double last = 0;
    for (int i = 0; i < 25; ++i) last = trainer.step();
    EXPECT_LT(last, 0.8 * first);
    const auto metrics = task->evaluate(trainer.weights(), 3, {});
    for (const char* name : {"bleu_greedy", "bleu_beam5", "loss"}) EXPECT_EQ(metrics.count(name), 1u) << name;
    EXPECT_EQ(transformer_design_from_json(task->card(), "card").encoder.heads, 2);
    EXPECT_TRUE(task->card().contains("merges"));
    EXPECT_GT(task->learning_rate(5), task->learning_rate(40));

    options.extra = {{"heads", 5}};
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { make_task("zh-en-transformer", options); }), "divide"));
    options.extra = {{"dropout", 1}};
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { make_task("zh-en-transformer", options); }), "dropout"));
    options.data_path.clear();
    error_of(ErrorCode::usage, [&] { make_task("zh-en-transformer", options); });
}

TEST(TranslationSet, shards_share_out_a_batch_and_an_epoch_uses_no_pair_twice) {
    const TemporaryFolder folder;
    TrainOptions options;
    options.data_path = pairs_file(folder);
    options.batch_size = 8;
    const TranslationSet set("test", options, {});
    std::multiset<Ids> seen;
    for (Index step = 0; step < set.steps_per_epoch(); ++step) {
        std::multiset<Ids> whole, parts;
        for (const Ids& s : set.batch(step, 0, 1).sources) whole.insert(s);
        for (int shard = 0; shard < 2; ++shard) {
            const auto batch = set.batch(step, shard, 2);
            EXPECT_EQ(batch.sources.size(), 4u);
            for (const Ids& s : batch.sources) parts.insert(s);
            for (const Ids& t : batch.targets) EXPECT_EQ(t.back(), set.text().vocabularies().end());
        }
        EXPECT_EQ(whole, parts);
        seen.insert(whole.begin(), whole.end());
    }
    EXPECT_EQ(seen.size(), std::set<Ids>(seen.begin(), seen.end()).size());
    EXPECT_NE(set.batch(0, 0, 1).sources, set.batch(set.steps_per_epoch(), 0, 1).sources);
}

}  // namespace
}  // namespace saccade::transformer_tasks_test
