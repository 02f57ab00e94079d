#include "ui/faults.hpp"

#include <cstdlib>
#include <filesystem>

#include "base/error_line.hpp"
#include "base/log.hpp"
#include "run/session.hpp"
#include "ui/saved_view.hpp"

namespace saccade {

namespace {

/// $XDG_STATE_HOME/saccade/recovered.json, or ~/.local/state/...; empty if there is no home.
std::string recovery_path() {
    const char* folder = std::getenv("XDG_STATE_HOME");
    if (folder != nullptr && *folder == '/') return std::string(folder) + "/saccade/recovered.json";
    const char* home = std::getenv("HOME");
    return home != nullptr && *home == '/' ? std::string(home) + "/.local/state/saccade/recovered.json" : std::string();
}

/// The open document as a session. The file's path; empty if it cannot be written, which must not be a second fault.
std::string save_recovered(const AppState& state) {
    try {
        const std::string path = recovery_path();
        if (path.empty()) return {};
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        save_session(path, session_of(state));
        return path;
    } catch (...) {
        return {};
    }
}

}  // namespace

void Faults::meet() {
    const Error fault = current_error();
    if (in_a_row_++ == 0) {
        kept_ = save_recovered(state_);
        log_warning(shown_line(fault));
    }
    const std::string kept = kept_.empty() ? "it could not be saved" : "it is in " + kept_;
    if (in_a_row_ > 4) throw Error(fault.code(), fault.message() + ", again and again", "the work: " + kept);
    try {
        let_go();
    } catch (...) {
        // The next frame meets it again, and lets go more.
    }
    act_.messages().complain(Error(fault.code(), fault.message(),
                                   (fault.hint().empty() ? "" : fault.hint() + "; ") + "your work goes on, and " + kept));
}

/// What was shown may be what cannot be shown: first dialogs and what is pointed at, then how it is shown, then what.
void Faults::let_go() {
    state_.document.stage.hovered = {};
    state_.document.stage.playing = false;
    if (in_a_row_ == 2) {
        state_.palette_open = state_.help_open = state_.exporting.open = false;
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
