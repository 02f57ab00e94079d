#pragma once

#include <future>
#include <optional>
#include <string>
#include <vector>

#include "ui/app_state.hpp"
#include "ui/desk_preview.hpp"

namespace saccade {

/// The figure desk: what stands in the figure, how it is laid out, the command that draws the same, and the file.
class Desk {
 public:
    explicit Desk(AppState& state) : state_(state) {}

    /// Of the open exhibit, in reading order; at first the view on the stage.
    std::vector<DeskPanel>& panels();
    /// Looks for what can be added: the views on the stage, and the maps of every attention.
    void offer();
    /// What was found last.
    const std::vector<DeskPanel>& offered() const { return offered_; }
    /// A view of a tensor as the stage stands: at the selected layer and head, or token, as far as the view does not show all.
    DeskPanel placed(const std::string& view, const std::string& tensor) const;
    /// The axes of a panel's tensor at which it stands at one position: their places in the tensor.
    std::vector<int> fixed_axes(const DeskPanel& panel) const;
    /// "Heatmap, layer 2, head 5 · Cross-attention"
    std::string title(const DeskPanel& panel) const;

    /// The figure of what is chosen. Error if the run is not finished, or if a choice cannot be.
    DeskFigure figure();
    /// The command that writes the same file. Error{unsupported} if none does.
    std::string command();
    /// Asks for the preview at that scale, or says what is in the way. Cheap if nothing has changed.
    void show(double scale);
    const DeskPreview& preview() const { return preview_; }
    /// The command of what is shown; empty if there is none, and why.
    const std::string& command_shown() const { return command_; }
    const std::string& no_command() const { return no_command_; }

    /// The figure, or its values, as text for the clipboard. Empty if that cannot be: then the desk says why.
    enum class CopyAs { svg, csv, latex };
    std::string copied(CopyAs as);
    /// The figure as a PNG into the clipboard, off this thread; the desk says what came of it.
    void copy_picture();

    /// Is a part shown, so that the desk asks which?
    bool exports_part() const;
    /// Writes the figure. All of a map of which a part is shown is read first, off this thread; poll() writes it.
    void export_now();
    void poll();
    /// Is something laid out, or read?
    bool busy() const { return preview_.busy() || whole_.valid() || copying_.valid(); }
    /// Does the panel's view leave positions of its rows, or columns, out?
    bool chooses_positions(const DeskPanel& panel) const;

 private:
    bool reads_part() const;
    bool difference() const { return state_.document.comparing && state_.desk.what == 2; }
    const Side& side() const;
    const Trace& finished() const;
    DeskFigure figure_of(TracePtr trace, const RunRequest& request);
    ViewState state_of(const Trace& trace, const DeskPanel& panel) const;
    void write(DeskFigure figure);
    std::string key();

    AppState& state_;
    DeskPreview preview_;
    std::vector<DeskPanel> offered_;
    std::string command_of_, command_, no_command_;
    /// All of a map that is exported, and what it is of; or why it cannot be read.
    struct Whole {
        RunRequest request;
        TracePtr trace;
        std::optional<Error> problem;
    };
    std::future<Whole> whole_;
    std::future<std::optional<Error>> copying_;
};

/// The ending of a path as it was typed, in small letters and without its dot: "png"; empty if it has none.
std::string ending_of(const std::string& written);

}  // namespace saccade
