#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "run/session.hpp"

namespace saccade {

// A lesson's document as it is written in the window: recorded scene by scene, put in order, saved. What a person wrote into
// the file by hand stays as it is.

/// Without any scene yet.
nlohmann::json new_lesson_document(const std::string& title);
/// What is shown, as a scene: of the request and the view only what differs from the opening of the exhibit.
nlohmann::json recorded_scene(const Session& shown, const std::string& text, const std::string& language);
/// Behind the scene `after`; npos: first.
void insert_scene(nlohmann::json& document, std::size_t after, nlohmann::json scene);
/// A scene a place on or back. Returns where it then is.
std::size_t move_scene(nlohmann::json& document, std::size_t at, int by);
/// The last one stays. Returns whether it was taken out.
bool remove_scene(nlohmann::json& document, std::size_t at);
void set_scene_text(nlohmann::json& document, std::size_t at, const std::string& language, const std::string& text);

/// Atomic; indented, as people write it. Error{io}.
void save_lesson(const std::string& path, const nlohmann::json& document);

}  // namespace saccade
