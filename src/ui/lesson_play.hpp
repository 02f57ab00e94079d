#pragma once

#include <memory>

#include "run/lesson_file.hpp"

namespace saccade {

struct AppState;
class Controller;

/// Plays a lesson's file: shows its scenes, executes their claims, asks their questions.
class LessonPlay {
 public:
    LessonPlay(AppState& state, Controller& act) : state_(state), act_(act) {}

    /// Those that come with the program.
    const std::vector<OfferedLesson>& offered();
    /// From its first scene on.
    void open(LessonFile lesson);
    /// What is shown stays. Asks first, if something of it is not saved (LessonState::closing).
    void close();
    /// The scene's state takes the place of what is shown, as an opened session does: undo takes it back.
    void show(std::size_t scene);
    /// The scene's state again, after a hand has changed the run.
    void make_it_so();
    /// Is what is asked for no longer what the scene asked for?
    bool changed() const;
    /// Is the scene's exhibit open at all?
    bool on_stage() const;
    /// Executes claims as soon as their run is there; true if it did.
    bool poll();
    /// The cell that the claim is about.
    void select(std::size_t claim);

    /// Is a question open whose row must not be seen?
    bool covered() const;
    /// Is there one, open or answered? Not where the run has no such row, nor for who edits it.
    bool asks() const;
    void choose_bar(int by);
    void raise_bar(float by);
    void set_bar(std::size_t place, float share);
    /// False: there is nothing yet to be seen.
    bool reveal();
    /// Covers the row again, for the next class: every place alike.
    void ask_again();

 private:
    void look();
    void ask();
    void show_matrix();

    AppState& state_;
    Controller& act_;
};

}  // namespace saccade
