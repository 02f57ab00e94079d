#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viz/text_measure_pango.hpp"

namespace saccade {

/// Must a text be laid out by its script, where sign after sign from left to right will not do: right-to-left scripts, letters
/// that join or stand above each other, and marks that combine with the letter before?
bool needs_shaping(std::string_view text);

/// How much of each px a text covers, 0 to 255, row by row from the top.
struct TextCoverage {
    std::vector<unsigned char> alpha;
    int width = 0, height = 0;
    double left = 0, baseline = 0;  // where the text begins, and its baseline, px from the upper left corner
};
/// In one line, its em `size` px high. Nothing of a text without ink, or of one that is thousands of px wide.
TextCoverage text_coverage(const std::string& text, double size, Font font, const PangoTextMeasure& measure);

}  // namespace saccade
