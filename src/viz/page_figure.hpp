#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "viz/canvas_svg.hpp"
#include "viz/page_values.hpp"

namespace saccade {

/// What the figures of one page share.
struct PageParts {
    PageValues values;
    SvgPieces pieces;
    std::string light, dark;  // the two themes that a reader has
    nlohmann::json colormaps = nlohmann::json::array();
    std::vector<std::string> left_out{};  // for people
};

/// One view as a page has it.
struct PageFigure {
    std::string title;
    double width = 0, height = 0;  // px
    std::string drawn;             // the elements of the figure as it was asked for
    /// {choices: [axis, ..], strings: [element, ..], regions: [[region, ..], ..], variants: [variant, ..], stays: [[axis,
    /// position], ..]}: the figure laid out
    /// anew for each position on the axes where it stands at one, in both themes, and what of it can be pointed at. A variant's
    /// `light` and `dark` say which strings it is made of, `maps` what the script paints, from its plane.
    nlohmann::json json;
    bool grid = false;   // many small heatmaps: one of them is to be seen large
    std::string tensor;  // of its first region
};

/// Throws as View::layout does. The choices that there is no room for, where it `stays`, are said in
/// parts.left_out.
PageFigure page_figure(const Trace& trace, const ViewState& state, const TextMeasure& measure, PageParts& parts);

}  // namespace saccade
