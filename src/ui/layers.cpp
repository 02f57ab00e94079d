#include "ui/layers.hpp"

#include "ui/app_state.hpp"

namespace saccade {

Layer top_layer(const AppState& state, bool menu, bool field) {
    const Document& document = state.document;
    if (menu) return Layer::menu;  // of a dialog, too
    if (state.leaving || state.lesson.closing) return Layer::leaving;
    if (state.asking.open) return Layer::asking;
    if (state.help_open) return Layer::help;
    if (state.palette_open) return Layer::palette;
    if (state.history_open) return Layer::history;
    if (state.prompt.kind != PathPrompt::Kind::none) return Layer::prompt;
    if (state.desk.open) return Layer::exporting;
    if (state.exhibit_page.open) return Layer::exhibits;
    if (state.present.on) return Layer::presenting;
    if (state.tour.step) return Layer::tour;
    if (field) return Layer::field;
    if (!document.matrix.param.empty()) return Layer::cell;
    if (document.hand.mask.on) return Layer::drawing;
    if (state.search.open) return Layer::search;
    if (document.running()) return Layer::run;
    if (!document.stage.enlarged.empty()) return Layer::alone;
    return Layer::none;
}

}  // namespace saccade
