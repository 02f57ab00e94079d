#pragma once

#include "ui/panels.hpp"

namespace saccade {

/// Something of which other parts can be shown, in a card: the wheel zooms about the mouse, the mouse drags the map, and the
/// part on the small picture of the whole; a double click goes back to all. `origin`: of the figure on screen; `difference`: of
/// two runs, of which no part is read.
class PartOfMap {
 public:
    PartOfMap(const Ui& ui, AppState& state, Controller& act, std::size_t side, const Figure& figure, ImVec2 origin,
              bool difference);

    /// Is only a part shown?
    bool is_cut() const;
    /// Where the mouse is, that is all again: a double click.
    bool press_twice() const;
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
    bool press(const Box& box, Point px, bool on_whole) const;
    bool on_whole() const;
    Point tile() const;
    Point at(const Rect& map) const;
    bool takes_wheel() const;

    const Ui& ui_;
    AppState& state_;
    Controller& act_;
    std::size_t side_;
    const PartPlace* place_ = nullptr;  // that the mouse is over, or the first; null: no part can be chosen here
    ImVec2 origin_;
};

}  // namespace saccade
