#pragma once

#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/view_flags.hpp"
#include "trace/intervention.hpp"
#include "viz/export.hpp"

namespace saccade {

struct RenderOptions {
    RequestOptions request;
    ViewState view;
    std::vector<std::string> panels;
    Index columns = 1;
    std::string range = "own";
    bool fits_height = false;  // made by apply_sizes: the height is what the panels need
    ViewFlags flags;
    std::string size;
    std::string width, height, font;
    std::vector<std::string> outputs;
    std::string all, format = "pdf", batch;
    std::string language = "en";  // of titles and axes
    ExportOptions file;
    std::vector<std::string> compare;
    CliOption step;
};

/// --size, --width, --height and --font, put into the view. Error{usage}.
void apply_sizes(RenderOptions& options);

/// The request with the settings of --compare: PARAM=VALUE, or seed=N. Error{usage}.
RunRequest compared_request(RunRequest request, const std::vector<std::string>& settings);
/// The files of the matrices that --compare sets.
std::vector<std::string> compared_files(const std::vector<std::string>& settings);

/// --panel "VIEW", "VIEW:TENSOR" or "VIEW:TENSOR[1,4]": a view as the other options have it, of this tensor, there.
struct PanelAsked {
    std::string view;
    ArraySource shown;
};
/// Of --panel, or the one of --view. Error{usage}.
std::vector<PanelAsked> panels_asked(const RenderOptions& options);

}  // namespace saccade
