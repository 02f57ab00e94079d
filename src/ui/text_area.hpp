#pragma once

#include <string>

#include "ui/widgets.hpp"

namespace saccade {

/// A field of several lines over `text`, which wraps at its width and is as high as the text, at least `least_lines`. Of one
/// that has room for more than one line, Return ends a line, which is shown as "⏎", and Ctrl Return leaves it; in others Return
/// leaves it. For the rest as field() (ui/widgets.hpp): Esc, `hint`, `reload`.
/// `width`: px. True if the text changed.
bool text_area(const Ui& ui, const std::string& id, std::string& text, const std::string& hint, float width, int least_lines,
               bool reload = false);

}  // namespace saccade
