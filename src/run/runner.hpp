#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "run/run.hpp"

namespace saccade {

/// The outcome of a request.
struct RunResult {
    std::uint64_t ticket = 0;  // of the request it answers
    RunRequest request;
    TracePtr trace;  // null if it failed, or if a run under way has nothing to show yet
    std::optional<Error> error;
    double engine_ms = 0;  // so far, if the run is under way
    double progress = 1;   // below 1: the run goes on (or was cancelled), and this is what it had
};

/// Runs requests off the UI thread; the latest wins. A new request cancels the one that runs and replaces one that waits, so
/// what comes back is never older than what came back before, and `ticket` says which request it answers: a result whose ticket
/// is not the last one submitted is stale, and must be shown as such. A run that tells its progress gives results before the
/// last one, with the same ticket and progress < 1.
class Runner {
 public:
    using Run = std::function<TracePtr(const RunRequest&, std::stop_token, const Progress&)>;

    /// `on_result` is called on the worker after each result of a run that is not cancelled: to wake the UI. `run` is replaced
    /// in tests.
    explicit Runner(std::function<void()> on_result = {}, Run run = {});
    ~Runner();  // cancels and joins

    /// Cancels for good, and waits until the worker has ended, but no longer than until then. False: it is stuck, in a file
    /// system that does not answer or in a step that looks at no token, and the destructor would wait for it.
    bool end_by(std::chrono::steady_clock::time_point deadline);

    /// Returns the ticket. Never blocks on the engine.
    std::uint64_t submit(RunRequest request);
    /// Forgets what runs and waits: no result of a request submitted so far comes any more, except one that is already there.
    void cancel();
    /// The newest result, once.
    std::optional<RunResult> take();
    /// Is the last submitted request still without its whole result?
    bool busy() const;
    std::uint64_t last_ticket() const;

 private:
    void work(const std::stop_token& quit);
    bool publish(RunResult result, const std::stop_token& stop);

    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::optional<std::pair<std::uint64_t, RunRequest>> waiting_;
    std::optional<RunResult> newest_;
    std::stop_source current_;
    std::uint64_t last_ticket_ = 0;
    bool ended_ = false;             // the worker has
    std::uint64_t done_ticket_ = 0;  // every ticket up to it is answered, replaced or cancelled
    std::function<void()> on_result_;
    static constexpr std::size_t most_reused = std::size_t{64} << 20;  // bytes; a window has four of these
    Reuse reuse_{most_reused};                                         // the worker's
    Run run_;
    std::jthread worker_;  // last: joins before the rest goes
};

}  // namespace saccade
