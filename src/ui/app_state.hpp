#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "checkpoint/local_checkpoints.hpp"
#include "ui/desk_state.hpp"
#include "ui/document.hpp"
#include "ui/edit.hpp"
#include "ui/exhibit_pictures.hpp"
#include "ui/file_browser.hpp"
#include "ui/layers.hpp"
#include "ui/lesson_state.hpp"
#include "ui/present.hpp"
#include "ui/recent.hpp"
#include "ui/slow_play.hpp"
#include "ui/tour.hpp"

namespace saccade {

/// How everything is shown, whichever exhibit is open. Saved in sessions as part of "view".
struct ViewSettings {
    std::string theme = "dark";
    double ui_scale = 1;
    double present_size = 1;  // of Present, beside what its window asks for
    Normalization::Scale scale = Normalization::Scale::linear;
    std::map<std::string, double> shares;  // card sizes that the user has dragged: "exhibit/row0" -> share
    std::string window_language = "en";    // of all other texts: an id of run/language.hpp
    bool window_language_chosen = false;   // by a person, not by the system's settings
    std::string language = "en";           // of the lessons: "en", "zh"
    bool lesson_language_chosen = false;   // else it is the window's
    bool lesson = false;                   // the inspector shows the lesson
    bool tour_seen = false;                // it was taken, or left
};

/// A message under the inputs: one line and the way out.
struct Banner {
    std::string text;
    bool error = true;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    bool until_edit = false;  // the next change makes it untrue
};

/// A prompt for a path: open or save something.
struct PathPrompt {
    enum class Kind {
        none,
        open,
        save_session,
        save_model,
        save_checkpoint,
        load_checkpoint,
        open_picture,
        save_picture,
        save_lesson
    };
    Kind kind = Kind::none;
    std::string path;
    std::string problem;
    std::string matrix{};         // the parameter that an opened array is for; empty: the one with the cursor, or the first
    KnownFile may_replace{};      // may be overwritten as it is: it was asked for
    bool asked_natively = false;  // the desktop's own dialog was there
    bool refused = false;         // just now: its field takes the keyboard again
    std::vector<LocalCheckpoint> offered{};  // models that were used before, where one may be opened
};

/// A file that is opened names others, which are read only if a person agrees. Answered by Files::answer.
struct AskedFiles {
    bool open = false;
    std::string path;
    std::vector<std::string> files{};
};

/// A token that is looked for by its text (ui/token_search.hpp).
struct TokenSearch {
    bool open = false, take_keyboard = false;
    std::string text, said;  // and what was said of it: "3 of 17"
    bool columns = false;    // among keys, not queries
    Index at = -1;           // the position that was gone to last
    // What was found, of what: in which run, on which axis, by which text.
    std::vector<Index> found;
    TracePtr in;
    std::string of;
};

/// The row of tokens under the texts, which may be longer than its place.
struct TokenRowShown {
    Index first = 0;      // that is seen
    Index followed = -1;  // the selected one that was last brought into view
};

/// The number that is being typed: its parameter, what it was before, and what stands in its field.
struct TypedNumber {
    std::string of;
    ParamValue before;
    std::string text;
};

/// Something that is to be scrolled into sight and take the keyboard, by its name in `places`, as soon as it is drawn; after so
/// many frames it is forgotten.
struct Reveal {
    std::string place;
    int frames = 0;
};

/// All state of the window: the open document, and what outlives it. Panels are functions over it; widgets keep none.
struct AppState {
    Document document;
    std::map<std::string, Document> aside;  // of other exhibits, as they were left: by their ids
    EditHistory history;                    // of all of them
    ViewSettings view;
    std::optional<Banner> banner;  // of everything but the runs: files, exports

    // What the panels show folded or open.
    bool view_more = false;         // the inspector shows the rarer view options
    bool settings_more = false;     // and the settings beyond the first of many
    bool all_claims = false;        // every formula that was checked, not those of the attention alone
    bool inspector_drawer = false;  // open, where the window is too narrow for it to stand
    std::size_t narrow = 2;         // comparing, where only one picture has room: 0 A, 1 B, 2 the difference

    TokenSearch search;
    TokenRowShown tokens;
    std::vector<Recent> recent;  // of a person's own, the last that was opened first

    // Dialogs.
    bool palette_open = false;
    std::string palette_query;
    int palette_at = 0;
    bool help_open = false;
    bool history_open = false;
    int history_at = 0;  // the line of it that the arrows are on, from the last change
    bool quit = false;
    bool leaving = false;  // asks whether to quit: a training is under way, or a lesson is not saved
    double screen_scale = 1;
    FigureDesk desk;
    ExhibitPage exhibit_page;
    Presentation present;
    SlowPlay slow;
    LessonState lesson;
    TourState tour;
    std::optional<std::vector<OfferedLesson>> offered_lessons;  // read when they are first looked for
    PathPrompt prompt;
    FileBrowser browser;           // of the prompt
    NativeFileDialog file_dialog;  // that stands for the prompt, where there is one
    AskedFiles asking;

    // Kept between frames.
    TypedNumber typed_number;
    std::map<std::string, Tensor<float>> thumbnails;  // of samples: [y, x, 3]
    std::unique_ptr<Reuse> memo = std::make_unique<Reuse>();
    double frame_ms = 0;

    // Of this frame.
    Layer escape = Layer::none;   // what the Esc of this frame is for
    bool menu_open = false;       // of the frame before: ImGui closes its menus before anything is drawn
    bool pointed = false;         // the mouse is over a figure
    bool wheel_taken = false;     // and the wheel turns or resizes what it shows
    float head_height = 0;        // of the inputs and the line below them, px
    std::string gallery_at;       // the exhibit that the gallery was scrolled to, and how high it was
    bool scrolled = false;        // the views are higher than their place
    float scroll_by = 0;          // of the views, at the next frame
    bool inspector_seen = true;   // it stands, or its drawer is open
    float inspector_scroll = 0;   // of what it shows, px
    bool typing = false;          // a text field has the keyboard
    bool button_focused = false;  // by Tab: Space and Enter press it
    bool arrows_taken = false;    // and so are the arrows its
    bool reload_now = false;      // a field that is being typed in takes the document's values in
    int focus_place = -1;         // how many fields and buttons stand before the one that has the keyboard
    bool changes_asked = false;   // the list of what was changed by hand is to open
    Reveal reveal;                // what is to come into sight
    std::string focus;            // what has the keyboard, by its name in `places`
    /// Where the last frame drew what a test points at, in screen px: x, y, width, height.
    std::map<std::string, std::array<float, 4>> places;
    std::map<std::string, std::array<Index, 2>> grids;  // rows and columns of those that are grids
};

}  // namespace saccade
