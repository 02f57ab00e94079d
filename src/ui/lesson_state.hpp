#pragma once

#include <array>
#include <map>
#include <memory>
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

/// A lesson's file that is open, and how far it was played. Changed by LessonPlay alone.
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
    bool editing = false, unsaved = false;
    bool warned = false;                              // that closing it loses what is unsaved
    std::string typed;                                // the scene's text, in the field
    std::size_t typed_of = 0;                         // of this scene,
    bool typed_chinese = false, typed_known = false;  // in this language; not taken from it yet
    KnownFile saved;                                  // the file, as it was opened or saved last
    std::string problem;                              // what of the scene is not on this run: its cell, its question

    const LessonScene* current() const { return file ? &file->scenes[scene] : nullptr; }
};

}  // namespace saccade
