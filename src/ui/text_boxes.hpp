#pragma once

#include <string>

#include "ui/font_atlas.hpp"

namespace saccade {

/// For tests, which read where texts stand and what hides them (SACCADE_UI_TEXTS): a text that was drawn into the window that
/// is drawn, in that rectangle, px of the screen. Costs nothing while nobody asks.
void note_text(const FontAtlas& fonts, const std::string& text, ImVec2 low, ImVec2 high, bool of_figure = false);
/// The same of ImGui's last item, a button that has the text in its middle.
void note_button_text(const FontAtlas& fonts, const std::string& text, float text_width);

}  // namespace saccade
