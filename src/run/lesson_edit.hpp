#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "run/session.hpp"

namespace saccade {

// A lesson's document as it is written in the window: recorded scene by scene, put in order, saved. What a person wrote into
// the file by hand stays as it is.

/// Without any scene yet.
nlohmann::json new_lesson_document(const std::string& title, const std::string& language);
/// What is shown, as a scene: of the request and the view only what differs from the opening of the exhibit.
/// It says nothing yet.
nlohmann::json recorded_scene(const Session& shown);
/// A scene that is there becomes what is shown; its texts, claims and question stay.
void update_scene(nlohmann::json& document, std::size_t scene, const Session& shown);
/// Behind the scene `after`; npos: first.
void insert_scene(nlohmann::json& document, std::size_t after, nlohmann::json scene);
/// A scene a place on or back. Returns where it then is.
std::size_t move_scene(nlohmann::json& document, std::size_t at, int by);
/// The last one stays. Returns whether it was taken out.
bool remove_scene(nlohmann::json& document, std::size_t at);

/// A text of the document, by its place: "/title", "/scenes/1/claims/0/text". Empty: it has none in this language.
std::string lesson_text(const nlohmann::json& document, const std::string& place, const std::string& language);
/// An empty text is taken out: the other language then stands in for it. Of a scene both may go: it is written before the
/// lesson is saved. False: it is the only one where one must be, and stays.
bool set_lesson_text(nlohmann::json& document, const std::string& place, const std::string& language, const std::string& text);

/// A claim about the row that the scene asks for is judged after the guess.
void add_claim(nlohmann::json& document, std::size_t scene, nlohmann::json claim);
void remove_claim(nlohmann::json& document, std::size_t scene, std::size_t claim);
/// Takes the place of the one that is there; claims about its row wait for the guess, and others no longer.
void set_question(nlohmann::json& document, std::size_t scene, nlohmann::json question);
void remove_question(nlohmann::json& document, std::size_t scene);
/// Are these tokens, {"source": ["中", 4]}, all lit in this scene, or this view framed?
bool is_lit(const nlohmann::json& scene, const nlohmann::json& tokens);
bool is_framed(const nlohmann::json& scene, const std::string& card);
/// Lights them, or lights them no longer.
void toggle_lit(nlohmann::json& scene, const nlohmann::json& tokens);
void toggle_framed(nlohmann::json& scene, const std::string& card);

/// Atomic; indented, as people write it. Error{io}.
void save_lesson(const std::string& path, const nlohmann::json& document);

}  // namespace saccade
