#include <filesystem>

#include "base/error_line.hpp"
#include "run/run.hpp"
#include "ui/controller.hpp"
#include "ui/path_to_save.hpp"
#include "viz/difference.hpp"
#include "viz/export.hpp"
#include "viz/view_options_applicable.hpp"

namespace saccade {

bool Files::exports_part() const {
    const std::string& param = state_.document.exhibit().part_param;
    const Document& document = state_.document;
    const Side& side = document.comparing ? document.sides[state_.exporting.what % 2] : document.side();
    if (param.empty() || (document.comparing && state_.exporting.what == 2) || side.trace() == nullptr) return false;
    return side.shown.request.params.has(param) && !side.shown.request.params.text(param).empty();
}

void Files::export_now() {
    ExportDialog& dialog = state_.exporting;
    try {
        const Document& document = state_.document;
        const bool difference = document.comparing && dialog.what == 2;
        const Side& side = document.comparing ? document.sides[dialog.what % 2] : document.side();
        const bool unfinished = difference ? document.sides[0].stale() || document.sides[1].stale() || !document.difference
                                           : side.stale() || side.trace() == nullptr;
        if (unfinished)
            throw Error(ErrorCode::invalid_input, "there is no finished picture to export",
                        "wait for the run, or correct the input");
        if (!dialog.all || !exports_part())
            return export_trace(difference ? *document.difference : *side.trace(), side.shown.request);
        RunRequest request = side.shown.request;
        request.params.set(document.exhibit().part_param, std::string());
        dialog.failed = false;
        dialog.result = "Reading all of it …";
        whole_ = std::async(std::launch::async, [request] {
            Whole whole{request, nullptr, std::nullopt};
            try {
                whole.trace = run(request);
            } catch (...) {
                whole.problem = current_error();
            }
            return whole;
        });
    } catch (...) {
        dialog.failed = true;
        dialog.result = shown_line(current_error());
    }
}

void Files::export_trace(const Trace& trace, const RunRequest& request) {
    ExportDialog& dialog = state_.exporting;
    const Document& document = state_.document;
    const bool difference = document.comparing && dialog.what == 2;
    const std::string path = path_to_save(dialog.path, dialog.may_replace);
    ViewState view;
    view.view = dialog.view;
    for (const ViewPlacement& placed : placements(exhibit(request.exhibit), request.params))
        if (placed.view == view.view && view.tensor.empty() && trace.find(placed.tensor) != nullptr)
            view.tensor = placed.tensor;
    view.theme = dialog.theme;
    view.selected = document.stage.selected;
    view.marks = dialog.marks;
    view.step = document.stage.step;
    view.step_axis = document.exhibit().step_axis;
    view.scale = state_.view.scale;
    view.options = applicable(document.options, option_facts(trace, view.tensor));
    ExportOptions options;
    options.dpi = static_cast<double>(dialog.dpi);
    FigureOrigin origin{request_text(request), view};
    if (difference) {
        origin.request = request_text(document.sides[0].shown.request);
        origin.compared = request_text(document.sides[1].shown.request);
        origin.view = difference_state(view, {document.difference_of[0].get(), document.difference_of[1].get()});
    }
    export_figure(path, trace, origin, options);
    dialog.may_replace = {path, stamp_of(path)};  // what it wrote itself it may write again
    dialog.failed = false;
    dialog.result = "Written: " + std::filesystem::absolute(path).string();
}

/// All of a map has been read.
void Files::export_whole() {
    if (!whole_.valid() || !is_ready(whole_)) return;
    try {
        const Whole whole = whole_.get();
        if (whole.problem) throw *whole.problem;
        export_trace(*whole.trace, whole.request);
    } catch (...) {
        state_.exporting.failed = true;
        state_.exporting.result = shown_line(current_error());
    }
}

}  // namespace saccade
