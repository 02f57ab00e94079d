#include "cli/waiting_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/log.hpp"

namespace saccade {

namespace {

void say_until(const std::stop_token& end, const std::string& what) {
    using Clock = std::chrono::steady_clock;
    const bool terminal = stderr_is_terminal();
    const auto period = std::chrono::milliseconds(terminal ? 200 : 5000);
    const auto start = Clock::now();
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock(mutex);
    bool shown = false;
    for (auto next = start + std::chrono::seconds(1);; next += period) {
        ended.wait_until(lock, end, next, [] { return false; });
        if (end.stop_requested()) break;
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        print_stderr(fmt::format("{}{}  {}{}", terminal ? "\r\x1b[K" : "", what, duration(seconds), terminal ? "" : "\n"));
        shown = true;
    }
    if (shown && terminal) print_stderr("\r\x1b[K");
}

}  // namespace

bool stderr_is_terminal() {
    return isatty(STDERR_FILENO) != 0;
}

std::string duration(double seconds) {
    const auto s = static_cast<int>(seconds + 0.5);
    return s < 60 ? fmt::format("{} s", s) : fmt::format("{} min {:02} s", s / 60, s % 60);
}

WaitingLine::WaitingLine(std::string what)
    : thread_([what = std::move(what)](const std::stop_token& end) { say_until(end, what); }) {}

}  // namespace saccade
