#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viz/export.hpp"

namespace saccade {

/// A picture as one HTML page that needs nothing else: the figures as SVG, with the numbers that they show and a script that
/// says them, lights what is pointed at, and lays another layer, head or step out as the window would. Each view's choices are
/// the axes on which it stands at one position; no view has to know of pages. A head grid has one head beside it, large.
/// `states`: one, or a figure's panels, each with its own size. What there was no room for is said on the page, and in
/// `left_out`.
std::string page_of(const Trace& trace, const FigureOrigin& origin, const std::vector<ViewState>& states,
                    const TextMeasure& measure, std::vector<Note>& left_out);

/// What every page holds: page_script.cpp, page_style.cpp.
extern const std::string_view page_script, page_style;

}  // namespace saccade
