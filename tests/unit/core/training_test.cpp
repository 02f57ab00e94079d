#include "train/training.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "base/parallel.hpp"
#include "train/adam.hpp"
#include "train/trainer.hpp"
#include "train/training_file.hpp"
#include "unit/scratch.hpp"

namespace saccade::training_test {
namespace {

/// Fits y = W x with noise from the step's own stream: small, but everything a task has.
class LineTask : public Task {
 public:
    std::string id() const override { return "line"; }
    WeightMap initial_weights(Rng& rng) const override {
        Tensor<float> w(Shape{2, 3});
        for (float& v : w.values()) v = static_cast<float>(rng.normal());
        return {{"w", w}, {"b", Tensor<float>(Shape{2})}};
    }
    Index steps_per_epoch() const override { return 50; }
    int default_epochs() const override { return 2; }
    Var<float> shard_loss(const Weights<float>& weights, Index, int, Rng& rng) const override {
        Tensor<float> x(Shape{8, 3});
        Tensor<float> y(Shape{8, 2});
        for (Index i = 0; i < 8; ++i) {
            float* row = x.data() + 3 * i;
            for (int k = 0; k < 3; ++k) row[k] = static_cast<float>(rng.normal());
            y.data()[2 * i] = row[0] - 2 * row[1] + 0.5f;
            y.data()[2 * i + 1] = row[2];
        }
        const Var<float> error = sub(affine(Var<float>(x), weights.get("w"), weights.get("b")), Var<float>(y));
        return scale(sum_all(mul(error, error)), 1.0f / 16);
    }
    int shards() const override { return 4; }
    double learning_rate(Index) const override { return 0.05; }
    std::map<std::string, double> evaluate(const WeightMap& weights, Index, std::stop_token) const override {
        return {{"exact_match", std::abs(weights.at("w").at({0, 1}) + 2) < 0.05 ? 1.0 : 0.0}};
    }
    nlohmann::json card() const override { return {{"id", "line"}}; }
};

bool same(const WeightMap& a, const WeightMap& b) {
    for (const auto& [name, tensor] : a)
        if (!std::ranges::equal(tensor.values(), b.at(name).values())) return false;
    return a.size() == b.size();
}

TEST(Trainer, learns) {
    const LineTask task;
    Trainer trainer(task, 7);
    const double first = trainer.step();
    double last = first;
    for (int i = 0; i < 199; ++i) last = trainer.step();
    EXPECT_LT(last, first / 100);
    EXPECT_EQ(trainer.steps_done(), 200);
    EXPECT_EQ(task.evaluate(trainer.weights(), 1, {}).at("exact_match"), 1.0);
}

TEST(Trainer, thread_count_changes_nothing) {
    const LineTask task;
    const int before = thread_count();
    std::vector<WeightMap> results;
    for (const int threads : {1, 2}) {
        set_thread_count(threads);
        Trainer trainer(task, 7);
        for (int i = 0; i < 20; ++i) trainer.step();
        results.push_back(trainer.weights_copy());
    }
    set_thread_count(before);
    EXPECT_TRUE(same(results[0], results[1]));
}

TEST(Trainer, other_seed_gives_other_weights) {
    const LineTask task;
    Trainer a(task, 7), b(task, 8);
    a.step();
    b.step();
    EXPECT_FALSE(same(a.weights(), b.weights()));
}

TEST(Trainer, resumed_is_the_same_as_uninterrupted) {
    const LineTask task;
    Trainer whole(task, 7);
    for (int i = 0; i < 10; ++i) whole.step();
    const WeightMap checkpoint = whole.checkpoint();
    for (int i = 0; i < 10; ++i) whole.step();

    Trainer resumed(task, 7);
    resumed.restore(checkpoint, 10);
    for (int i = 0; i < 10; ++i) resumed.step();
    EXPECT_TRUE(same(whole.weights(), resumed.weights()));
}

TEST(Trainer, refuses_a_checkpoint_of_something_else) {
    const LineTask task;
    Trainer trainer(task, 7);
    WeightMap checkpoint = trainer.checkpoint();
    checkpoint.erase("adam.v.w");
    EXPECT_THROW(trainer.restore(checkpoint, 1), Error);
}

TEST(Adam, first_update_is_the_learning_rate) {
    // Kingma and Ba 2015, section 2.1: with bias correction the first step is lr * sign(g), up to epsilon.
    WeightMap weights{{"w", Tensor<float>::from(Shape{2}, {1.0f, 1.0f})}};
    Adam adam(weights);
    adam.step(weights, {{"w", Tensor<float>::from(Shape{2}, {0.3f, -20.0f})}}, 0.1);
    EXPECT_NEAR(weights.at("w").at({0}), 0.9f, 1e-6);
    EXPECT_NEAR(weights.at("w").at({1}), 1.1f, 1e-6);
}

TEST(Adam, clips_by_the_norm_over_all) {
    WeightMap g{{"a", Tensor<float>::from(Shape{1}, {3.0f})}, {"b", Tensor<float>::from(Shape{1}, {4.0f})}};
    EXPECT_DOUBLE_EQ(clip_by_global_norm(g, 1.0), 5.0);
    EXPECT_NEAR(g.at("a").item(), 0.6f, 1e-6);
    EXPECT_NEAR(g.at("b").item(), 0.8f, 1e-6);
    EXPECT_NEAR(clip_by_global_norm(g, 2.0), 1.0, 1e-6);
    EXPECT_NEAR(g.at("a").item(), 0.6f, 1e-6);
}

TEST(TrainingFile, round_trip) {
    const std::string path = test::scratch_path("training_file_test.safetensors");
    const LineTask task;
    Trainer trainer(task, 7);
    trainer.step();
    TrainOptions options;
    options.epochs = 3;
    options.extra["alignment_loss"] = 0.5;
    write_training_file(
        path,
        {"line", options, 1, 2.5, {{1, 2.5, 0.75, std::nullopt}, {2, 3, 0.5, 0.25}}, {{"id", "before"}}, trainer.checkpoint()});
    const TrainingFile back = read_training_file(path);
    std::filesystem::remove(path);
    EXPECT_EQ(back.task, "line");
    EXPECT_EQ(back.starts_from, nlohmann::json({{"id", "before"}}));
    EXPECT_EQ(back.options, options);
    EXPECT_EQ(back.step, 1);
    ASSERT_EQ(back.points.size(), 2u);
    EXPECT_FALSE(back.points[0].metric.has_value());
    EXPECT_EQ(back.points[1].metric, 0.25);
    EXPECT_TRUE(same(back.tensors, trainer.checkpoint()));
}

TEST(Curves, exact_match_stands_where_it_was_measured) {
    const auto trace = curves_of({{10, 1, 2.0, std::nullopt}, {20, 2, 1.0, 0.5}});
    EXPECT_EQ(trace->tensor("loss").values.shape(), (Shape{2}));
    EXPECT_EQ(trace->tensor("exact_match").values.shape(), (Shape{1}));
    EXPECT_EQ(trace->tensor("exact_match").info.axes[0]->labels, (std::vector<std::string>{"20"}));
}

}  // namespace
}  // namespace saccade::training_test
