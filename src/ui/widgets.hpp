#pragma once

#include <imgui.h>

#include <functional>
#include <string>
#include <vector>

#include "ui/figure_canvas.hpp"
#include "ui/grounds.hpp"
#include "ui/tab_ring.hpp"
#include "viz/theme.hpp"

namespace saccade {

/// What every panel draws with. One per frame; sizes are logical px times `s`.
struct Ui {
    const Theme& theme;
    FontAtlas& fonts;
    FigureCanvas& canvas;
    Grounds& grounds;
    TabRing& tabs;
    float s;  // UI scale

    /// ImGui's last item is reached by Tab; `text`: it is a field to type in.
    void stop(bool text = false) const { tabs.stop(text, to_imgui(theme.accent), s); }
    ImU32 color(Color c) const { return to_imgui(c); }
    ImVec4 vec(Color c) const {
        return {static_cast<float>(c.r) / 255.0f, static_cast<float>(c.g) / 255.0f, static_cast<float>(c.b) / 255.0f,
                static_cast<float>(c.a) / 255.0f};
    }
};

/// Colours, paddings and radii of all widgets.
void apply_style(const Theme& theme, float scale);

/// Text that may hold any character, in a colour and a size in logical px. Cut with an ellipsis at `max_width` px (0: not).
void label(const Ui& ui, const std::string& text, Color color, double size = 15, Font font = Font::ui, float max_width = 0);
/// One that ImGui can draw as it is (FontAtlas::shown), at a place of the screen, `px` high.
void text_at(const Ui& ui, ImFont* font, float px, ImVec2 at, Color color, const std::string& text);
/// As label, wrapped at the width of the panel.
void paragraph(const Ui& ui, const std::string& text, Color color, double size = 13);
/// A small grey heading of a group in a panel.
void heading(const Ui& ui, const std::string& text);

enum class ButtonKind { plain, primary, quiet };
/// Width or height 0: as the text needs. A tooltip under the mouse; reachable by Tab.
bool button(const Ui& ui, const char* id, const std::string& text, ButtonKind kind = ButtonKind::plain, float width = 0,
            const std::string& tooltip = {}, float height = 0);
float button_width(const Ui& ui, const std::string& text);

/// Things side by side, on as many lines as they need.
class FlowRow {
 public:
    explicit FlowRow(const Ui& ui, float gap = 6)
        : gap_(gap * ui.s), right_(ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x) {}
    /// The next thing is `width` px wide: on this line if it fits there.
    void next(float width);

 private:
    float gap_, right_;
    bool any_ = false;
};

/// Up to seven choices side by side; wraps. Returns the index clicked, or -1.
/// `after_each`: called after each has been drawn, as ImGui's last item.
int segments(const Ui& ui, const char* id, const std::vector<std::string>& choices, int chosen,
             const std::vector<std::string>& tooltips = {}, const std::function<void(int)>& after_each = {});
/// A switch; true if it was clicked.
bool toggle_switch(const Ui& ui, const char* id, bool on);
/// A field of ImGui over `text`; every one is drawn here. Esc leaves it with what was typed, where ImGui's own would take that
/// back. It has no undo of its own: ImGui's goes on from one text to the next in the same field, and writes beyond it.
/// `reload`: the text has changed under it. True as ImGui says.
bool field(const Ui& ui, const char* id, std::string& text, const char* hint = "", bool enter_alone = false,
           bool reload = false);
/// One line of text to type in, of a font and a height of its own; true if it changed. `reload`: the value has changed under
/// it.
bool text_input(const Ui& ui, const char* id, std::string& text, const std::string& hint, Font font, double size, bool reload);
/// A line of a menu, in the language that is shown; true if it was clicked. Its id is the English.
bool menu_line(const Ui& ui, const std::string& english, bool chosen = false);
/// A thin slider with a knob; true while it changes.
bool slider(const Ui& ui, const char* id, double& value, double low, double high, float width);
void tooltip(const Ui& ui, const std::string& text);

/// Signed values as thin bars around a zero line, `count` of them in the given box.
void spark_bars(const Ui& ui, const std::vector<float>& values, ImVec2 low, ImVec2 size, int highlighted = -1);

/// Opens a child window at a place of the screen with a ground colour; always pair with end_panel().
void begin_panel(const Ui& ui, const char* id, ImVec2 at, ImVec2 size, Color ground, ImVec2 padding, bool scroll = true);
void end_panel();
/// A card: panel ground, rounded corners, an edge.
void card_ground(const Ui& ui, ImVec2 low, ImVec2 high);
/// A line of 1 px between panels, over the panel's whole edge.
void edge(const Ui& ui, ImVec2 from, ImVec2 to);

/// A text to a width: cut with an ellipsis.
std::string fitted(const Ui& ui, const std::string& text, double size, Font font, float width);

}  // namespace saccade
