#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "exhibit/capture_about.hpp"
#include "image/load_image.hpp"
#include "run/finding.hpp"
#include "run/runner.hpp"
#include "trace/explain.hpp"
#include "trace/hand.hpp"
#include "train/training.hpp"
#include "ui/anchors.hpp"
#include "ui/known_file.hpp"
#include "viz/view.hpp"

namespace saccade {

class FileLock;

/// One run on the stage: what is asked for, and what came back. `shown` answers `request` only if the tickets agree; otherwise
/// it is stale and dims.
struct Side {
    RunRequest request;
    RunResult shown;
    TracePtr untouched;         // a run without interventions, to say what they changed,
    RunRequest untouched_of;    // of this request,
    RunRequest untouched_next;  // or soon of this one: under this ticket; 0: none is under way
    std::uint64_t untouched_ticket = 0;
    std::vector<Anchor> anchors;  // of its interventions: what they were made on
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

/// What of the runs is looked at, changed by Stage.
struct StageState {
    Focus selected, hovered;
    CellRef missed;  // was selected, but this run has no such cell (yet); another one stands in for it
    /// Where the selected cell, or the missed one, is on axes that are shown in part: its positions of the whole.
    std::map<std::string, Index> positions;
    Index step = -1;                         // -1: the last
    std::string enlarged;                    // the card that fills the stage: "view/tensor"; empty: none
    std::vector<CellRef> explained;          // the trail in the inspector, the open one last
    std::optional<Explanation> explanation;  // of the last of `explained`, on the run that is shown
    bool explains_masked = false;            // a weight that a mask made 0
    bool show_explained = false;             // a cell was chosen: bring its explanation into view
    bool opened = false;                     // a first cell was chosen, by the program or by hand
    bool playing = false;
    double play_clock = 0;
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

/// A place in a picture that is being dragged: two cells follow the mouse.
struct PlaceDrag {
    bool active = false, moved = false;
    CellRef x, y;
    std::array<float, 4> box{};  // of the picture on screen: x, y, width, height
    float off_x = 0, off_y = 0;  // from the mouse to the place when it was taken hold of, px
    double near = -1, far = 1;   // the cells' values at the picture's edges
};

/// A mask that is being drawn with the mouse.
struct MaskDrawing {
    bool on = false;         // press and drag on weights, scores and masks draws
    bool all_layers = true;  // or on the selected cell's alone
    bool stroke = false;     // the button is down,
    float value = 0;         // and cells take this
    CellRef last;            // the mask's cell met last
};

/// What interventions did to the probabilities of a step, kept until one of these changes.
struct ShownChanges {
    TracePtr before, after;
    Index step = -1;
    std::vector<ProbabilityChange> changes;
};

/// The part of a map while a hand moves it; of the run's parts, what was asked for last. Changed by PartShown.
struct PartHold {
    bool held = false, moved = false;
    bool on_whole = false;  // on the small picture of the whole
    std::size_t side = 0;
    Point at{};         // where the button went down, px of the screen,
    Point px{};         // on something of this size
    PartPlace place{};  // that showed this
};

/// Changed by Hand.
struct HandState {
    WeightDrag drag;
    PlaceDrag place;
    MaskDrawing mask;
    ShownChanges changes;
};

/// The scene maker: the scene that a side's picture is, and what of it is held. Changed by SceneEditor.
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
    // The pen: while it is taken up, a press draws instead of taking hold.
    bool pen = false, drawing = false;
    double pen_width = 0.075;                   // of the picture's shorter side
    std::vector<std::array<double, 2>> stroke;  // where it went since the button is down
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
};

/// Changed by Pictures alone.
struct PicturesState {
    std::array<PictureFacts, 2> facts;  // of each side's picture
    PictureReading reading;
    std::chrono::steady_clock::time_point looked_at_files;
};

/// The cell of a matrix parameter that has the keyboard.
struct MatrixCursor {
    std::string param;  // empty: none
    Index row = 0, col = 0;
    bool typing = false;  // `text` is being typed over the cell
    std::string text;
    bool follow = false;  // the cursor has moved: bring it into view
    std::string problem;  // of the last entry, paste or file
    std::string problem_param;
};

/// A model that learns while its runs are shown, changed by LiveTraining alone.
struct TrainingState {
    /// From a checkpoint, paused; or why there is none.
    struct Resumed {
        std::unique_ptr<Training> run;
        std::optional<Error> problem;
    };
    std::future<Resumed> resuming;  // a checkpoint that is being read
    bool waits = false;             // paused until its exhibit is open again
    std::unique_ptr<Training> run;  // null: none
    std::size_t side = 0;           // whose model its snapshots are
    Index snapshot_step = -1;       // -1: follow the newest
    Index shown_snapshot = -1;
    std::shared_ptr<const Trace> curves;
    std::size_t curve_points = 0;
};

/// What stands in the field of a parameter that is a path, while it is not that parameter's value: it is being typed or read,
/// or it is wrong.
struct TypedPath {
    std::string param, text;  // empty: none
    std::string instead_of;   // the value: if that changes, what was typed is forgotten
    bool wrong = false;       // what it names cannot be read
};

/// An exhibit that is open, and all that belongs to it: put aside when another one is opened, and taken back with it
/// (Controller::choose_exhibit).
struct Document {
    // A, and while comparing B beside it: the same exhibit with other settings. The inspector shows and edits one of them.
    std::array<Side, 2> sides;
    std::size_t focus = 0;
    bool comparing = false;
    bool linked = true;   // both have the same inputs: texts, images, matrices
    TracePtr difference;  // B - A; null while one of them is not there
    std::array<TracePtr, 2> difference_of;
    /// The values differ from the text of a field that is being typed in: the field takes the values.
    bool reload_fields = true;

    bool edited = false;  // by a person, since it was opened at first
    StageState stage;
    ViewOptions options;  // which heads and layers its views show, and how
    HandState hand;
    PartHold part;
    SceneMaker scene;
    PicturesState pictures;
    MatrixCursor matrix;
    TypedPath path;
    TrainingState training;
    std::shared_ptr<const nlohmann::json> session;  // as it was read, if it was: keys of a newer version survive
    std::uint64_t left = 0;                         // when it was put aside: the larger, the later
    KnownFile file;                                 // the session, as it was opened or saved last
    std::shared_ptr<FileLock> file_lock;            // no other window saves it; null: one may, or has it

    Side& side() { return sides[focus]; }
    const Side& side() const { return sides[focus]; }
    const Trace* trace() const { return side().trace(); }
    bool stale() const { return side().stale(); }
    bool running() const { return sides[0].running || (comparing && sides[1].running); }
    const Exhibit& exhibit() const { return saccade::exhibit(side().request.exhibit); }
};

/// Lets go of what the runs computed; all that was asked for stays, and is computed again when it is opened.
void forget_results(Document& document);
/// The same, of the documents that were left longest ago, until the results of the others are of at most so many bytes.
void forget_oldest(std::map<std::string, Document>& aside, std::size_t most_bytes);

/// Texts, images and matrices: what a run is of, not how it is run. Both sides of a comparison share them while they are
/// linked.
bool is_input(const ParamSpec& spec);
/// Those of the parameters that are inputs.
Params inputs_of(const Exhibit& e, const Params& params);
/// The exhibit's parameter that is a picture; null if it has none.
const ParamSpec* image_param_of(const Exhibit& e);
/// The samples that its menu offers, as its values.
std::vector<std::string> picture_samples(const ParamSpec& spec);
/// The value of it on a side; null if there is none.
const std::string* picture_value(const Document& document, std::size_t side);

}  // namespace saccade
