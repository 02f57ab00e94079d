#pragma once

#include "ui/panels.hpp"

namespace saccade {

/// The picture of a side's run as a figure shows it: shapes of a scene are outlined, pressed, dragged, and turned larger by the
/// wheel. `origin`: of the figure on screen.
class ScenePicture {
 public:
    ScenePicture(const Ui& ui, AppState& state, Controller& act, std::size_t side, const Figure& figure, ImVec2 origin);

    /// Outlines of the shape that is selected and of the one under the mouse; call when the figure has been drawn.
    void draw_outlines(bool hovered) const;
    /// The mouse has gone down on the card: takes hold of the shape there. False: there is none.
    bool press() const;
    /// While the button is down. True if a shape follows it.
    bool drag() const;
    /// The wheel, and the cursor that says what can be dragged. A line for the tooltip, or none.
    std::string hover() const;
    /// The button is down and the mouse moves, on a picture without shapes.
    bool pulls_photograph() const;

 private:
    const ImagePlace* place_under(ImVec2 mouse) const;
    Rect on_screen(const Box& box) const;

    const Ui& ui_;
    AppState& state_;
    Controller& act_;
    std::size_t side_;
    const Figure& figure_;
    ImVec2 origin_;
};

/// Is what the side's pictures show a scene with shapes to drag? Not while a photograph stands there that it will replace.
bool shows_shapes(const AppState& state, Controller& act, std::size_t side);

}  // namespace saccade
