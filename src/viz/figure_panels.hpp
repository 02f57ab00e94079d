#pragma once

#include <span>

#include "viz/view.hpp"

namespace saccade {

/// Several views of one run as one figure.
struct FigurePanels {
    std::vector<ViewState> states;  // in reading order; width and height are the figure's to give
    Index columns = 1;
    bool shared_range = false;  // panels that show the same kind of numbers by colours have one range (viz/shared_range.hpp)
    std::vector<double> heights{};  // px of each row of panels; empty: all alike
};

/// How many stand side by side, and how many rows they make; of at least one panel.
std::size_t panel_columns(const FigurePanels& panels);
std::size_t panel_rows(const FigurePanels& panels);

/// "a", "b", .. "z", "aa".
std::string panel_letter(std::size_t n);

/// `whole` says how wide and high all of it is, and the size of the text. Every panel of a row gets a place of the same
/// size, lettered at its upper left corner; one alone has no letter. What a hand changed is said by every panel that shows what
/// follows from it; which runs are compared once, by the first. Throws as View::layout does.
Figure figure_of_panels(const Trace& trace, const ViewState& whole, const FigurePanels& panels, const TextMeasure& measure);

/// One of them as it is laid out: its own view at the size that the figure gives it.
ViewState panel_state(const Trace& trace, const ViewState& whole, const FigurePanels& panels, std::size_t n);

/// The numbers of all panels, each name after its panel's letter: "a.weights". Throws as View::shown does.
std::vector<ShownValues> shown_in_panels(const Trace& trace, const FigurePanels& panels);

}  // namespace saccade
