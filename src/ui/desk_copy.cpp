#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "ui/desk.hpp"
#include "ui/picture_clipboard.hpp"
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
        const PangoTextMeasure measure(figure.origin.view.font_family);
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

void Desk::copy_picture() {
    FigureDesk& desk = state_.desk;
    try {
        desk.failed = false;
        desk.result = tr("Drawing the picture …");
        copying_ = std::async(std::launch::async, [figure = this->figure(), dpi = desk.dpi]() mutable -> std::optional<Error> {
            try {
                figure.complete(PangoTextMeasure(figure.origin.view.font_family));
                ExportOptions options;
                options.dpi = dpi;
                std::vector<Note> notes;
                put_picture(figure_bytes(".png", *figure.trace, figure.origin, options, notes));
                return std::nullopt;
            } catch (...) {
                return current_error();
            }
        });
    } catch (...) {
        desk.failed = true;
        desk.result = shown_line(current_error());
    }
}

}  // namespace saccade
