#pragma once

#include <vector>

#include "ui/imgui_compat.hpp"

struct ImGuiWindow;

namespace saccade {

/// Every field and button of the window in the order in which they stand, for Tab: ImGui 1.86 knows text fields alone. Of the
/// window that has the keyboard: a dialog's keep to themselves. A button that has the focus is pressed by Space or Enter.
class TabRing {
 public:
    /// Before anything is drawn: takes Tab, Space and Enter.
    /// `tab`: may Tab be taken? Not while the cells of a matrix do. `space`: may Space? In Present it turns the pages.
    void begin_frame(bool tab, bool space = true);
    /// ImGui's last item can have the focus; `text`: it is a field to type in. Frames it if it has it by the keyboard.
    void stop(bool text, ImU32 frame, float scale);
    /// Has ImGui's last item the focus, by the keyboard?
    bool focused() const;
    /// What gets the focus next is framed, as if Tab had gone there.
    void show_focus() { shown_ = true; }
    /// How many stand before the one that Tab went to last; -1: none is left of it.
    int place() const { return place_; }
    /// Has any of them that is no field?
    bool any_focused() const { return any_; }
    bool presses_wait() const { return presses_ > 0; }
    /// The focused one uses the arrows of this frame.
    void take_arrows() { arrows_taken_ = true; }
    bool arrows_taken() const { return arrows_taken_; }

 private:
    struct Stop {
        ImGuiID id = 0;
        ImGuiWindow* root = nullptr;
        bool text = false;
    };
    void move(int by);

    std::vector<Stop> now_, before_;
    Stop wanted_;
    int place_ = -1;
    bool shown_ = false;  // the keyboard moved the focus last, not the mouse
    bool any_ = false, any_now_ = false, arrows_taken_ = false;
    int presses_ = 0;  // of the focused button, that wait for their frames
};

}  // namespace saccade
