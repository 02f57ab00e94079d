#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "viz/view.hpp"

namespace saccade {

/// The flags of `render` that say what of the attention a view shows, and how, and how maps lie over a picture. A flag that the
/// exhibit has a parameter of the same name for is called --view-NAME.
struct ViewFlags {
    std::string scale = "linear", combine = "each", layers = "one", heads = "all", special = "show", sort = "as-is", select;
    std::string overlay = "map", channels = "gate";
    double threshold = 0, opacity = 0.65, map_threshold = 0;
    bool smooth = false;

    /// After the exhibit's own flags.
    void declare(CLI::App& command);
    /// Puts them into the state. Error{usage}.
    void apply(ViewState& state) const;
    /// What --select names, in this trace. Error{not_found}, {out_of_range}.
    void select_in(const Trace& trace, ViewState& state) const;
};

}  // namespace saccade
