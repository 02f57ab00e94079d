#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "ui/desk.hpp"
#include "viz/canvas_svg.hpp"
#include "viz/csv.hpp"
#include "viz/latex.hpp"
#include "viz/origin.hpp"
#include "viz/text_measure_pango.hpp"
#include "viz/theme.hpp"

namespace saccade {

std::string Desk::copied(CopyAs as) {
    FigureDesk& desk = state_.desk;
    try {
        DeskFigure figure = this->figure();
        const PangoTextMeasure measure;
        figure.complete(measure);
        const FigureOrigin& origin = figure.origin;
        std::string text;
        if (as == CopyAs::svg)
            text = to_svg(laid_out(*figure.trace, origin, measure).figure, theme(origin.view.theme).panel, measure,
                          origin_text(origin));
        const std::vector<ViewState> one{origin.view};
        for (const ViewState& state : origin.panels.states.empty() ? one : origin.panels.states) {
            if (as == CopyAs::svg) break;
            const std::vector<ShownValues> shown = view(state.view).shown(*figure.trace, state);
            text += (text.empty() ? "" : "\n") + (as == CopyAs::csv ? csv_of(shown) : latex_of(shown));
        }
        desk.failed = false;
        desk.result = as == CopyAs::svg ? tr("The figure is in the clipboard, as SVG") : tr("The values are in the clipboard");
        return text;
    } catch (...) {
        desk.failed = true;
        desk.result = shown_line(current_error());
        return {};
    }
}

}  // namespace saccade
