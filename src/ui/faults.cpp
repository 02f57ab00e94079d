#include "ui/faults.hpp"

#include "base/error_line.hpp"
#include "base/log.hpp"

namespace saccade {

void Faults::meet() {
    const Error fault = current_error();
    if (in_a_row_++ == 0) {
        kept_ = act_.recovery().keep_now();
        log_warning(shown_line(fault));
    }
    // Nothing is written where nothing was edited.
    if (in_a_row_ > 4)
        throw Error(fault.code(), fault.message() + ", again and again",
                    "your work ends here" + (kept_.empty() ? "" : ", and is in " + kept_));
    try {
        let_go();
    } catch (...) {
        // The next frame meets it again, and lets go more.
    }
    act_.messages().complain(Error(fault.code(), fault.message(),
                                   (fault.hint().empty() ? "" : fault.hint() + "; ") + "your work goes on" +
                                       (kept_.empty() ? "" : ", and is in " + kept_)));
}

/// What was shown may be what cannot be shown: first dialogs and what is pointed at, then how it is shown, then what.
void Faults::let_go() {
    state_.document.stage.hovered = {};
    state_.document.stage.playing = false;
    if (in_a_row_ == 2) {
        state_.palette_open = state_.help_open = state_.history_open = state_.desk.open = false;
        state_.prompt = {};
        act_.stage().look_at({}, -1);
        act_.stage().enlarge({});
        state_.document.options = {};
        state_.view.shares.clear();
    }
    if (in_a_row_ == 3) act_.start_afresh();
    if (in_a_row_ == 4)
        act_.choose_exhibit(exhibits().front().id == state_.document.exhibit().id ? exhibits().back().id
                                                                                  : exhibits().front().id);
}

}  // namespace saccade
