#pragma once

#include <memory>
#include <string>

#include "viz/figure.hpp"

namespace saccade {

/// The figure as an SVG 1.1 document. Text stays text (selectable, searchable), in fonts of which the used glyphs are embedded.
/// A heatmap of up to 2,500 cells is rectangles that an editor can take apart, a larger one an image that stays crisp.
/// `metadata` (any text, e.g. JSON) stands in <metadata>. A transparent ground is left out.
std::string to_svg(const Figure& figure, Color ground, const TextMeasure& measure, const std::string& metadata = {});

/// Items of several figures, as pieces of one document that may come and go: what they share is written once.
class SvgPieces {
 public:
    explicit SvgPieces(const TextMeasure& measure);
    ~SvgPieces();

    /// The elements of one item. Many small heatmaps are images.
    std::string operator()(const FigureItem& item);
    /// <defs>: fonts, gradients and pictures of all pieces made so far.
    std::string shared() const;

 private:
    std::unique_ptr<class SvgWriter> writer_;
};

/// The text for an element or a quoted attribute of XML, and of HTML. XML holds no control characters and no non-characters,
/// not even escaped.
std::string xml_escaped(std::string_view text);

/// The <metadata> element that to_svg writes; empty for an empty text.
std::string svg_metadata_of(const std::string& metadata);
/// What stands in <metadata> of such a document. Error{bad_format} if there is none.
std::string svg_metadata(const std::string& svg);

}  // namespace saccade
