#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/run_request.hpp"
#include "run/scene_claim.hpp"

namespace saccade {

/// What the class is asked before it sees: how the weights of one row are shared out. Until it is answered the row is covered.
struct SceneQuestion {
    InLanguages text;
    NamedPart row;  // of weights: one position on every axis but the last
};

/// One scene of a lesson: a state of the program, and what is said about it.
struct LessonScene {
    RunRequest request;
    std::optional<RunRequest> compared;
    nlohmann::json view = nlohmann::json::object();  // as a session's, what differs from the opening of the exhibit
    NamedPart selected;                              // the cell that is looked at; no tensor: none is named
    InLanguages text;
    std::vector<NamedPlaces> tokens;  // that are lit
    std::vector<std::string> cards;   // that are, by their names: "heatmap/weights"
    std::vector<SceneClaim> claims;
    std::optional<SceneQuestion> question;
};

/// A lesson that plays: scenes over any exhibits. assets/lessons/README.md documents the file.
struct LessonFile {
    std::string path;
    InLanguages title, text;
    std::vector<LessonScene> scenes;
    nlohmann::json document = nlohmann::json::object();  // as it was read
};

/// The exhibit that all its scenes are of; empty: there are several, or there is only one scene.
std::string exhibit_of(const LessonFile& lesson);

/// Is it one, whatever it holds?
bool is_lesson(const nlohmann::json& json);
/// Error{bad_format} says where: "scene 3, claim 2: ...", and what there is instead; and by line and column, if the text that
/// was read is given.
LessonFile lesson_from_json(const nlohmann::json& json, std::string_view text = {});
/// While it is being written: its scenes may be without a text yet.
LessonFile lesson_draft_from_json(const nlohmann::json& json);
/// Which scenes of a draft have no text, from 1.
std::vector<std::size_t> scenes_without_text(const LessonFile& draft);
/// The same with the path. Error{io}.
LessonFile load_lesson(const std::string& path);

/// The lessons that come with the program, by name.
std::vector<std::string> bundled_lessons();
/// One that can be chosen.
struct OfferedLesson {
    std::string name, path;
    InLanguages title, text;
    std::size_t scenes = 0;
    std::string exhibit;  // that all scenes are of; empty: it is a course, through several
};
/// The bundled ones that can be read: courses first, then those of one exhibit, in the order of the gallery.
std::vector<OfferedLesson> offered_lessons();
/// Error{not_found} lists them.
std::string bundled_lesson_path(const std::string& name);

constexpr Index most_guessed = 24;  // places of a row
/// The row of a question as a cell of its weights whose last index is -1. Error{not_found} or {invalid_input}: this run has no
/// such row, or more than one, or a row too long to be guessed (most_guessed).
CellRef asked_row(const Trace& trace, const SceneQuestion& question);
/// Error{not_found}: the scene's state names what its run does not have: a cell that an intervention changes, a step.
void check_state(const LessonScene& scene, const Trace& a);
/// The scene's claims on its run, one finding each; `b`: the run that it is compared with, or null. Never throws.
std::vector<Finding> check_scene(const LessonScene& scene, const Trace& a, const Trace* b);

}  // namespace saccade
