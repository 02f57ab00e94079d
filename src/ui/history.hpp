#pragma once

#include <optional>
#include <string>

#include "ui/document.hpp"

namespace saccade {

/// Undo and redo.
class History {
 public:
    explicit History(Document& document) : document_(document) {}

    /// Before a change. Changes of the same field within a second are one entry; those of "" are entries of their own.
    void remember(const std::string& field);
    /// Ends the current entry: the next change is an entry of its own.
    void pause();
    /// The edit to undo to, or to redo; the current one takes its place. None if there is none.
    std::optional<Edit> back();
    std::optional<Edit> forward();
    Edit current() const;

 private:
    Document& document_;
};

}  // namespace saccade
