#include "ui/lesson_editor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "run/language.hpp"
#include "run/lesson_edit.hpp"
#include "ui/controller.hpp"
#include "ui/pasted_pictures.hpp"
#include "ui/saved_view.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr std::size_t most_kept_edits = 200;
constexpr std::chrono::seconds one_entry{1};  // without a longer pause, what is typed in one field is undone at once

void refuse_scenes_without_text(const LessonFile& lesson) {
    const std::vector<std::size_t> without = scenes_without_text(lesson);
    if (without.empty()) return;
    throw Error(ErrorCode::invalid_input, fmt::format("no text yet in scene {}", fmt::join(without, ", ")),
                "write what it says, then save: the lesson stays as it is");
}

}  // namespace

LessonEditing& LessonEditor::state_of() const {
    return state_.lesson.editing;
}

bool LessonEditor::shows_scene() const {
    const Side& side = state_.document.side();
    return act_.lesson().on_stage() && !act_.lesson().changed() && side.trace() != nullptr && !side.stale();
}

/// The document as it now is; what is shown of the scene stays, and what is known of it where it claims and asks the same.
void LessonEditor::take(LessonEdit edit) {
    LessonState& lesson = state_.lesson;
    LessonFile now = lesson_draft_from_json(edit.document);
    now.path = lesson.file ? lesson.file->path : tr("(new lesson)");
    const json before = lesson.file ? lesson.file->document["scenes"][lesson.scene] : json();
    const std::size_t scenes = lesson.file ? lesson.file->scenes.size() : 0;
    lesson.file = std::make_shared<const LessonFile>(std::move(now));
    const bool moved = lesson.scene != edit.scene || lesson.file->scenes.size() != scenes;
    lesson.scene = state_.present.point = std::min(edit.scene, lesson.file->scenes.size() - 1);
    if (moved) lesson.guesses.clear();  // scenes have other numbers now
    const json& after = lesson.file->document["scenes"][lesson.scene];
    const auto differs = [&](const char* key) { return before.value(key, json()) != after.value(key, json()); };
    if (!moved && !differs("state") && !differs("claims") && !differs("question")) return;
    lesson.judged = {};
    lesson.findings.clear();
    lesson.guess = {};
    lesson.problem.clear();
}

bool LessonEditor::change(const Change& how, const std::string& field) {
    LessonState& lesson = state_.lesson;
    LessonEditing& editing = state_of();
    if (!lesson.file) return false;
    LessonEdit before{lesson.file->document, lesson.scene}, after = before;
    try {
        how(after.document, after.scene);
        if (after.document == before.document) return true;
        take(std::move(after));
    } catch (const Error& error) {
        act_.messages().complain(error);  // of a text that is too long: the field keeps it, the lesson does not
        return false;
    }
    const auto now = std::chrono::steady_clock::now();
    const bool goes_on = !field.empty() && field == editing.coalescing && now - editing.last_edit < one_entry;
    editing.coalescing = field;
    editing.last_edit = now;
    editing.redo.clear();
    if (goes_on) return true;
    editing.undo.push_back(std::move(before));
    if (editing.undo.size() > most_kept_edits) editing.undo.erase(editing.undo.begin());
    return true;
}

void LessonEditor::record() {
    LessonState& lesson = state_.lesson;
    const TextsIn in(state_.view.language);
    json scene = recorded_scene(session_of(state_.document, state_.view));
    if (lesson.file) {
        change([&](json& document, std::size_t& at) { insert_scene(document, at++, std::move(scene)); });
    } else {
        json document = new_lesson_document(in.tr("My lesson"), state_.view.language);
        insert_scene(document, std::string::npos, std::move(scene));
        take({std::move(document), 0});
    }
    lesson.editing.on = lesson.editing.to_top = state_.view.lesson = true;
    state_.inspector_drawer = true;
    note_shown();
}

void LessonEditor::update_scene() {
    const bool updated = change(
        [&](json& document, std::size_t at) { saccade::update_scene(document, at, session_of(state_.document, state_.view)); });
    if (updated) note_shown();
}

void LessonEditor::note_shown() {
    const Document& shown = state_.document;
    state_.lesson.shown = {shown.sides[0].request, shown.sides[1].request};
    state_.lesson.comparing = shown.comparing;
}

void LessonEditor::move_scene(int by) {
    change([by](json& document, std::size_t& at) { at = saccade::move_scene(document, at, by); });
}

void LessonEditor::remove_scene() {
    if (!state_.lesson.file) return;
    if (state_.lesson.file->scenes.size() < 2)
        return act_.messages().tell(tr("A lesson has a scene at least: close it instead"));
    change([](json& document, std::size_t at) { saccade::remove_scene(document, at); });
    act_.lesson().show(state_.lesson.scene);
}

void LessonEditor::set_text(const std::string& place, const std::string& text) {
    const std::string language = state_.view.language == "zh" ? "zh" : "en";
    change([&](json& document, std::size_t) { set_lesson_text(document, place, language, text); }, place + language);
}

void LessonEditor::add_claim(json claim) {
    change([&](json& document, std::size_t at) { saccade::add_claim(document, at, std::move(claim)); });
}

void LessonEditor::remove_claim(std::size_t claim) {
    change([&](json& document, std::size_t at) { saccade::remove_claim(document, at, claim); });
}

void LessonEditor::ask(json question) {
    change([&](json& document, std::size_t at) { set_question(document, at, std::move(question)); });
}

void LessonEditor::ask_no_more() {
    change([&](json& document, std::size_t at) { remove_question(document, at); });
}

void LessonEditor::toggle_lit(const json& tokens) {
    change([&](json& document, std::size_t at) { saccade::toggle_lit(document["scenes"][at], tokens); });
}

void LessonEditor::toggle_framed(const std::string& card) {
    change([&](json& document, std::size_t at) { saccade::toggle_framed(document["scenes"][at], card); });
}

void LessonEditor::preview() {
    if (!state_.lesson.file) return;
    if (!shows_scene()) act_.lesson().show(state_.lesson.scene);
    act_.lesson().ask_again();
    start_presenting(state_, act_);
}

void LessonEditor::go_back(std::vector<LessonEdit>& from, std::vector<LessonEdit>& to, const std::string& none) {
    LessonState& lesson = state_.lesson;
    if (from.empty() || !lesson.file) return act_.messages().tell(none);
    LessonEdit edit = std::move(from.back());
    from.pop_back();
    to.push_back({lesson.file->document, lesson.scene});
    state_of().coalescing.clear();
    const json before = lesson.file->document["scenes"][lesson.scene]["state"];
    take(std::move(edit));
    if (lesson.file->document["scenes"][lesson.scene]["state"] != before) act_.lesson().show(lesson.scene);
}

void LessonEditor::undo() {
    go_back(state_of().undo, state_of().redo, tr("Nothing to undo in this lesson"));
}

void LessonEditor::redo() {
    go_back(state_of().redo, state_of().undo, tr("Nothing to redo"));
}

void LessonEditor::save() {
    const LessonState& lesson = state_.lesson;
    if (!lesson.file) return;
    try {
        refuse_scenes_without_text(*lesson.file);
    } catch (const Error& error) {
        return act_.messages().complain(error);
    }
    state_.prompt = {PathPrompt::Kind::save_lesson, lesson.saved.path.empty() ? "lesson.json" : lesson.saved.path, ""};
}

void LessonEditor::save_to(const std::string& path) {
    LessonState& lesson = state_.lesson;
    if (!lesson.file) return;
    refuse_scenes_without_text(*lesson.file);
    save_lesson(path, lesson.file->document);
    for (const LessonScene& scene : lesson.file->scenes) note_saved(scene.request);
    LessonFile file = *lesson.file;
    file.path = path;
    lesson.file = std::make_shared<const LessonFile>(std::move(file));
    lesson.saved = {path, stamp_of(path)};
    state_of().saved = lesson.file->document;
    act_.messages().tell(tr("Saved {}", path));
}

}  // namespace saccade
