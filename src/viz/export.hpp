#pragma once

#include <string>

#include "viz/view.hpp"

namespace saccade {

struct ExportOptions {
    double dpi = 192;     // PNG; PDF and SVG are in points of the same logical size
    int pixel_width = 0;  // PNG: instead of dpi, the width in px (height follows the figure)
};

/// Error{usage}: a resolution that no picture can have.
void check_dpi(double dpi);

/// Everything needed to make the picture live again; travels in the file's metadata (PNG iTXt "saccade", SVG <metadata>, PDF
/// keywords/metadata).
struct FigureOrigin {
    std::string request;  // of the run, as JSON; carried, not read here
    ViewState view;
    std::string compared{};  // not empty: the picture is of the difference, the run of this request minus that of `request`
};

/// Lays the view out with Pango's metrics and writes PNG, SVG or PDF by the file's ending; .csv and .npz write the values
/// shown. Atomic. Error{usage} for another ending, {io}.
void export_figure(const std::string& path, const Trace& trace, const FigureOrigin& origin, const ExportOptions& options = {});

/// The origin of a picture that Saccade wrote. Error{bad_format} if it has none.
FigureOrigin read_origin(const std::string& path);

}  // namespace saccade
