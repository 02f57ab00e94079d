#include "ui/history.hpp"

namespace saccade {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t most_undo = 200;
constexpr double coalesce_seconds = 1.0;

}  // namespace

void History::remember(const std::string& field) {
    EditHistory& history = document_.history;
    const auto now = Clock::now();
    const bool same = !field.empty() && field == history.coalescing &&
                      std::chrono::duration<double>(now - history.last_edit).count() < coalesce_seconds;
    history.coalescing = field;
    history.last_edit = now;
    history.redo.clear();
    if (same) return;
    history.undo.push_back(current());
    if (history.undo.size() > most_undo) history.undo.pop_front();
}

void History::pause() {
    document_.history.coalescing.clear();
}

std::optional<Edit> History::back() {
    EditHistory& history = document_.history;
    if (history.undo.empty()) return std::nullopt;
    history.redo.push_back(current());
    Edit edit = std::move(history.undo.back());
    history.undo.pop_back();
    pause();
    return edit;
}

std::optional<Edit> History::forward() {
    EditHistory& history = document_.history;
    if (history.redo.empty()) return std::nullopt;
    history.undo.push_back(current());
    Edit edit = std::move(history.redo.back());
    history.redo.pop_back();
    pause();
    return edit;
}

Edit History::current() const {
    Edit edit;
    for (std::size_t i = 0; i < 2; ++i) {
        const RunRequest& request = document_.sides[i].request;
        edit.sides[i] = {request.params, request.interventions, request.weights_path, request.seed, document_.sides[i].anchors};
    }
    edit.comparing = document_.comparing;
    edit.linked = document_.linked;
    edit.positions = document_.options.positions;
    return edit;
}

}  // namespace saccade
