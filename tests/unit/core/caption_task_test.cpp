#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "model/captioner.hpp"
#include "testing.hpp"
#include "train/caption_losses.hpp"
#include "train/caption_task.hpp"
#include "train/trainer.hpp"

// Captioners in training: a few steps of small batches.

namespace saccade::test::caption_task_test {
namespace {

TrainOptions small(int epochs) {
    TrainOptions options;
    options.epochs = epochs;
    options.batch_size = 8;
    options.extra = {{"steps", 6}, {"warm", 0}, {"state", 16}, {"embedding", 8}, {"attention", 8}};
    return options;
}

TEST(CaptionTask, each_learns_the_first_words_and_can_be_measured) {
    for (const std::string& id : caption_task_ids()) {
        TrainOptions options = small(20);
        options.learning_rate = 5e-3;
        const auto task = make_caption_task(id, options);
        Trainer trainer(*task, 7);
        const double first = trainer.step();
        double last = 0;
        for (int i = 0; i < 12; ++i) last = trainer.step();
        EXPECT_LT(last, first) << id;
        WeightMap weights = trainer.weights_copy();
        task->recalibrate_norms(weights, {});
        EXPECT_TRUE(weights.contains("encoder.norm1.mean")) << id;
        const auto metrics = task->evaluate(weights, 3, {});
        for (const char* name : {"exact_match", "bleu_greedy", "pointing_accuracy", "pointing_chance", "gold_weight"}) {
            ASSERT_TRUE(metrics.contains(name)) << id << ": " << name;
            EXPECT_GE(metrics.at(name), 0) << id;
            EXPECT_LE(metrics.at(name), 1) << id;
        }
        EXPECT_EQ(metrics.contains("exact_match_sampled"), id == "captions-hard");
        const nlohmann::json design = task->card().at("design");
        EXPECT_TRUE(id.starts_with("captions-" + design.at("attention").get<std::string>())) << id;
        EXPECT_EQ(design.at("order") == "spatial-channel", id.ends_with("spatial-channel")) << id;
    }
}

TEST(CaptionTask, a_step_depends_on_the_seed_alone) {
    const auto task = make_caption_task("captions-hard", small(1));
    Trainer one(*task, 3), two(*task, 3);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(one.step(), two.step());
    Trainer other(*task, 4);
    EXPECT_NE(other.step(), Trainer(*task, 3).step());
}

TEST(CaptionTask, soft_attention_draws_its_locations_for_a_while_near_the_end) {
    TrainOptions options = small(200);  // 1,200 steps: drawn from 1,020 to 1,158
    const auto task = make_caption_task("captions-soft", options);
    Rng rng(7);
    const WeightMap weights = task->initial_weights(rng);
    ASSERT_TRUE(weights.contains("reinforce.baseline"));
    // The baseline is learned where locations are drawn, and nowhere else.
    const auto learns_baseline = [&](Index step) {
        Tape<float> tape;
        const Weights<float> leaves(weights, &tape);
        Rng noise(1);
        tape.backward(task->shard_loss(leaves, step, 0, noise));
        const Tensor<float> grad = tape.grad(leaves.get("reinforce.baseline"));
        return std::ranges::any_of(grad.values(), [](float g) { return g != 0; });
    };
    EXPECT_FALSE(learns_baseline(1000));
    EXPECT_TRUE(learns_baseline(1019 + 1));
    EXPECT_TRUE(learns_baseline(1157));
    EXPECT_FALSE(learns_baseline(1158));
    EXPECT_GT(task->learning_rate(1140), 0);
    EXPECT_GT(task->learning_rate(1120), task->learning_rate(1019)) << "every phase begins at a rate of its own";
    EXPECT_EQ(task->card().at("phases").size(), 3);
    options.extra["drawn"] = 0;
    EXPECT_FALSE(make_caption_task("captions-soft", options)->card().contains("phases"));
    options.extra["warm"] = 1;
    options.extra["drawn"] = 1;
    EXPECT_FALSE(make_caption_task("captions-soft", options)->card().contains("phases")) << "it starts from one that points";
}

TEST(CaptionEncoder, how_its_windows_step_is_in_the_file) {
    const auto task = make_caption_task("captions-soft", small(1));
    const CaptionerDesign design = captioner_design_from_json(task->card(), "card");
    EXPECT_EQ(design.encoder, caption_steps());
    Rng rng(3);
    WeightMap weights = task->initial_weights(rng);
    nlohmann::json card = task->card();
    card["design"]["strides"] = {2, 1, 1, 2, 1, 1};
    card["design"]["shifts"] = {0, 0, 0, 0, 0, 0};
    const CaptionerDesign finer = captioner_design_from_json(card, "card");
    EXPECT_EQ(captioner_design_from_json({{"design", to_json(finer)}}, "card"), finer);
    const Captioner<float> model(Weights<float>(weights), finer);
    EXPECT_EQ(model.encoder().cell(), 4) << "8 with the usual ones";
    EXPECT_EQ(model.encode(Tensor<float>(Shape{1, 32, 24, 3}, 0.5f)).annotations.shape(),
              (Shape{1, 8 * 6, model.sizes().annotation}));

    card["design"]["strides"] = {2, 2, 1, 2, 1};
    const auto made = [&] { Captioner<float>(Weights<float>(weights), captioner_design_from_json(card, "card")); };
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, made), "5 strides and 6 shifts"));
    card["design"]["shifts"] = {0, 0, 0, 0, 0};
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, made), "one number for each of its layers")) << "one is left over";
    card["design"]["strides"] = {2, 2, 1, 2, 1, 0};
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, made), "card: the model card's design: 'strides' is 0"));
    card["design"]["strides"] = {2, 2, 1, 2, 1, 1};
    card["design"]["shifts"] = {0, 0, 0, 0, 0, 2};
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, made), "at most half a window"));
}

TEST(CaptionTask, says_in_one_line_what_it_does_not_take) {
    TrainOptions options = small(1);
    options.data_path = "photographs";
    EXPECT_THROW(make_caption_task("captions-soft", options), Error);
    options = small(1);
    options.extra["colour"] = 1;
    EXPECT_THROW(make_caption_task("captions-soft", options), Error);
}

/// Two examples, two steps, three locations, two classes.
struct Sampled {
    std::vector<Captioner<float>::Step> steps;
    PaddedTargets targets;
    Tape<float> tape;
    std::vector<Var<float>> scores;
};

Sampled sampled() {
    Sampled s;
    const std::vector<Ids> captions = {{0, 1}, {1}};
    s.targets = PaddedTargets::from(captions, 1);
    for (int t = 0; t < 2; ++t) {
        s.scores.push_back(s.tape.leaf(Tensor<float>(Shape{2, 3})));
        Captioner<float>::Step step;
        step.scores = s.scores.back();
        step.policy = softmax(step.scores);
        step.sampled = Tensor<float>::from({2, 3}, {1, 0, 0, 0, 1, 0});
        s.steps.push_back(step);
    }
    return s;
}

TEST(CaptionLosses, reinforce_makes_what_was_drawn_likelier_where_the_reward_was_above_the_baseline) {
    Sampled s = sampled();
    // log p of the right word: first example 0 and about -10, second about -10; the baseline is between.
    const auto logits = Tensor<float>::from({4, 2}, {20, 0, 10, 0, 10, 0, 0, 0});
    const Var<float> baseline = s.tape.leaf(Tensor<float>(Shape{2}, -0.5f));
    const ReinforceSettings settings{.weight = 1, .entropy = 0, .discount = 0};
    s.tape.backward(reinforce_loss(s.steps, logits, s.targets, baseline, settings));
    const Tensor<float> first = s.tape.grad(s.scores[0]);
    EXPECT_LT(first.at({0, 0}), 0) << "raised: the word was right";
    EXPECT_GT(first.at({1, 1}), 0) << "lowered: it was wrong";
    for (Index i = 0; i < 3; ++i) EXPECT_EQ(s.tape.grad(s.scores[1]).at({1, i}), 0) << "behind the end nothing is taught";
    // Mean reward of the first step is -5, where the baseline is; of the second -10, so it falls.
    EXPECT_GT(s.tape.grad(baseline).data()[1], 0);
}

TEST(CaptionLosses, doubly_stochastic_is_least_where_all_locations_get_the_same) {
    Sampled flat = sampled();
    Sampled sharp = sampled();
    for (auto& step : sharp.steps) step.policy = softmax(Var<float>(Tensor<float>::from({2, 3}, {9, 0, 0, 9, 0, 0})));
    EXPECT_LT(doubly_stochastic_loss(flat.steps, flat.targets).value().item(),
              doubly_stochastic_loss(sharp.steps, sharp.targets).value().item());
    // Two words over three locations leave a third of each; one word two thirds.
    EXPECT_NEAR(doubly_stochastic_loss(flat.steps, flat.targets).value().item(), (1.0 / 9 + 4.0 / 9) / 2, 1e-6);
}

}  // namespace
}  // namespace saccade::test::caption_task_test
