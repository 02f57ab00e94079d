#include "run/runner.hpp"

#include <algorithm>
#include <chrono>

#include "base/error_line.hpp"
#include "base/stop.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

constexpr std::chrono::seconds rest{2};
constexpr std::size_t kept_at_rest = std::size_t{48} << 20;  // bytes

}  // namespace

Runner::Runner(std::function<void()> on_result, Run run)
    : on_result_(std::move(on_result)),
      run_(run ? std::move(run) : Run([this](const RunRequest& request, std::stop_token stop, const Progress& progress) {
          return saccade::run(request, std::move(stop), progress, &reuse_);
      })),
      worker_([this](const std::stop_token& quit) {
          work(quit);
          const std::lock_guard lock(mutex_);
          ended_ = true;
          wake_.notify_all();
      }) {}

Runner::~Runner() {
    worker_.request_stop();
    cancel();
}

bool Runner::end_by(std::chrono::steady_clock::time_point deadline) {
    worker_.request_stop();
    cancel();
    std::unique_lock lock(mutex_);
    return wake_.wait_until(lock, deadline, [this] { return ended_; });
}

std::uint64_t Runner::submit(RunRequest request) {
    std::uint64_t ticket = 0;
    {
        const std::lock_guard lock(mutex_);
        ticket = ++last_ticket_;
        waiting_.emplace(ticket, std::move(request));
        current_.request_stop();
    }
    wake_.notify_one();
    return ticket;
}

void Runner::cancel() {
    const std::lock_guard lock(mutex_);
    waiting_.reset();
    current_.request_stop();
    done_ticket_ = last_ticket_;
}

std::optional<RunResult> Runner::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(newest_, std::nullopt);
}

bool Runner::busy() const {
    const std::lock_guard lock(mutex_);
    return done_ticket_ < last_ticket_;
}

std::uint64_t Runner::last_ticket() const {
    const std::lock_guard lock(mutex_);
    return last_ticket_;
}

/// False if nobody asks for it any more: the run was cancelled, or overtaken by a request that waits already.
bool Runner::publish(RunResult result, const std::stop_token& stop) {
    {
        const std::lock_guard lock(mutex_);
        if (stop.stop_requested() || result.ticket <= done_ticket_) return false;
        if (result.progress >= 1) done_ticket_ = result.ticket;
        newest_ = std::move(result);
    }
    if (on_result_) on_result_();
    return true;
}

void Runner::work(const std::stop_token& quit) {
    for (;;) {
        RunResult result;
        std::stop_token stop;
        {
            std::unique_lock lock(mutex_);
            const auto asked = [this] { return waiting_.has_value(); };
            // Between two moves of a hand the memory of a run is kept for the next one; when the hand rests, others can have
            // it.
            if (!wake_.wait_for(lock, quit, rest, asked)) {
                lock.unlock();
                if (!quit.stop_requested()) release_kept_blocks(kept_at_rest);
                lock.lock();
                if (!wake_.wait(lock, quit, asked)) return;
            }
            result.ticket = waiting_->first;
            result.request = std::move(waiting_->second);
            waiting_.reset();
            current_ = std::stop_source();
            stop = current_.get_token();
        }
        const auto start = std::chrono::steady_clock::now();
        const auto elapsed = [start] {
            return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
        };
        const Progress progress = [&](double fraction, TracePtr partial) {
            check_stop(stop);
            // 1 is what the end of the run says, not a run under way.
            publish({result.ticket, result.request, std::move(partial), std::nullopt, elapsed(), std::min(fraction, 0.999)},
                    stop);
        };
        try {
            result.trace = run_(result.request, stop, progress);
        } catch (...) {
            result.error = current_error();
        }
        result.engine_ms = elapsed();
        publish(std::move(result), stop);
    }
}

}  // namespace saccade
