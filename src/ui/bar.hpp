#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ui/app_state.hpp"
#include "ui/widgets.hpp"

namespace saccade {

/// Buttons side by side on a bar that may be too narrow for all of them: what has no room stands in a menu behind "⋯". The same
/// names find them there.
class Bar {
 public:
    Bar(const Ui& ui, AppState& state) : ui_(ui), state_(state) {}
    /// `place`: its id, and what tests know it by. `leaves`: the larger, the earlier it goes into the menu; 0: never.
    void put(std::string place, std::string text, std::string tip, ButtonKind kind, int leaves, std::function<void()> run) {
        items_.push_back({std::move(place), std::move(text), std::move(tip), kind, leaves, std::move(run), {}});
    }
    /// One that opens a menu of its own, and never leaves; `draw` gets its width, px.
    void put_menu(std::string place, std::string text, std::function<void(float width)> draw) {
        items_.push_back({std::move(place), std::move(text), {}, ButtonKind::plain, 0, {}, std::move(draw)});
    }
    /// Takes as many out as `room`, px, asks for. How wide the bar is then, px.
    float fit(float room);
    /// At the cursor, of the window's height.
    void draw();

 private:
    struct Item {
        std::string place, text, tip;
        ButtonKind kind;
        int leaves;
        std::function<void()> run;
        std::function<void(float width)> draw;
    };
    float width() const;
    float width_of(const Item& item) const { return button_width(ui_, item.text); }
    void more();

    const Ui& ui_;
    AppState& state_;
    std::vector<Item> items_, left_out_;
};

}  // namespace saccade
