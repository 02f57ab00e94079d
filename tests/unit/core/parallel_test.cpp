#include "base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace saccade::parallel_test {
namespace {

/// Restores the number of threads that other tests run with.
class Parallel : public testing::Test {
 protected:
    void TearDown() override { set_thread_count(before_); }
    int before_ = thread_count();
};

TEST_F(Parallel, EveryIndexOnce) {
    for (const int threads : {1, 2, 4}) {
        set_thread_count(threads);
        std::vector<std::atomic<int>> seen(1000);
        parallel_for(1000, [&](std::int64_t i) { ++seen[static_cast<std::size_t>(i)]; });
        for (const auto& count : seen) EXPECT_EQ(count, 1);
    }
}

TEST_F(Parallel, NothingToDo) {
    set_thread_count(2);
    parallel_for(0, [](std::int64_t) { FAIL(); });
}

TEST_F(Parallel, UsesSeveralThreads) {
    set_thread_count(2);
    // Each of two bodies waits for the other: only two threads can get past that.
    std::atomic<int> arrived{0};
    parallel_for(2, [&](std::int64_t) {
        ++arrived;
        while (arrived < 2) std::this_thread::yield();
    });
    EXPECT_EQ(arrived, 2);
}

TEST_F(Parallel, NestedCallsStayOnTheCallingThread) {
    set_thread_count(2);
    std::atomic<int> moved{0}, calls{0};
    parallel_for(8, [&](std::int64_t) {
        const auto self = std::this_thread::get_id();
        parallel_for(8, [&](std::int64_t) {
            ++calls;
            if (std::this_thread::get_id() != self) ++moved;
        });
    });
    EXPECT_EQ(calls, 64);
    EXPECT_EQ(moved, 0);
}

TEST_F(Parallel, SeveralCallersAtOnce) {
    set_thread_count(3);
    std::vector<std::int64_t> totals(4);
    std::vector<std::thread> callers;
    for (std::int64_t& total : totals) {
        callers.emplace_back([&total] {
            for (int round = 0; round < 200; ++round) {
                std::atomic<std::int64_t> sum{0};
                parallel_for(16, [&](std::int64_t i) { sum += i; });
                total += sum;
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
    for (const std::int64_t total : totals) EXPECT_EQ(total, 200 * 120);
}

TEST_F(Parallel, ExceptionsReachTheCaller) {
    for (const int threads : {1, 2}) {
        set_thread_count(threads);
        const auto failing = [] {
            parallel_for(100, [](std::int64_t i) {
                if (i == 37) throw std::runtime_error("at 37");
            });
        };
        EXPECT_THROW(failing(), std::runtime_error);
        std::atomic<int> after{0};
        parallel_for(10, [&](std::int64_t) { ++after; });
        EXPECT_EQ(after, 10) << "the pool must work on after a failure";
    }
}

TEST_F(Parallel, LowPriorityThreadsShareWorkToo) {
    set_thread_count(2);
    std::thread background([] {
        lower_this_thread_priority();
        std::atomic<int> arrived{0};
        parallel_for(2, [&](std::int64_t) {
            ++arrived;
            while (arrived < 2) std::this_thread::yield();
        });
        EXPECT_EQ(arrived, 2);
    });
    background.join();
}

TEST_F(Parallel, AtLeastOneThread) {
    set_thread_count(0);
    EXPECT_EQ(thread_count(), 1);
}

}  // namespace
}  // namespace saccade::parallel_test
