#include <fmt/format.h>

#include <functional>
#include <utility>

#include "base/translate.hpp"
#include "run/language.hpp"
#include "run/lesson_edit.hpp"
#include "run/scene_offer.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/shown_point.hpp"
#include "ui/text_area.hpp"
#include "ui/verdict_line.hpp"

namespace saccade {

namespace {

using nlohmann::json;

constexpr float bar_padding = 10, bar_beside = 16;  // logical px

/// The panel that writes a lesson, part by part.
class LessonEditPanel {
 public:
    LessonEditPanel(const Ui& ui, AppState& state, Controller& act)
        : ui_(ui),
          state_(state),
          act_(act),
          lesson_(state.lesson),
          file_(state.lesson.file),
          in_(state.view.language),
          chinese_(state.view.language == "zh"),
          language_(chinese_ ? "zh" : "en") {}

    void draw() {
        const std::string scene = fmt::format("/scenes/{}", lesson_.scene);
        label(ui_, in_.tr("Title"), ui_.theme.secondary, 13);
        text_field("lesson title", "/title", file_->title.in(!chinese_));
        label(ui_, in_.tr("About it, in one line"), ui_.theme.secondary, 13);
        text_field("lesson about", "/text", file_->text.in(!chinese_));
        ImGui::Dummy({0, 4 * ui_.s});
        label(ui_, in_.tr("Scene {} of {}", lesson_.scene + 1, file_->scenes.size()), ui_.theme.secondary, 13);
        const std::string& other = file_->scenes[lesson_.scene].text.in(!chinese_);
        text_field("scene text", scene + "/text", other.empty() ? in_.tr("Write here what this scene says.") : other, 0, 3);
        scene_buttons();
        if (file_ != lesson_.file) return;  // what follows is of the scene that was
        claims(scene);
        question(scene);
        if (file_ != lesson_.file) return;
        selection();
    }

    /// What stays in sight below it: is it saved, and what is done with the whole.
    void draw_bar() {
        const std::vector<BarButton> buttons = bar_buttons();
        label(ui_, lesson_.unsaved() ? "● " + in_.tr("Not saved") : in_.tr("Saved"),
              lesson_.unsaved() ? ui_.theme.selection : ui_.theme.secondary, 13);
        note_place(state_, lesson_.unsaved() ? "lesson unsaved" : "lesson saved");
        FlowRow row(ui_);
        for (const BarButton& one : buttons)
            if (press(row, one.id, one.text, one.tip, one.kind)) return one.pressed();
    }

    /// px, in a panel that has so much room in a line.
    float bar_height(float room) {
        const float s = ui_.s, gap = 6 * s, line = ImGui::GetFontSize() + 10 * s, between = ImGui::GetStyle().ItemSpacing.y;
        float x = 0, height = 20 * s + between + line;
        for (const BarButton& one : bar_buttons()) {
            const float wide = button_width(ui_, one.text);
            if (x > 0 && x + gap + wide > room) {
                x = 0;
                height += line + between;
            }
            x += (x > 0 ? gap : 0) + wide;
        }
        return height + 2 * bar_padding * s;
    }

 private:
    /// Of a text in the language that is chosen above; `other`: what stands in where it has none.
    void text_field(const std::string& id, const std::string& place, const std::string& other, float beside = 0,
                    int least_lines = 1) {
        LessonEditing::Typed& typed = lesson_.editing.typed[place + language_];
        const std::string now = lesson_text(file_->document, place, language_);
        const bool differs = typed.of != now;
        if (differs) typed = {now, now};
        const float width = ImGui::GetContentRegionAvail().x - beside;
        const bool changed = text_area(ui_, "##" + id, typed.text, other, width, least_lines, differs);
        ui_.stop(true);
        note_place(state_, id);
        if (changed) {
            act_.editor().set_text(place, typed.text);
            typed.of = lesson_text(lesson_.file->document, place, language_);
        }
        // What the lesson did not take is not left standing as if it had.
        if (ImGui::IsItemDeactivated()) typed.text = typed.of;
    }

    bool press(FlowRow& row, const std::string& id, const std::string& text, const std::string& tip,
               ButtonKind kind = ButtonKind::plain) {
        row.next(button_width(ui_, text));
        const bool pressed = button(ui_, id.c_str(), text, kind, 0, tip);
        note_place(state_, id);
        return pressed;
    }

    /// A line of its own, cut where it is too long; the tip has all of it.
    bool offer(const std::string& id, const std::string& sign, const std::string& text) {
        const std::string line = fitted(ui_, sign + " " + text, 15, Font::ui, ImGui::GetContentRegionAvail().x - 24 * ui_.s);
        const bool pressed = button(ui_, id.c_str(), line, ButtonKind::quiet, 0, text);
        note_place(state_, id);
        return pressed;
    }

    const std::string& said(const json& text) const { return text.at(language_).get_ref<const std::string&>(); }

    void scene_buttons() {
        FlowRow row(ui_);
        const std::size_t at = lesson_.scene, scenes = file_->scenes.size();
        const auto kind = [](bool can) { return can ? ButtonKind::plain : ButtonKind::quiet; };
        if (press(row, "scene back", in_.tr("← Back"), "", kind(at > 0)) && at > 0) return act_.lesson().show(at - 1);
        if (press(row, "scene next", in_.tr("Next →"), "", kind(at + 1 < scenes)) && at + 1 < scenes)
            return act_.lesson().show(at + 1);
        if (press(row, "record", in_.tr("Record"), tr("What is shown becomes the next scene"))) return act_.editor().record();
        if (press(row, "update scene", in_.tr("Update this scene"),
                  tr("What is shown becomes this scene's state; its texts, claims and question stay")))
            return act_.editor().update_scene();
        if (press(row, "earlier", "↑", tr("A place earlier"))) return act_.editor().move_scene(-1);
        if (press(row, "later", "↓", tr("A place later"))) return act_.editor().move_scene(1);
        if (press(row, "remove scene", in_.tr("Remove"), tr("Takes this scene out"))) return act_.editor().remove_scene();
    }

    void claims(const std::string& scene) {
        const ShownPoint shown = shown_point(state_, act_, lesson_.scene);
        if (!shown.claims.empty()) heading(ui_, in_.tr("Claims"));
        for (std::size_t i = 0; i < shown.claims.size() && file_ == lesson_.file; ++i) claim(scene, shown.claims[i], i);
    }

    void claim(const std::string& scene, const ShownClaim& shown, std::size_t i) {
        const float s = ui_.s, left = ImGui::GetCursorPosX(), top = ImGui::GetCursorPosY();
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const LessonPoint& point = lesson_.current()->claims[i].point;
        verdict_mark(ui_, {at.x, at.y + 6 * s}, shown.said);
        ImGui::SetCursorPos({left + 24 * s, top});
        const float cross = 30 * s;
        text_field(fmt::format("claim text {}", i + 1), fmt::format("{}/claims/{}/text", scene, i),
                   chinese_ ? point.chinese : point.english, cross);
        ImGui::SameLine(0, 4 * s);
        const bool removed =
            button(ui_, fmt::format("##{}", i).c_str(), "×", ButtonKind::quiet, 24 * s, tr("Takes this claim out"));
        note_place(state_, fmt::format("remove claim {}", i + 1));
        ImGui::SetCursorPosX(left);
        if (removed) return act_.editor().remove_claim(i);
        if (!shown.said.empty() && shown.said != "held")
            paragraph(ui_, in_.tr_composed(shown.said) + (shown.found.empty() ? "" : " · ") + shown.found,
                      verdict_color(ui_.theme, shown.said));
    }

    void question(const std::string& scene) {
        const LessonScene& now = *lesson_.current();
        if (!now.question) return;
        heading(ui_, in_.tr("Question"));
        text_field("question text", scene + "/question/text", now.question->text.in(!chinese_));
        if (file_ != lesson_.file) return;
        FlowRow row(ui_);
        if (press(row, "ask no more", in_.tr("Do not ask"), tr("The row is covered no longer"))) act_.editor().ask_no_more();
    }

    /// What a lesson can make of what is selected on the stage.
    void selection() {
        heading(ui_, in_.tr("From what is selected"));
        if (!act_.editor().shows_scene())
            return paragraph(ui_, in_.tr("What is shown is not this scene: record it, update this scene, or make it so."),
                             ui_.theme.secondary);
        const Document& document = state_.document;
        const Trace& trace = *document.trace();
        const CellRef& cell = document.stage.selected.cell;
        const bool of_b = document.comparing && document.focus == 1;
        std::vector<json> offers = offered_claims(trace, document.exhibit(), cell, of_b);
        const json written = scene_json().value("claims", json::array());
        for (std::size_t i = 0; i < offers.size(); ++i) {
            if (is_claimed(written, offers[i])) continue;
            if (offer(fmt::format("offer claim {}", i + 1), "+", said(offers[i]["text"])))
                return act_.editor().add_claim(std::move(offers[i]));
        }
        if (std::optional<json> question = offered_question(trace, cell);
            question && !of_b && !same_row(scene_json(), *question) && offer("offer question", "?", said((*question)["text"])))
            return act_.editor().ask(std::move(*question));
        offer_highlights(trace, cell);
    }

    void offer_highlights(const Trace& trace, const CellRef& cell) {
        if (const OfferedTokens tokens = offered_tokens(trace, cell); !tokens.places.empty()) {
            const bool lit = is_lit(scene_json(), tokens.places);
            const std::string text = lit ? in_.tr("Light no longer: {}", tokens.words) : in_.tr("Light: {}", tokens.words);
            if (offer("light", lit ? "–" : "+", text)) return act_.editor().toggle_lit(tokens.places);
        }
        const Exhibit& e = state_.document.exhibit();
        for (const ViewPlacement& placed : placements(e, state_.document.side().request.params)) {
            if (placed.tensor != cell.tensor || cell.empty()) continue;
            const std::string card = placed.view + "/" + placed.tensor;
            const bool framed = is_framed(scene_json(), card);
            if (offer("frame", framed ? "–" : "+", framed ? in_.tr("Frame its view no longer") : in_.tr("Frame its view")))
                act_.editor().toggle_framed(card);
            return;
        }
    }

    const json& scene_json() const { return file_->document["scenes"][lesson_.scene]; }

    /// Whatever its text says, and when it is judged.
    static bool is_claimed(const json& written, json claim) {
        claim.erase("text");
        for (json one : written) {
            one.erase("text");
            one.erase("after_guess");
            if (one == claim) return true;
        }
        return false;
    }
    static bool same_row(const json& scene, const json& question) {
        const auto asked = scene.find("question");
        return asked != scene.end() && (*asked)["tensor"] == question["tensor"] && (*asked)["row"] == question["row"];
    }

    struct BarButton {
        std::string id, text, tip;
        ButtonKind kind;
        std::function<void()> pressed;
    };

    std::vector<BarButton> bar_buttons() {
        std::vector<BarButton> all;
        const LessonEditing& editing = lesson_.editing;
        const auto kind = [](bool can) { return can ? ButtonKind::plain : ButtonKind::quiet; };
        const auto small = [&](const char* id, const std::string& text, const std::string& tip, ButtonKind as,
                               std::function<void()> pressed) {
            all.push_back({id, text, tip, as, std::move(pressed)});
        };
        small("save lesson", in_.tr("Save …"), tr("As a file, to be played, edited and checked"),
              lesson_.unsaved() ? ButtonKind::primary : ButtonKind::plain, [&] { act_.editor().save(); });
        small("lesson undo", in_.tr("Undo"), tr("Takes the last change of this lesson back"), kind(!editing.undo.empty()),
              [&] { act_.editor().undo(); });
        small("lesson redo", in_.tr("Redo"), "", kind(!editing.redo.empty()), [&] { act_.editor().redo(); });
        small("preview", in_.tr("▸ Play"), tr("From this scene on, as a class sees it; Esc comes back"), ButtonKind::plain,
              [&] { act_.editor().preview(); });
        small("edited", in_.tr("Done"), tr("Shows the lesson as it is played"), ButtonKind::plain,
              [&] { lesson_.editing.on = false; });
        small("close lesson", in_.tr("Close"), tr("Back to the lesson of the exhibit; what is shown stays"), ButtonKind::plain,
              [&] { act_.lesson().close(); });
        if (!act_.editor().shows_scene())
            small("make it so", in_.tr("Make it so"), tr("The scene's own settings again; undo takes it back"),
                  ButtonKind::plain, [&] { act_.lesson().make_it_so(); });
        return all;
    }

    const Ui& ui_;
    AppState& state_;
    Controller& act_;
    LessonState& lesson_;
    const std::shared_ptr<const LessonFile> file_;  // as this frame began
    TextsIn in_;                                    // of the lessons
    bool chinese_;
    std::string language_;
};

}  // namespace

void edit_lesson(const Ui& ui, AppState& state, Controller& act) {
    if (std::exchange(state.lesson.editing.to_top, false)) ImGui::SetScrollY(0);
    LessonEditPanel(ui, state, act).draw();
    state.lesson.editing.has_focus |= ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows);
}

float edit_lesson_bar_height(const Ui& ui, AppState& state, Controller& act, float width) {
    if (!state.lesson.file || !state.lesson.editing.on) return 0;
    return LessonEditPanel(ui, state, act).bar_height(width - 2 * bar_beside * ui.s);
}

void edit_lesson_bar(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    if (!state.lesson.file || !state.lesson.editing.on) return;  // it was closed just now
    begin_panel(ui, "lesson bar", place.at, place.size, ui.theme.panel, {bar_beside * ui.s, bar_padding * ui.s}, false);
    edge(ui, place.at, {place.at.x + place.size.x, place.at.y});
    edge(ui, place.at, {place.at.x, place.at.y + place.size.y});
    LessonEditPanel(ui, state, act).draw_bar();
    state.lesson.editing.has_focus |= ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows);
    end_panel();
}

}  // namespace saccade
