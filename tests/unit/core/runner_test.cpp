#include "run/runner.hpp"

#include <atomic>
#include <latch>
#include <semaphore>

#include "base/stop.hpp"
#include "testing.hpp"

namespace saccade::runner_test {
namespace {

RunRequest numbered(std::int64_t n) {
    RunRequest request;
    request.params.set("n", n);
    return request;
}

std::int64_t number_of(const RunRequest& request) {
    return request.params.integer("n");
}

/// A run that the test holds by the hand: it reports that it has begun, then waits until it is let go or asked to stop.
struct HeldRun {
    std::counting_semaphore<> begun{0}, go{0}, results{0};
    std::atomic<std::int64_t> rounds_after_stop{0};
    bool heeds_stop = true;

    TracePtr operator()(const RunRequest& request, const std::stop_token& stop) {
        begun.release();
        while (!go.try_acquire()) {
            if (stop.stop_requested()) ++rounds_after_stop;
            if (heeds_stop) check_stop(stop);
            std::this_thread::yield();
        }
        if (number_of(request) < 0) throw Error(ErrorCode::invalid_input, "negative");
        return std::make_shared<const Trace>();
    }
    Runner::Run function() {
        return
            [this](const RunRequest& request, const std::stop_token& stop, const Progress&) { return (*this)(request, stop); };
    }
    std::function<void()> on_result() {
        return [this] { results.release(); };
    }
};

TEST(Runner, answers_a_request_with_its_ticket_once) {
    HeldRun held;
    Runner runner(held.on_result(), held.function());
    EXPECT_FALSE(runner.busy());
    const std::uint64_t ticket = runner.submit(numbered(1));
    EXPECT_TRUE(runner.busy());
    EXPECT_FALSE(runner.take().has_value());
    held.go.release();
    held.results.acquire();
    EXPECT_FALSE(runner.busy());
    const std::optional<RunResult> result = runner.take();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->ticket, ticket);
    EXPECT_EQ(result->ticket, runner.last_ticket());
    EXPECT_EQ(number_of(result->request), 1);
    EXPECT_NE(result->trace, nullptr);
    EXPECT_FALSE(result->error.has_value());
    EXPECT_FALSE(runner.take().has_value());
}

TEST(Runner, the_latest_request_wins_and_none_between_is_run) {
    HeldRun held;
    std::vector<std::int64_t> ran;  // written by the worker, read after the result has come
    Runner runner(held.on_result(), [&](const RunRequest& request, const std::stop_token& stop, const Progress&) {
        ran.push_back(number_of(request));
        return held(request, stop);
    });
    runner.submit(numbered(0));
    held.begun.acquire();
    for (std::int64_t n = 1; n <= 50; ++n) runner.submit(numbered(n));
    // Every run but the last was asked to stop, so whatever was begun in between, the fiftieth is the only answer.
    held.go.release(100);
    held.results.acquire();
    const std::optional<RunResult> result = runner.take();
    ASSERT_TRUE(result.has_value());
    EXPECT_FALSE(held.results.try_acquire());
    EXPECT_EQ(number_of(result->request), 50);
    EXPECT_EQ(result->ticket, 51u);
    EXPECT_EQ(ran.front(), 0);
    EXPECT_EQ(ran.back(), 50);
    EXPECT_FALSE(runner.busy());
}

TEST(Runner, a_cancelled_run_ends_at_its_next_look_at_the_token_and_gives_no_result) {
    HeldRun held;
    Runner runner(held.on_result(), held.function());
    runner.submit(numbered(1));
    held.begun.acquire();
    runner.cancel();
    EXPECT_FALSE(runner.busy());
    // The worker is free again: the next request is answered, and its answer is the first.
    const std::uint64_t ticket = runner.submit(numbered(2));
    held.begun.acquire();
    EXPECT_LE(held.rounds_after_stop, 1);
    held.go.release();
    held.results.acquire();
    EXPECT_EQ(runner.take()->ticket, ticket);
    EXPECT_FALSE(held.results.try_acquire());
}

TEST(Runner, a_run_that_does_not_heed_the_stop_is_still_never_shown) {
    HeldRun held;
    held.heeds_stop = false;
    Runner runner(held.on_result(), held.function());
    runner.submit(numbered(1));
    held.begun.acquire();
    const std::uint64_t ticket = runner.submit(numbered(2));
    held.go.release();  // run 1 finishes although it was to stop
    held.begun.acquire();
    EXPECT_FALSE(runner.take().has_value());
    EXPECT_TRUE(runner.busy());
    held.go.release();
    held.results.acquire();
    EXPECT_EQ(runner.take()->ticket, ticket);
}

TEST(Runner, an_error_is_a_result_and_the_worker_lives_on) {
    HeldRun held;
    Runner runner(held.on_result(), held.function());
    held.go.release(2);
    runner.submit(numbered(-1));
    held.results.acquire();
    const std::optional<RunResult> failed = runner.take();
    ASSERT_TRUE(failed.has_value());
    EXPECT_EQ(failed->trace, nullptr);
    EXPECT_EQ(failed->error->message(), "negative");
    runner.submit(numbered(1));
    held.results.acquire();
    EXPECT_NE(runner.take()->trace, nullptr);
}

TEST(Runner, goes_away_while_a_run_is_under_way) {
    HeldRun held;
    {
        Runner runner(held.on_result(), held.function());
        runner.submit(numbered(1));
        held.begun.acquire();
        runner.submit(numbered(2));
    }
    EXPECT_FALSE(held.results.try_acquire());
}

/// A run that tells how far it is each time the test lets it go on.
struct ToldRun : HeldRun {
    std::atomic<int> told{0};

    Runner::Run function() {
        return [this](const RunRequest&, const std::stop_token& stop, const Progress& progress) {
            begun.release();
            for (int step = 1; step <= 3; ++step) {
                while (!go.try_acquire()) {
                    check_stop(stop);
                    std::this_thread::yield();
                }
                Trace partial;
                partial.set_text("step", std::to_string(step));
                progress(step / 4.0, std::make_shared<const Trace>(std::move(partial)));
                ++told;
            }
            while (!go.try_acquire()) {
                check_stop(stop);
                std::this_thread::yield();
            }
            return std::make_shared<const Trace>();
        };
    }
};

TEST(Runner, a_run_under_way_gives_what_it_has_with_the_ticket_of_its_request) {
    ToldRun told;
    Runner runner(told.on_result(), told.function());
    const std::uint64_t ticket = runner.submit(numbered(1));
    for (int step = 1; step <= 3; ++step) {
        told.go.release();
        told.results.acquire();
        const std::optional<RunResult> partial = runner.take();
        ASSERT_TRUE(partial.has_value());
        EXPECT_EQ(partial->ticket, ticket);
        EXPECT_DOUBLE_EQ(partial->progress, step / 4.0);
        EXPECT_EQ(partial->trace->texts().at("step"), std::to_string(step));
        EXPECT_TRUE(runner.busy());
    }
    told.go.release();
    told.results.acquire();
    EXPECT_FALSE(runner.busy());
    const std::optional<RunResult> whole = runner.take();
    ASSERT_TRUE(whole.has_value());
    EXPECT_EQ(whole->ticket, ticket);
    EXPECT_DOUBLE_EQ(whole->progress, 1);
}

TEST(Runner, after_cancel_a_run_under_way_gives_nothing_more) {
    ToldRun told;
    Runner runner(told.on_result(), told.function());
    runner.submit(numbered(1));
    told.go.release();
    told.results.acquire();
    runner.cancel();
    EXPECT_FALSE(runner.busy());
    ASSERT_TRUE(runner.take().has_value());  // what was there before stays
    told.go.release(3);
    const std::uint64_t ticket = runner.submit(numbered(2));
    told.go.release(4);
    do {
        told.results.acquire();
        const std::optional<RunResult> result = runner.take();
        if (result.has_value()) {
            EXPECT_EQ(result->ticket, ticket);
        }
    } while (runner.busy());
}

TEST(Runner, progress_of_a_request_that_was_overtaken_is_never_shown) {
    ToldRun told;
    Runner runner(told.on_result(), told.function());
    runner.submit(numbered(1));
    told.begun.acquire();
    const std::uint64_t ticket = runner.submit(numbered(2));
    told.go.release(8);
    do {
        told.results.acquire();
        if (const std::optional<RunResult> result = runner.take()) {
            EXPECT_EQ(result->ticket, ticket);
        }
    } while (runner.busy());
}

TEST(Run, passes_on_progress_and_records_what_can_be_shown) {
    Exhibit exhibit;
    exhibit.id = "slow";
    exhibit.run = [](RunContext& context) {
        for (int step = 0; step < 2; ++step) {
            context.progress(0.5 * step, [](Probe& probe) { probe.text("so far", "half"); });
        }
        context.probe.text("end", "whole");
    };
    std::vector<double> fractions;
    std::vector<TracePtr> partials;
    const TracePtr whole = run(exhibit, {}, {}, [&](double fraction, TracePtr partial) {
        fractions.push_back(fraction);
        partials.push_back(std::move(partial));
    });
    ASSERT_FALSE(fractions.empty());
    EXPECT_DOUBLE_EQ(fractions.front(), 0);
    EXPECT_EQ(partials.front()->texts().at("so far"), "half");
    EXPECT_EQ(whole->texts().count("so far"), 0u);
    EXPECT_EQ(whole->texts().at("end"), "whole");
    EXPECT_NO_THROW(run(exhibit, {}));  // nobody listens
}

TEST(Run, a_stop_ends_a_run_at_its_next_word_of_progress) {
    Exhibit exhibit;
    exhibit.id = "slow";
    std::stop_source stop;
    int words = 0;
    exhibit.run = [&](RunContext& context) {
        for (;;) {
            if (++words == 3) stop.request_stop();
            context.progress(0.1, {});
        }
    };
    try {
        run(exhibit, {}, stop.get_token());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    EXPECT_EQ(words, 3);
}

TEST(Runner, results_never_go_back_in_time) {
    std::counting_semaphore<> results{0};
    Runner runner([&] { results.release(); },
                  [](const RunRequest&, const std::stop_token&, const Progress&) { return std::make_shared<const Trace>(); });
    std::uint64_t newest = 0;
    for (std::int64_t n = 0; n < 2000; ++n) {
        runner.submit(numbered(n));
        if (const std::optional<RunResult> result = runner.take()) {
            EXPECT_GT(result->ticket, newest);
            EXPECT_EQ(number_of(result->request) + 1, static_cast<std::int64_t>(result->ticket));
            newest = result->ticket;
        }
    }
    while (runner.busy()) results.acquire();
    const std::optional<RunResult> last = runner.take();
    ASSERT_TRUE(last.has_value() || newest == 2000u);
    if (last.has_value()) {
        EXPECT_EQ(last->ticket, 2000u);
    }
}

/// The program ends while a run hangs, in a disk that does not answer or in a library: nobody waits for it.
TEST(Runner, an_end_does_not_wait_for_what_is_stuck) {
    HeldRun held;
    held.heeds_stop = false;
    Runner runner({}, held.function());
    runner.submit(numbered(1));
    held.begun.acquire();
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    EXPECT_FALSE(runner.end_by(start + std::chrono::milliseconds(50)));
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(20));
    held.go.release();
    EXPECT_TRUE(runner.end_by(Clock::now() + std::chrono::seconds(30)));
}

TEST(Runner, an_end_comes_at_once_where_nothing_is_stuck) {
    HeldRun held;
    Runner runner({}, held.function());
    runner.submit(numbered(1));
    held.begun.acquire();
    EXPECT_TRUE(runner.end_by(std::chrono::steady_clock::now() + std::chrono::seconds(30)));
}

}  // namespace
}  // namespace saccade::runner_test
