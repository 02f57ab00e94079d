#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "run/lesson_file.hpp"
#include "run/run.hpp"
#include "ui/known_file.hpp"

namespace saccade {

/// The question of a scene, from the guess to the answer.
struct GuessState {
    CellRef row;               // that is asked about; empty: nothing is, or not on this run
    std::vector<float> guess;  // of its places
    std::size_t at = 0;        // the bar that the keys move
    bool revealed = false;
    TracePtr matrix;            // what is shown of the run: all rows but this one, until it is revealed
    std::vector<float> answer;  // once it is
};

/// What undo of the editor goes back to.
struct LessonEdit {
    nlohmann::json document;
    std::size_t scene = 0;
};

/// A lesson that is being edited. Changed by LessonEditor alone.
struct LessonEditing {
    bool on = false;
    bool has_focus = false;  // in this frame: its fields and buttons have the keyboard, and so the keys of undo are its own
    bool to_top = false;     // its panel shows its texts in the next frame: what was recorded is to be told
    nlohmann::json saved;    // the document as it was opened or saved last; null: never
    std::vector<LessonEdit> undo, redo;
    std::string coalescing;  // the text whose keystrokes make one undo entry
    std::chrono::steady_clock::time_point last_edit;
    /// A field of a text, by its place in the document and its language: what is typed, and the document's text that this was.
    struct Typed {
        std::string text, of;
    };
    std::map<std::string, Typed> typed;
};

/// A lesson's file that is open, and how far it was played. Changed by LessonPlay, and while it is edited by LessonEditor.
struct LessonState {
    std::shared_ptr<const LessonFile> file;  // null: none; then the exhibits' own lessons are walked
    std::size_t scene = 0;                   // that was shown last
    std::array<RunRequest, 2> shown;         // with which requests
    bool comparing = false;
    std::array<TracePtr, 2> judged;  // the runs that its claims were executed on,
    std::vector<Finding> findings;   // one a claim; empty: not yet
    bool to_look = false;            // the cell that it looks at is still to be found, in the run that is to come
    GuessState guess;
    std::map<std::size_t, GuessState> guesses;  // of the other scenes, as they were left
    LessonEditing editing;
    bool closing = false;  // asks whether to close it, and to lose what is unsaved
    KnownFile saved;       // the file, as it was opened or saved last
    std::string problem;   // what of the scene is not on this run: its cell, its question

    bool unsaved() const { return file && file->document != editing.saved; }
    const LessonScene* current() const { return file ? &file->scenes[scene] : nullptr; }
};

}  // namespace saccade
