#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ui/edit.hpp"

namespace saccade {

struct AppState;
struct Document;

/// Undo and redo over all exhibits.
class History {
 public:
    explicit History(AppState& state) : state_(state) {}

    /// Before a change. Changes of the same field within a second are one entry; those of "" are entries of their own.
    void remember(const std::string& field);
    /// Ends the current entry: the next change is an entry of its own.
    void pause();
    /// Once per frame, and before another exhibit is opened: what panels have changed about how views show their runs.
    void follow_view();
    /// Ends the current entry, and drops it if nothing came of it.
    void settle();
    /// The exhibit and the edit to undo to, or to redo; the current one takes its place. None if there is none.
    std::optional<EditEntry> back();
    std::optional<EditEntry> forward();
    /// Of the exhibit that is open.
    Edit current() const;

    /// A change by its name, in the language that is shown.
    struct Step {
        std::string exhibit, what;
        std::size_t made = 0;  // how many changes are made when it is the last of them
        bool undone = false;
    };
    /// All of them, the first first.
    std::vector<Step> steps() const;

 private:
    void remember(const std::string& field, Edit before);
    const Document& document_of(const std::string& exhibit) const;
    Edit current_of(const Document& document) const;
    bool came_to_nothing(const EditEntry& entry) const;
    std::optional<EditEntry> take(std::deque<EditEntry>& from, std::deque<EditEntry>& to);

    AppState& state_;
};

/// The first option of the views that two of them do not have in common; null: none.
const ViewOption* changed_option(const ViewOptions& before, const ViewOptions& after);
/// What was changed, in the language that is shown: "Source: “1 May 2020”", "α₄,₂ 0.03 → 0.90", "Beam: 5". Of several it names
/// the first and says how many more. Empty: nothing that could be seen, which is no step of the history. `trace` knows the
/// tokens and may be null.
std::string change_name(const std::string& exhibit, const Edit& before, const Edit& after, const Trace* trace);

}  // namespace saccade
