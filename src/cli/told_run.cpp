#include "cli/told_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error_line.hpp"
#include "base/log.hpp"
#include "cli/waiting_line.hpp"
#include "trace/hand.hpp"
#include "trace/untouched.hpp"

namespace saccade {

namespace {

/// How far a run is, on stderr, if it takes longer than a second: a line that is written over on a terminal, else a line now
/// and then.
class ProgressLine {
 public:
    ~ProgressLine() {
        if (shown_ && terminal_) print_stderr(fmt::format("\r{:60}\r", ""));
    }
    void operator()(double fraction) {
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
        if (seconds < 1 || seconds - last_ < (terminal_ ? 0.2 : 5.0)) return;
        last_ = seconds;
        shown_ = true;
        const std::string left = fraction > 0.02 ? fmt::format(", {:.0f} s left", seconds * (1 - fraction) / fraction) : "";
        print_stderr(
            fmt::format("{}saccade: {:3.0f}%{}{}", terminal_ ? "\r" : "", fraction * 100, left, terminal_ ? "    " : "\n"));
    }
    Progress listener() {
        return [this](double fraction, const TracePtr&) { (*this)(fraction); };
    }

 private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    double last_ = -10;
    bool shown_ = false;
    bool terminal_ = stderr_is_terminal();
};

}  // namespace

void print_notes(const std::vector<Note>& notes) {
    for (const Note& note : notes) print_stderr(fmt::format("saccade: note: {}\n", shown_line(note.text, note.hint)));
}

TracePtr run_told(const RunRequest& request) {
    ProgressLine line;
    return run(request, {}, line.listener());
}

TracePtr run_intervened(const RunRequest& request) {
    TracePtr trace = run_told(request);
    named_in_errors("--intervene", [&] { refuse_missing_cells(request.interventions, *trace, ErrorCode::usage); });
    return trace;
}

TracePtr run_told_beside_untouched(const RunRequest& request) {
    TracePtr trace = run_intervened(request);
    if (std::ranges::none_of(request.interventions, &Intervention::enabled)) return trace;
    RunRequest untouched = request;
    untouched.interventions.clear();
    return std::make_shared<const Trace>(with_untouched(*trace, *run_told(untouched)));
}

}  // namespace saccade
