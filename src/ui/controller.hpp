#pragma once

#include <array>
#include <string>

#include "ui/app_state.hpp"
#include "ui/comparison.hpp"
#include "ui/desk.hpp"
#include "ui/exhibit_pictures.hpp"
#include "ui/files.hpp"
#include "ui/hand.hpp"
#include "ui/history.hpp"
#include "ui/inputs.hpp"
#include "ui/lesson_editor.hpp"
#include "ui/lesson_play.hpp"
#include "ui/live_training.hpp"
#include "ui/messages.hpp"
#include "ui/part_shown.hpp"
#include "ui/pictures.hpp"
#include "ui/recovery.hpp"
#include "ui/runs.hpp"
#include "ui/scene_editor.hpp"
#include "ui/stage.hpp"
#include "ui/tour.hpp"

namespace saccade {

/// Everything that a user can do, in parts which change their share of the state: panels and commands call the same ones.
/// Here is what concerns several of them. Nothing here draws.
class Controller {
 public:
    /// The runners as in Runs.
    Controller(AppState& state, Runner& a, Runner& b, std::array<Runner*, 2> untouched = {});
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    /// Opens an exhibit as it was left, or as it is at first; the one before is put aside with all that belongs to it.
    void choose_exhibit(const std::string& id);
    /// The same, unless it is open.
    void go_to(const std::string& id);
    /// Another request (and B, if it is compared) in place of all: a file was opened. One of the same exhibit is an edit, which
    /// undo takes back; so is one of another, if that was open before.
    void open_request(const RunRequest& request, const std::optional<RunRequest>& compared);
    /// Takes what the runners have; true if a picture changed.
    bool poll();
    /// Of the last change, in whichever exhibit it was made: that one is opened.
    void undo();
    void redo();
    /// To where so many changes of History::steps() are made.
    void go_back_to(std::size_t count);
    /// The open exhibit as it is at first: an edit, too.
    void start_afresh();
    /// A cell on a side, which takes the focus.
    void select_on(std::size_t side, const CellRef& cell);
    /// Opens the scene maker, with a scene if the picture is none, or closes it.
    void toggle_scene_maker();
    /// Shows the lesson, in the drawer where the window is narrow, or the settings again.
    void toggle_lesson();
    void toggle_theme();
    /// All texts of the window in this language, from the next frame on; those of the lessons too, unless a person chose
    /// theirs. Says so if it cannot be read, and stays with English.
    void set_language(const std::string& id);
    void set_ui_scale(double scale);
    void cycle_scale();
    /// Asks first, if a training would be lost.
    void quit();
    /// Asks all work off this thread to end, without waiting for it: trainings, and files that are read.
    void end_work();
    /// Has it?
    bool work_ended();

    Messages& messages() { return messages_; }
    History& history() { return history_; }
    Runs& runs() { return runs_; }
    Inputs& inputs() { return inputs_; }
    Stage& stage() { return stage_; }
    const Stage& stage() const { return stage_; }
    Comparison& comparison() { return comparison_; }
    Hand& hand() { return hand_; }
    PartShown& part() { return part_; }
    SceneEditor& scenes() { return scenes_; }
    Pictures& pictures() { return pictures_; }
    LessonPlay& lesson() { return lesson_; }
    const LessonPlay& lesson() const { return lesson_; }
    LessonEditor& editor() { return editor_; }
    Tour& tour() { return tour_; }
    const Tour& tour() const { return tour_; }
    LiveTraining& training() { return training_; }
    Desk& desk() { return desk_; }
    const Desk& desk() const { return desk_; }
    ExhibitPictures& exhibit_pictures() { return exhibit_pictures_; }
    const ExhibitPictures& exhibit_pictures() const { return exhibit_pictures_; }
    Files& files() { return files_; }
    const Files& files() const { return files_; }
    Recovery& recovery() { return recovery_; }
    const Recovery& recovery() const { return recovery_; }

 private:
    void put_aside();
    bool take_back(const std::string& id);
    void apply(const Edit& edit, std::size_t focus);
    void go_over(const std::optional<EditEntry>& entry, bool back);

    AppState& state_;
    std::uint64_t left_ = 0;  // how many documents were put aside so far
    Document& document_;
    Messages messages_;
    History history_;
    Runs runs_;
    Inputs inputs_;
    Stage stage_;
    Comparison comparison_;
    Hand hand_;
    PartShown part_;
    SceneEditor scenes_;
    Pictures pictures_;
    LessonPlay lesson_;
    LessonEditor editor_;
    Tour tour_;
    LiveTraining training_;
    Desk desk_;
    Files files_;
    Recovery recovery_;
    ExhibitPictures exhibit_pictures_;
};

}  // namespace saccade
