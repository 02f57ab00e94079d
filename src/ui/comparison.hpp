#pragma once

#include <functional>

#include "ui/history.hpp"
#include "ui/messages.hpp"
#include "ui/runs.hpp"

namespace saccade {

/// A | B: two settings of one exhibit side by side.
class Comparison {
 public:
    /// `on_focus`: called when another side is in focus.
    Comparison(Document& document, History& history, Runs& runs, Messages& messages, std::function<void()> on_focus)
        : document_(document), history_(history), runs_(runs), messages_(messages), on_focus_(std::move(on_focus)) {}

    /// Opens B as a copy of A, with the focus on B, or closes it.
    void toggle();
    void focus_on(std::size_t side);
    /// Links the inputs again (the other side takes those of the side in focus), or lets them differ.
    void toggle_linked();
    void swap();
    /// What it leaves open is as the exhibit has it.
    static RunRequest with_defaults(RunRequest given);
    /// Another request on A, with B beside it if it is compared; linked if their inputs are the same, as they were when they
    /// were saved.
    void set_requests(const RunRequest& a, const std::optional<RunRequest>& b);
    /// The difference of what is shown.
    void refresh_difference();

 private:
    Document& document_;
    History& history_;
    Runs& runs_;
    Messages& messages_;
    std::function<void()> on_focus_;
};

}  // namespace saccade
