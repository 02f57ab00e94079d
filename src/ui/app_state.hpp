#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/runner.hpp"
#include "trace/formula.hpp"
#include "train/training.hpp"
#include "viz/view.hpp"

namespace saccade {

/// What undo goes back to: everything that a person can change about the run.
struct Edit {
    Params params;
    std::vector<Intervention> interventions;
    std::string weights_path;
    bool operator==(const Edit&) const = default;
};

/// The stage's own settings. Saved in sessions as "view".
struct StageState {
    Focus selected, hovered;
    Index step = -1;  // -1: the last
    std::string theme = "dark";
    double ui_scale = 1;
    Normalization::Scale scale = Normalization::Scale::linear;
    std::map<std::string, double> shares;  // card sizes that a person has dragged: "exhibit/row0" -> share
};

/// A message under the inputs: one line and the way out.
struct Banner {
    std::string text;
    bool error = true;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

struct ExportDialog {
    bool open = false;
    std::string view = "heatmap";
    std::string path = "saccade.png";
    std::string theme = "light";
    float dpi = 192;
    std::string result;  // what happened, said in the dialog
    bool failed = false;
};

/// A prompt for a path: open or save something.
struct PathPrompt {
    enum class Kind { none, open, save_session, save_model, save_checkpoint, load_checkpoint };
    Kind kind = Kind::none;
    std::string path;
    std::string problem;
};

/// A cell that is being dragged to another weight.
struct WeightDrag {
    bool active = false;
    CellRef cell;
    double start_value = 0;
    float start_y = 0;
    bool moved = false;
};

/// All state of the window. Panels are functions over it; widgets keep none.
struct AppState {
    // What is asked for.
    RunRequest request;
    std::deque<Edit> undo, redo;
    bool reload_fields = false;  // the values changed under a field that is being typed in
    std::string coalescing;      // the field whose keystrokes make one undo entry
    std::chrono::steady_clock::time_point last_edit;

    // What came back. `shown` answers `request` only if the tickets agree; otherwise it is stale and dims.
    RunResult shown;
    TracePtr untouched;  // the last run of the same inputs without interventions, to say what they changed
    std::vector<Claim> claims;
    std::uint64_t wanted_ticket = 0;
    std::chrono::steady_clock::time_point asked_at;
    std::optional<Error> problem;  // of the last request
    std::optional<Banner> banner;  // of everything else: files, exports

    // The stage.
    StageState stage;
    std::vector<CellRef> explained;  // the trail in the inspector, the open one last
    std::optional<Explanation> explanation;
    WeightDrag drag;
    bool playing = false;
    double play_clock = 0;
    bool all_claims = false;        // every formula that was checked, not those of the attention alone
    bool inspector_drawer = false;  // open, where the window is too narrow for it to stand

    // Dialogs.
    bool palette_open = false;
    std::string palette_query;
    int palette_at = 0;
    bool help_open = false;
    bool quit = false;
    ExportDialog exporting;
    PathPrompt prompt;

    // Live training.
    std::unique_ptr<Training> training;
    Index snapshot_step = -1;  // -1: follow the newest
    Index shown_snapshot = -1;
    std::shared_ptr<const Trace> curves;
    std::size_t curve_points = 0;

    nlohmann::json session_document = nlohmann::json::object();  // keys of a newer version survive
    double frame_ms = 0;
    bool typing = false;  // a text field has the keyboard
    /// Where the last frame drew what a test points at, in screen px: x, y, width, height.
    std::map<std::string, std::array<float, 4>> places;
    std::array<Index, 2> grid{};  // rows and columns of places["heatmap"]

    bool stale() const { return shown.ticket != wanted_ticket; }
    const Trace* trace() const { return shown.trace.get(); }
};

nlohmann::json to_json(const StageState& stage);
/// Error{bad_format}; missing keys keep their defaults.
StageState stage_from_json(const nlohmann::json& json);

}  // namespace saccade
