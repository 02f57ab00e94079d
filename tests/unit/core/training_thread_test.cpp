#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "io/safetensors.hpp"
#include "run/runner.hpp"
#include "train/training.hpp"
#include "unit/core/testing.hpp"

// The training as the window sees it: on its own thread, looked at and steered from another.

namespace saccade::training_thread_test {
namespace {

using test::contains;
using test::error_of;
using test::TemporaryFolder;

TrainOptions brief() {
    TrainOptions options;
    options.epochs = 1;
    options.batch_size = 8;
    options.extra["steps"] = 40;
    return options;
}

/// Waits for something that the training thread does; gives up after a minute.
template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 60000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

bool ended(const Training& training) {
    return training.state() != Training::State::running && training.state() != Training::State::paused;
}

bool same(const WeightMap& a, const WeightMap& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.first == y.first && std::ranges::equal(x.second.values(), y.second.values());
    });
}

TEST(Training, runs_to_its_end_and_keeps_curves_and_snapshots) {
    Training training("dates", brief());
    ASSERT_TRUE(eventually([&] { return ended(training); }));
    EXPECT_EQ(training.state(), Training::State::finished);
    EXPECT_EQ(training.step(), training.total_steps());
    const std::vector<TrainPoint> points = training.points();
    ASSERT_EQ(points.size(), 5u);  // every ten steps, and where exact match was measured
    EXPECT_LT(points.back().loss, points.front().loss);
    EXPECT_TRUE(points.back().metric.has_value());
    EXPECT_EQ(training.curves()->tensor("loss").values.size(), static_cast<Index>(points.size()));

    const std::vector<Index> steps = training.snapshot_steps();
    EXPECT_EQ(steps.front(), 0);
    EXPECT_EQ(steps.back(), training.total_steps());
    EXPECT_TRUE(std::ranges::is_sorted(steps));
    EXPECT_EQ(training.snapshot(steps[3] + 1), training.snapshot(steps[3]));
    EXPECT_EQ(training.latest(), training.snapshot(training.total_steps()));

    // A snapshot is the model of a run.
    RunRequest request;
    request.exhibit = "alignment";
    request.model = training.snapshot(0);
    EXPECT_GT(run(request)->tensor("weights").values.size(), 0);
}

TEST(Training, pauses_and_goes_on) {
    TrainOptions options = brief();
    options.epochs = 1000;  // it shall not end by itself
    Training training("dates", options);
    ASSERT_TRUE(eventually([&] { return training.step() >= 3; }));
    training.pause();
    EXPECT_EQ(training.state(), Training::State::paused);
    const TemporaryFolder folder;
    training.save_checkpoint(folder / "a.safetensors");  // waits for the step under way
    const Index at = training.step();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(training.step(), at);
    training.resume();
    EXPECT_TRUE(eventually([&] { return training.step() > at; }));
    training.pause();
    training.stop();
    EXPECT_TRUE(eventually([&] { return training.state() == Training::State::stopped; }));
}

TEST(Training, resumed_gives_the_same_weights_as_uninterrupted) {
    const TemporaryFolder folder;
    const std::string checkpoint = folder / "checkpoint.safetensors";
    Training whole("dates", brief());
    ASSERT_TRUE(eventually([&] { return whole.step() >= 10; }));
    whole.save_checkpoint(checkpoint);
    Training resumed("dates", brief(), checkpoint);
    EXPECT_GE(resumed.step(), 10);
    ASSERT_TRUE(eventually([&] { return ended(whole) && ended(resumed); }));
    EXPECT_TRUE(same(whole.latest()->weights, resumed.latest()->weights));

    TrainOptions other = brief();
    other.extra["alignment_loss"] = 0.5;
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [&] { Training("dates", other, checkpoint); }), "alignment_loss 0.5"));
    whole.save_model(folder / "model.safetensors");
    error_of(ErrorCode::bad_format, [&] { Training("dates", brief(), folder / "model.safetensors"); });
}

TEST(Training, snapshots_are_thinned_least_where_the_model_learns_most) {
    std::vector<Index> steps;
    for (Index step = 0; step <= 5000; step += 5) {
        steps.push_back(step);
        if (steps.size() > 64) steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(snapshot_to_drop(steps)));
    }
    EXPECT_EQ(steps.size(), 64u);
    EXPECT_EQ(steps.front(), 0);
    EXPECT_EQ(steps.back(), 5000);
    const auto early = std::ranges::count_if(steps, [](Index s) { return s <= 500; });
    EXPECT_GE(early, 16);
    EXPECT_LE(early, 48);
}

TEST(Training, saves_a_model_that_runs) {
    const TemporaryFolder folder;
    Training training("dates", brief());
    training.save_model(folder / "model.safetensors");
    RunRequest request;
    request.exhibit = "alignment";
    request.weights_path = folder / "model.safetensors";
    EXPECT_GT(run(request)->tensor("weights").values.size(), 0);
    error_of(ErrorCode::io, [&] { training.save_model(folder / "missing/model.safetensors"); });
}

}  // namespace
}  // namespace saccade::training_thread_test
