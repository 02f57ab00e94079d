#pragma once

#include <string>

#include "viz/figure_panels.hpp"

namespace saccade {

struct ExportOptions {
    double dpi = 192;              // PNG; PDF and SVG are in points of the same logical size
    int pixel_width = 0;           // PNG: instead of dpi, the width in px (height follows the figure)
    bool byte_order_mark = false;  // CSV: spreadsheets that take UTF-8 for something else ask for it
};

/// Error{usage}: a resolution that no picture can have.
void check_dpi(double dpi);

/// Everything needed to make the picture live again; travels in the file's metadata (PNG iTXt "saccade", SVG and HTML
/// <metadata>, PDF keywords/metadata).
struct FigureOrigin {
    std::string request;  // of the run, as JSON; of it only parameters, seed, weights and interventions are read here
    ViewState view;
    std::string compared{};  // not empty: the picture is of the difference, the run of this request minus that of `request`
    FigurePanels panels{};   // if any, they are drawn, and `view` says what they have in common and opens again
};

/// What a hand changed in the run of a figure, for people: "α₅,₂ 0.74 → 0.20 · ablate layer 2, head 1 (cross.weights)"; of
/// both runs, if two are compared; of one, what it writes otherwise for that (trace/untouched.hpp). Empty if nothing. The
/// trace, which may be of both, knows names and labels.
std::string changed_by_hand(const Trace& trace, const FigureOrigin& origin);

/// "A: mask none · B: mask causal": in which settings the two runs of a difference differ. Empty if there are not two, or they
/// do not.
std::string compared_settings(const FigureOrigin& origin);

/// A figure as it will be printed, and what is to be said of it: that its text does not fit, or that its values are far below
/// the end of their scale.
struct LaidOut {
    Figure figure;
    std::vector<Note> notes;
};
LaidOut laid_out(const Trace& trace, const FigureOrigin& origin, const TextMeasure& measure);

/// Gives the figure the height that its panels need at its width (viz/figure_fit.hpp).
void fit_height(const Trace& trace, FigureOrigin& origin, const TextMeasure& measure);

/// Lays the view out with Pango's metrics and writes PNG, SVG, PDF or HTML (viz/page.hpp) by the file's ending; .csv, .tex (a
/// table for LaTeX) and .npz write the values shown. Atomic. Error{usage} for another ending, {io}. What is to be said of the
/// picture: that its text does not fit, that its values are far below the end of their scale, or what a page leaves out.
std::vector<Note> export_figure(const std::string& path, const Trace& trace, const FigureOrigin& origin,
                                const ExportOptions& options = {});

/// Error{usage} if a figure cannot be written with this ending, {io} if nothing can be written there.
void check_figure_path(const std::string& path);
/// One figure to several files, all or none: each place is looked at and each content made before the first is written.
std::vector<Note> export_figures(const std::vector<std::string>& paths, const Trace& trace, const FigureOrigin& origin,
                                 const ExportOptions& options = {});
/// The same of a picture, as what stands in the file; ".png", ".svg", ".pdf" or ".html".
std::string figure_bytes(const std::string& ending, const Trace& trace, const FigureOrigin& origin,
                         const ExportOptions& options, std::vector<Note>& notes);

/// The origin of a picture that Saccade wrote. Error{bad_format} if it has none.
FigureOrigin read_origin(const std::string& path);

}  // namespace saccade
