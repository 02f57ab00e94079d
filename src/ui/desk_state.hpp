#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ui/document.hpp"

namespace saccade {

/// A view in a figure: which, of which tensor (empty: the view's choice), and where on the axes that it does not show whole
/// (-1: not said; fewer than there are axes: the rest is not said).
struct DeskPanel {
    std::string view, tensor;
    std::vector<Index> index{};
    std::string rows{}, columns{};  // positions that are drawn, "3-10,12"; empty: those on the stage
    bool operator==(const DeskPanel&) const = default;
};

/// The figure desk: what is chosen there, which stays from one time to the next.
struct FigureDesk {
    bool open = false;

    // What is drawn.
    std::map<std::string, std::vector<DeskPanel>> panels{};  // by exhibit
    Index columns = 1;
    std::size_t what = 2;  // while comparing: A, B, or the difference
    bool all = false;      // of a map of which a part is shown: all of it

    // How. Lengths are as on the command line: "85mm".
    std::string width = "85mm";
    std::string height{};       // empty: what the panels need
    std::string font = "8pt";   // empty: each view's own sizes
    std::string font_family{};  // empty: the program's own
    std::string theme = "light";
    std::string colormap{};  // empty: by role and theme
    bool shared_range = false;
    std::optional<Normalization::Scale> scale{};  // none: the stage's
    ViewOptions options{};                        // of them those of every figure (figure_options)
    bool marks = false;                           // the selection, in the figure

    // Where to.
    std::string path = "figure.pdf";
    double dpi = 300;              // PNG
    bool byte_order_mark = false;  // CSV
    KnownFile may_replace{};       // may be overwritten as it is: it was asked for, or written, here
    std::string result{};          // what happened, said in the desk
    bool failed = false;

    // What the desk shows open.
    bool own_width = false, own_height = false, own_font = false, own_family = false;  // a field to type in
    int panel = -1;                                                                    // whose choices are shown; -1: none
    double zoom = 1;                                                                   // of the preview: times what fits
    float foot = 0;  // height of what is said below the choices, px
};

}  // namespace saccade
