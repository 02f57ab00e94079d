#pragma once

#include <map>
#include <string>

#include "cli/cli_command.hpp"
#include "trace/intervention.hpp"
#include "viz/view.hpp"

namespace saccade {

/// The flags of `render` that say what a view shows and how: one for each of the views' options (viz/view_options.hpp), the
/// scale and the selection. A flag that the exhibit has a parameter of the same name for is called --view-NAME.
struct ViewFlags {
    std::string scale = "linear", select, rows, columns;
    std::map<std::string, std::string> values;  // of the options, by name, as given
    std::map<std::string, bool> toggles;

    /// After the exhibit's own flags.
    void declare(CliCommand& command);
    /// Puts them into the state. Error{usage}.
    void apply(ViewState& state) const;
    /// What --select names, in this trace. Error{usage}.
    void select_in(const Trace& trace, ViewState& state) const;
    /// The positions of --show-rows and --show-columns, in the view and tensor that the state has. Error{usage}.
    void choose_in(const Trace& trace, ViewState& state) const;
    /// Error{usage} if --heads names one that this tensor, which is to be shown, does not have.
    static void check_heads(const TraceTensor& tensor, const ViewState& state);
};

/// "weights[5,9]": a tensor and the indices after it, if there are any. Error{usage}.
ArraySource cell_named(const std::string& text);

/// Runs `read`; an Error of it is a usage error that begins with the flag's name.
template <class Read>
void named_in_errors(const std::string& flag, const Read& read) {
    try {
        read();
    } catch (const Error& error) {
        throw Error(ErrorCode::usage, flag + ": " + error.message(), error.hint());
    }
}

}  // namespace saccade
