#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ui/lesson_state.hpp"

namespace saccade {

struct AppState;
class Controller;

/// Writes a lesson's file: records scenes, says of what is selected what is claimed, asked and lit. Every change can be undone.
class LessonEditor {
 public:
    LessonEditor(AppState& state, Controller& act) : state_(state), act_(act) {}

    /// What is shown becomes a scene behind the present one, of a new lesson if none is open.
    void record();
    /// The state of the scene that is edited becomes what is shown; what it says and claims stays.
    void update_scene();
    void move_scene(int by);
    void remove_scene();
    /// A text by its place in the document (run/lesson_edit.hpp), in the language that lessons are shown in.
    void set_text(const std::string& place, const std::string& text);
    void add_claim(nlohmann::json claim);
    void remove_claim(std::size_t claim);
    void ask(nlohmann::json question);
    void ask_no_more();
    void toggle_lit(const nlohmann::json& tokens);
    void toggle_framed(const std::string& card);
    /// Shows the scene, and plays on from it.
    void preview();
    /// Has the editor the keyboard? Then the keys of undo are its own.
    bool has_focus() const { return state_of().has_focus; }
    void undo();
    void redo();
    /// Asks for the path. Refused with a message while a scene has no text.
    void save();
    /// Error{io}, or {invalid_input}: scenes without a text.
    void save_to(const std::string& path);

    /// Is the run that is shown the one that the scene asks for? Otherwise nothing of it can be claimed.
    bool shows_scene() const;

 private:
    LessonEditing& state_of() const;
    /// Changes the document, and which scene of it is shown.
    using Change = std::function<void(nlohmann::json& document, std::size_t& scene)>;
    /// Refused with a message, and false, if it makes no lesson. `field`: keystrokes in the same one are undone at once.
    bool change(const Change& how, const std::string& field = {});
    void take(LessonEdit edit);
    /// What is shown is what the scene that was just recorded asks for.
    void note_shown();
    void go_back(std::vector<LessonEdit>& from, std::vector<LessonEdit>& to, const std::string& none);

    AppState& state_;
    Controller& act_;
};

}  // namespace saccade
