#include "run/runner.hpp"

#include <chrono>

namespace saccade {

Runner::Runner(std::function<void()> on_result, Run run)
    : on_result_(std::move(on_result)),
      run_(run ? std::move(run)
               : Run([](const RunRequest& request, std::stop_token stop) { return saccade::run(request, std::move(stop)); })),
      worker_([this](const std::stop_token& quit) { work(quit); }) {}

Runner::~Runner() {
    worker_.request_stop();
    cancel();
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
    return std::exchange(finished_, std::nullopt);
}

bool Runner::busy() const {
    const std::lock_guard lock(mutex_);
    return done_ticket_ < last_ticket_;
}

std::uint64_t Runner::last_ticket() const {
    const std::lock_guard lock(mutex_);
    return last_ticket_;
}

void Runner::work(const std::stop_token& quit) {
    for (;;) {
        RunResult result;
        std::stop_token stop;
        {
            std::unique_lock lock(mutex_);
            if (!wake_.wait(lock, quit, [this] { return waiting_.has_value(); })) return;
            result.ticket = waiting_->first;
            result.request = std::move(waiting_->second);
            waiting_.reset();
            current_ = std::stop_source();
            stop = current_.get_token();
        }
        const auto start = std::chrono::steady_clock::now();
        try {
            result.trace = run_(result.request, stop);
        } catch (const Error& error) {
            result.error = error;
        } catch (const std::exception& error) {
            result.error = Error(ErrorCode::unsupported, error.what(), "please report this");
        }
        result.engine_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
        {
            const std::lock_guard lock(mutex_);
            // A run that ended although it was to stop: cancelled, or overtaken by a request that waits already. Nobody asks
            // for it now.
            if (stop.stop_requested() || result.ticket <= done_ticket_) continue;
            done_ticket_ = result.ticket;
            finished_ = std::move(result);
        }
        if (on_result_) on_result_();
    }
}

}  // namespace saccade
