#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "image/load_image.hpp"
#include "run/finding.hpp"
#include "run/runner.hpp"
#include "trace/explain.hpp"
#include "trace/hand.hpp"
#include "train/training.hpp"
#include "viz/view.hpp"

namespace saccade {

/// What undo goes back to: everything that a person can change about the runs.
struct Edit {
    struct One {
        Params params;
        std::vector<Intervention> interventions;
        std::string weights_path;
        std::uint64_t seed = 0;
        bool operator==(const One&) const = default;
    };
    std::array<One, 2> sides;
    bool comparing = false, linked = true;
    bool operator==(const Edit&) const = default;
};

/// One run on the stage: what is asked for, and what came back. `shown` answers `request` only if the tickets agree; otherwise
/// it is stale and dims.
struct Side {
    RunRequest request;
    RunResult shown;
    TracePtr untouched;         // a run without interventions, to say what they changed,
    RunRequest untouched_of;    // of this request,
    RunRequest untouched_next;  // or soon of this one: under this ticket; 0: none is under way
    std::uint64_t untouched_ticket = 0;
    std::vector<Claim> claims;
    int frames_to_check = 0;       // until claims and lesson are checked on what is shown; 0: they are
    std::vector<Finding> lesson;   // of the exhibit's points, on `shown`
    std::optional<Error> problem;  // of the last request that ended
    std::uint64_t wanted_ticket = 0;
    std::chrono::steady_clock::time_point asked_at;
    bool running = false;    // the last request has no whole answer yet
    bool cancelled = false;  // and will have none
    bool later = false;      // `request` has changed since it was submitted, by a drag: it is submitted when the run ends
    double progress = 0;     // of the run under way; 0 if it does not say

    const Trace* trace() const { return shown.trace.get(); }
    bool stale() const { return later || shown.ticket != wanted_ticket; }
    bool partial() const { return !stale() && shown.progress < 1; }
};

/// The stage's own settings. Saved in sessions as "view".
struct StageState {
    Focus selected, hovered;
    Index step = -1;  // -1: the last
    std::string theme = "dark";
    double ui_scale = 1;
    Normalization::Scale scale = Normalization::Scale::linear;
    std::map<std::string, double> shares;  // card sizes that a person has dragged: "exhibit/row0" -> share
    std::string language = "en";           // of the lessons: "en", "zh"
    bool lesson = false;                   // the inspector shows the lesson
    ViewOptions options;                   // which heads and layers the views show, and how
    std::string enlarged;                  // the card that has the stage for itself: "view/tensor"; empty: none
};

/// A message under the inputs: one line and the way out.
struct Banner {
    std::string text;
    bool error = true;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

struct ExportDialog {
    bool open = false;
    std::size_t what = 2;  // while comparing: A, B, or the difference
    std::string view = "heatmap";
    std::string path = "saccade.png";
    std::string theme = "light";
    float dpi = 192;
    std::string result;  // what happened, said in the dialog
    bool failed = false;
};

/// A prompt for a path: open or save something.
struct PathPrompt {
    enum class Kind { none, open, save_session, save_model, save_checkpoint, load_checkpoint, open_picture, save_picture };
    Kind kind = Kind::none;
    std::string path;
    std::string problem;
};

/// The cell of a matrix parameter that has the keyboard.
struct MatrixCursor {
    std::string param;  // empty: none
    Index row = 0, col = 0;
    bool typing = false;  // `text` is being typed over the cell
    std::string text;
    bool follow = false;  // the cursor has moved: bring it into view
    std::string problem;  // of the last entry, paste or file, under the grid
    std::string problem_param;
    std::string file_for;  // the parameter that the next opened array is for
};

/// A cell that is being dragged to another weight.
struct WeightDrag {
    bool active = false;
    CellRef cell;
    double start_value = 0;
    float start_y = 0;
    bool moved = false;
    float px_for_one = 160;
};

/// A mask that is being drawn with the mouse.
struct MaskDrawing {
    bool on = false;         // press and drag on weights, scores and masks draws
    bool all_layers = true;  // or on the selected cell's alone
    bool stroke = false;     // the button is down,
    float value = 0;         // and cells take this
    CellRef last;            // the mask's cell met last
};

/// The scene maker: the scene that a side's picture is, and what of it is held.
struct SceneMaker {
    struct Known {
        std::string value;  // of the image parameter
        std::optional<Scene> scene;
    };

    bool open = false;  // its bar stands under the picture's row
    int shape = -1;     // the selected one; its group goes with it
    bool held = false;  // the button is down on it,
    bool moved = false;
    double grab_x = 0, grab_y = 0;  // there, as fractions of the picture,
    Scene before;                   // when the scene was this,
    std::array<float, 4> box{};     // and the picture stood here on screen: x, y, width, height
    std::array<Known, 2> known;     // of each side
    std::uint64_t seed = 0;         // of the last random scene
};

/// What is known of the picture that a value of an image parameter stands for.
struct PictureFacts {
    std::string value, title;
    Index width = 0, height = 0;  // as the file has it
    std::filesystem::file_time_type written{};
    bool gone = false;             // said once
    std::optional<Error> problem;  // it cannot be read
};

/// A file that is being read, off the UI thread: it becomes the parameter's value if it is a picture.
struct PictureReading {
    std::string value;
    bool wanted = false;  // as the picture of the exhibit; otherwise for its facts alone
    std::future<PictureFacts> facts;
    std::vector<std::future<PictureFacts>> left;  // asked for before, no longer of interest
};

/// What interventions did to the probabilities of a step, kept until one of these changes.
struct ShownChanges {
    TracePtr before, after;
    Index step = -1;
    std::vector<ProbabilityChange> changes;
};

/// All state of the window. Panels are functions over it; widgets keep none.
struct AppState {
    // A, and while comparing B beside it: the same exhibit with other settings. The inspector shows and edits one of them.
    std::array<Side, 2> sides;
    std::size_t focus = 0;
    bool comparing = false;
    bool linked = true;      // both have the same inputs: texts, images, matrices
    std::size_t narrow = 2;  // where only one picture has room: 0 A, 1 B, 2 the difference
    TracePtr difference;     // B - A; null while one of them is not there
    std::array<TracePtr, 2> difference_of;

    Side& side() { return sides[focus]; }
    const Side& side() const { return sides[focus]; }
    const Trace* trace() const { return side().trace(); }
    bool stale() const { return side().stale(); }
    bool running() const { return sides[0].running || (comparing && sides[1].running); }

    std::deque<Edit> undo, redo;
    bool reload_fields = false;  // the values changed under a field that is being typed in,
    bool reload_now = false;     // which takes them in this frame
    std::string coalescing;      // the field whose keystrokes make one undo entry
    std::chrono::steady_clock::time_point last_edit;
    std::optional<Banner> banner;  // of everything but the runs: files, exports

    // The stage.
    StageState stage;
    std::vector<CellRef> explained;  // the trail in the inspector, the open one last
    std::optional<Explanation> explanation;
    bool show_explained = false;  // a cell was chosen: bring its explanation into view
    WeightDrag drag;
    MaskDrawing mask;
    SceneMaker scene;
    std::map<std::string, Tensor<float>> thumbnails;  // of samples: [y, x, 3]
    std::array<PictureFacts, 2> pictures;             // of each side's picture
    PictureReading reading;
    std::chrono::steady_clock::time_point looked_at_files;
    std::uint64_t edits = 0;  // runs asked for or put off
    ShownChanges changes;
    bool view_more = false;      // the inspector shows the rarer view options
    bool settings_more = false;  // and the settings beyond the first of many
    std::unique_ptr<Reuse> memo = std::make_unique<Reuse>();
    bool pointed = false;  // the mouse is over a figure, in this frame
    MatrixCursor matrix;
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
    std::size_t training_side = 0;
    Index snapshot_step = -1;  // -1: follow the newest
    Index shown_snapshot = -1;
    std::shared_ptr<const Trace> curves;
    std::size_t curve_points = 0;

    nlohmann::json session_document = nlohmann::json::object();  // keys of a newer version survive
    double frame_ms = 0;
    bool typing = false;  // a text field has the keyboard
    /// Where the last frame drew what a test points at, in screen px: x, y, width, height.
    std::map<std::string, std::array<float, 4>> places;
    std::map<std::string, std::array<Index, 2>> grids;  // rows and columns of those that are grids
};

nlohmann::json to_json(const StageState& stage);
/// Error{bad_format}; missing keys keep their defaults.
StageState stage_from_json(const nlohmann::json& json);

}  // namespace saccade
