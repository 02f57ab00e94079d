#include "ui/history.hpp"

#include <algorithm>
#include <utility>

#include "ui/app_state.hpp"

namespace saccade {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t most_undo = 400;
constexpr double coalesce_seconds = 1.0;

/// Which part of a map is shown has entries of its own: a selected cell brings its part into sight, too.
ViewOptions with_positions_of(ViewOptions options, const ViewOptions& other) {
    options.positions = other.positions;
    return options;
}

}  // namespace

void History::remember(const std::string& field) {
    remember(field, current());
}

void History::remember(const std::string& field, Edit before) {
    EditHistory& history = state_.history;
    const std::string& exhibit = state_.document.sides[0].request.exhibit;
    const auto now = Clock::now();
    const bool same = !field.empty() && field == history.coalescing && !history.undo.empty() &&
                      history.undo.back().exhibit == exhibit &&
                      std::chrono::duration<double>(now - history.last_edit).count() < coalesce_seconds;
    history.coalescing = field;
    history.last_edit = now;
    history.redo.clear();
    history.seen.remembered = true;
    state_.document.edited = true;
    const bool unchanged =
        !history.undo.empty() && history.undo.back().exhibit == exhibit && history.undo.back().edit == before;
    if (same || unchanged) return;
    history.undo.push_back({exhibit, std::move(before), state_.document.focus});
    if (history.undo.size() > most_undo) history.undo.pop_front();
}

void History::pause() {
    state_.history.coalescing.clear();
}

void History::follow_view() {
    EditHistory::Seen& seen = state_.history.seen;
    const std::string& exhibit = state_.document.sides[0].request.exhibit;
    const ViewOptions& options = state_.document.options;
    if (seen.exhibit == exhibit && !seen.remembered) {
        Edit before = current();
        before.options = with_positions_of(seen.options, options);
        before.scale = seen.scale;
        const ViewOption* option = changed_option(before.options, options);
        if (option != nullptr || before.scale != state_.view.scale)
            remember("view " + (option != nullptr ? option->spec.name : ""), std::move(before));
    }
    seen = {exhibit, options, state_.view.scale, false};
}

std::optional<EditEntry> History::back() {
    return take(state_.history.undo, state_.history.redo);
}

std::optional<EditEntry> History::forward() {
    return take(state_.history.redo, state_.history.undo);
}

std::optional<EditEntry> History::take(std::deque<EditEntry>& from, std::deque<EditEntry>& to) {
    settle();
    while (!from.empty() && came_to_nothing(from.back())) from.pop_back();
    if (from.empty()) return std::nullopt;
    EditEntry entry = std::move(from.back());
    from.pop_back();
    const Document& document = document_of(entry.exhibit);
    // Made again on the side it was made on; where it opened or closed a comparison, on the one that was worked on after it.
    const std::size_t focus = document.comparing == entry.edit.comparing ? entry.focus : document.focus;
    to.push_back({entry.exhibit, current_of(document), focus});
    state_.history.seen.remembered = true;  // what this changes of the view is this entry
    return entry;
}

void History::settle() {
    follow_view();
    pause();
    std::deque<EditEntry>& undo = state_.history.undo;
    while (!undo.empty() && came_to_nothing(undo.back())) undo.pop_back();
}

/// From how its exhibit is now: of the latest change, or of the next to be made again. Defaults that are only written out, or
/// what the side that is closed would do, make two edits differ, too.
bool History::came_to_nothing(const EditEntry& entry) const {
    return change_name(entry.exhibit, entry.edit, current_of(document_of(entry.exhibit)), nullptr).empty();
}

/// One that was changed is open or was put aside.
const Document& History::document_of(const std::string& exhibit) const {
    return state_.document.sides[0].request.exhibit == exhibit ? state_.document : state_.aside.at(exhibit);
}

Edit History::current() const {
    return current_of(state_.document);
}

Edit History::current_of(const Document& document) const {
    Edit edit;
    for (std::size_t i = 0; i < 2; ++i) {
        const RunRequest& request = document.sides[i].request;
        edit.sides[i] = {request.params, request.interventions, request.weights_path, request.seed, document.sides[i].anchors};
    }
    edit.comparing = document.comparing;
    edit.linked = document.linked;
    edit.options = document.options;
    edit.scale = state_.view.scale;
    return edit;
}

std::vector<History::Step> History::steps() const {
    const EditHistory& history = state_.history;
    std::vector<Step> steps;
    // What is known of an exhibit on the way back from now: how it was after the change that is named next.
    std::map<std::string, Edit> known;
    const auto known_of = [&](const std::string& exhibit) -> Edit& {
        const auto found = known.find(exhibit);
        return found != known.end() ? found->second : known.emplace(exhibit, current_of(document_of(exhibit))).first->second;
    };
    const auto name = [&](const std::string& exhibit, const Edit& before, const Edit& after) {
        return change_name(exhibit, before, after, document_of(exhibit).trace());
    };
    for (std::size_t i = history.undo.size(); i-- > 0;) {
        const auto& [exhibit, before, focus] = history.undo[i];
        Edit& after = known_of(exhibit);
        if (std::string what = name(exhibit, before, after); !what.empty())
            steps.push_back({exhibit, std::move(what), i + 1, false});
        after = before;
    }
    std::ranges::reverse(steps);
    known.clear();
    std::size_t made = history.undo.size();
    for (std::size_t i = history.redo.size(); i-- > 0;) {
        const auto& [exhibit, after, focus] = history.redo[i];
        Edit& before = known_of(exhibit);
        ++made;
        if (std::string what = name(exhibit, before, after); !what.empty())
            steps.push_back({exhibit, std::move(what), made, true});
        before = after;
    }
    return steps;
}

}  // namespace saccade
