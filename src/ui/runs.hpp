#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "ui/document.hpp"

namespace saccade {

/// Computes what the document asks for, off this thread.
class Runs {
 public:
    /// A runner for each side: while comparing, both compute at once. `untouched`: two more, for the same runs without
    /// interventions, to compare with; null: only a run that has no interventions serves for that. `on_shown`: called
    /// when a side has another trace.
    Runs(Document& document, std::array<Runner*, 2> runners, std::array<Runner*, 2> untouched,
         std::function<void(std::size_t side)> on_shown)
        : document_(document), runners_(runners), untouched_runners_(untouched), on_shown_(std::move(on_shown)) {}

    /// Runs the side in focus, one of them, or all that are open.
    void submit();
    void submit(std::size_t side);
    void submit_all();
    /// While something is dragged: if a run is under way, after it. Each answer is shown, however fast the mouse moves.
    void submit_live(std::size_t side);
    /// Stops the runs under way; what they have shown stays.
    void cancel();
    /// Drops the runs of this side: it is closed.
    void close(std::size_t side);
    /// Drops all runs: another document is opened.
    void forget();
    /// The document is open again: asks for what was dropped.
    void go_on();
    /// Takes what the runners have; true if a picture changed.
    bool poll();
    /// How often a run was asked for or put off.
    std::uint64_t asked() const { return asked_; }
    /// The run of the side in focus without interventions, if it is there.
    const Trace* untouched() const;

 private:
    bool poll(std::size_t side);
    void check(Side& side);
    bool take_result(std::size_t side, RunResult result);
    void submit_untouched(std::size_t side);
    bool poll_untouched(std::size_t side);
    bool set_beside_untouched(Side& side);

    Document& document_;
    std::array<Runner*, 2> runners_, untouched_runners_;
    std::function<void(std::size_t side)> on_shown_;
    std::uint64_t asked_ = 0;
};

}  // namespace saccade
