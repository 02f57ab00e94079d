#include "train/dates_task.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/parallel.hpp"
#include "model/model_store.hpp"
#include "train/trainer.hpp"
#include "unit/core/testing.hpp"

namespace saccade::dates_task_test {
namespace {

using test::contains;
using test::error_of;

class ThreadCount {
 public:
    explicit ThreadCount(int n) : before_(thread_count()) { set_thread_count(n); }
    ~ThreadCount() { set_thread_count(before_); }
    ThreadCount(const ThreadCount&) = delete;
    ThreadCount& operator=(const ThreadCount&) = delete;

 private:
    int before_;
};

bool same(const WeightMap& a, const WeightMap& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.first == y.first && std::ranges::equal(x.second.values(), y.second.values());
    });
}

TrainOptions small_batches() {
    TrainOptions options;
    options.batch_size = 16;
    return options;
}

TEST(DatesTask, trains_to_the_same_bits_at_one_and_two_threads) {
    const auto task = make_task("dates", small_batches());
    const auto trained = [&](int threads) {
        const ThreadCount limit(threads);
        Trainer trainer(*task, 7);
        for (int i = 0; i < 4; ++i) trainer.step();
        return trainer.weights_copy();
    };
    EXPECT_TRUE(same(trained(1), trained(2)));
}

TEST(DatesTask, resumed_equals_uninterrupted) {
    const auto task = make_task("dates", small_batches());
    Trainer whole(*task, 7);
    for (int i = 0; i < 3; ++i) whole.step();
    Trainer resumed(*task, 7);
    resumed.restore(whole.checkpoint(), whole.steps_done());
    for (int i = 0; i < 3; ++i) {
        whole.step();
        resumed.step();
    }
    EXPECT_TRUE(same(whole.weights(), resumed.weights()));
}

TEST(DatesTask, learns) {
    const auto task = make_task("dates", small_batches());
    Trainer trainer(*task, 7);
    const double first = trainer.step();
    double last = 0;
    for (int i = 0; i < 40; ++i) last = trainer.step();
    EXPECT_LT(last, 0.8 * first);
}

TEST(DatesTask, alignment_loss_is_an_option) {
    TrainOptions options = small_batches();
    options.extra["alignment_loss"] = 0;
    const double without = Trainer(*make_task("dates", options), 7).step();
    options.extra["alignment_loss"] = 0.5;
    const double with = Trainer(*make_task("dates", options), 7).step();
    EXPECT_GT(with, without + 0.5);  // an untrained alignment has about one weight in ten on gold: -log 0.1 = 2.3
    options.extra["alignment_loss"] = -1;
    error_of(ErrorCode::usage, [&] { make_task("dates", options); });
    options.extra = {{"alignement_loss", 1}};
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { make_task("dates", options); }), "alignment_loss"));
}

TEST(DatesTask, the_bundled_model_is_as_good_as_its_card_says) {
    const auto task = make_task("dates", {});
    const ModelPtr model = bundled_model("dates");
    const auto metrics = task->evaluate(model->weights, 2000, {});
    EXPECT_GE(metrics.at("exact_match"), 0.99);
    EXPECT_GE(metrics.at("gold_weight"), 0.90);
    for (const auto& [name, value] : metrics)
        EXPECT_NEAR(value, model->card.json().at("metrics").at(name).get<double>(), 1e-3) << name;
}

TEST(DatesTask, metrics_of_an_untrained_model_are_bad) {
    const auto task = make_task("dates", {});
    Rng rng(7);
    const auto metrics = task->evaluate(task->initial_weights(rng), 100, {});
    EXPECT_EQ(metrics.at("exact_match"), 0);
    EXPECT_LT(metrics.at("gold_weight"), 0.3);
    EXPECT_GT(metrics.at("loss"), 2);
}

TEST(DatesTask, evaluation_can_be_stopped) {
    const auto task = make_task("dates", {});
    std::stop_source stop;
    stop.request_stop();
    Rng rng(7);
    error_of(ErrorCode::cancelled, [&] { task->evaluate(task->initial_weights(rng), 100, stop.get_token()); });
    error_of(ErrorCode::usage, [&] { task->evaluate(task->initial_weights(rng), 0, {}); });
}

}  // namespace
}  // namespace saccade::dates_task_test
