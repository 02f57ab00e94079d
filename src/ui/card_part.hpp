#pragma once

#include "ui/panels.hpp"

namespace saccade {

/// A map of which other parts can be shown, in a card: the wheel zooms about the mouse, the mouse drags the map, and the part
/// on the small picture of the whole. `origin`: of the figure on screen.
class PartOfMap {
 public:
    PartOfMap(const Ui& ui, AppState& state, Controller& act, std::size_t side, const Figure& figure, ImVec2 origin);

    /// Is only a part shown?
    bool is_cut() const;
    /// The button has gone down: takes hold of the small picture, or of the map of a part unless Shift is down. False: of
    /// neither.
    bool press_whole() const;
    bool press_map() const;
    /// While the button is down. True if the part follows it.
    bool drag() const;
    /// The wheel, and the cursor that says what can be dragged.
    void hover() const;

 private:
    Rect on_screen(const Box& box) const;
    bool press(const Box& box, bool on_whole) const;

    const Ui& ui_;
    AppState& state_;
    Controller& act_;
    std::size_t side_;
    const PartPlace* place_ = nullptr;  // null: no part can be chosen here
    ImVec2 origin_;
};

}  // namespace saccade
