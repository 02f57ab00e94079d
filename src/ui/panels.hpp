#pragma once

#include "ui/controller.hpp"
#include "ui/widgets.hpp"

namespace saccade {

struct Rect {
    ImVec2 at, size;
};

/// Where everything stands for a window of this size, in screen px: nothing overlaps at any size. Below 1280
/// logical px the inspector is a drawer, for which the stage makes room (all of it, where little would be left of either);
/// below 1000 the gallery shows initials.
struct Layout {
    Rect top, gallery, stage, inspector, status;
    bool drawer = false, narrow_gallery = false;
};
Layout layout_window(float width, float height, float scale, bool drawer_open);

// Panels: functions over the state. Each draws one part and calls the controller.
void top_bar(const Ui& ui, AppState& state, Controller& act, const Layout& layout);
void gallery(const Ui& ui, AppState& state, Controller& act, const Layout& layout);
void stage(const Ui& ui, AppState& state, Controller& act, const Layout& layout);
void inputs(const Ui& ui, AppState& state, Controller& act);
/// The tokens that look (exhibit/token_row.hpp), to be clicked. `title_width`: of what stands before fields, px.
void token_row(const Ui& ui, AppState& state, Controller& act, float title_width);
/// A picture parameter: where it comes from, what it is; and below it the scene maker's bar, while that is open.
void picture_row(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ParamSpec& spec);
void scene_bar(const Ui& ui, AppState& state, Controller& act);
/// The matrix parameters, as grids to type in; and how high they will be in this width.
void matrices(const Ui& ui, AppState& state, Controller& act);
float matrices_height(const Ui& ui, const AppState& state, float width);
/// The field that finds tokens, while it is open.
void search_bar(const Ui& ui, AppState& state, Controller& act);
void banners(const Ui& ui, AppState& state, Controller& act);
void transport(const Ui& ui, AppState& state, Controller& act, const Rect& place);
void inspector(const Ui& ui, AppState& state, Controller& act, const Layout& layout);
/// The most probable classes of the run as bars, beside what they were without interventions.
void class_bars(const Ui& ui, AppState& state, Controller& act);
void explained_cell(const Ui& ui, AppState& state, Controller& act);
/// The exhibit's choices, toggles and numbers, made from their specs alone.
void params_panel(const Ui& ui, AppState& state, Controller& act);
/// Heads, patterns and masks by hand, the list of interventions, and their effects.
/// In the top bar: "2 changes", and under it their list with what came of them.
void changes_button(const Ui& ui, AppState& state, Controller& act, const std::string& text, float width);
void hand_panel(const Ui& ui, AppState& state, Controller& act);
void lesson_panel(const Ui& ui, AppState& state, Controller& act);
/// In its place, while a lesson is written (ui/lesson_editor.hpp).
void edit_lesson(const Ui& ui, AppState& state, Controller& act);
/// Below that, where it does not scroll away: is it saved, undo, save; 0 high while no lesson is written.
float edit_lesson_bar_height(const Ui& ui, AppState& state, Controller& act, float width);
void edit_lesson_bar(const Ui& ui, AppState& state, Controller& act, const Rect& place);
void training_panel(const Ui& ui, AppState& state, Controller& act);
/// In place of all of these while it is on: the stage above the current point of the lesson.
void present(const Ui& ui, AppState& state, Controller& act);
/// In place of its stage, and of the window's, while a lesson's scene asks: the row's matrix, the row covered, and the bars of
/// the guess.
void question_stage(const Ui& ui, AppState& state, Controller& act, const Rect& place);
/// In its place, too, while a row is played number by number.
void slow_stage(const Ui& ui, AppState& state, Controller& act, const Rect& place);
void status_bar(const Ui& ui, AppState& state, const Layout& layout);
/// The figure desk (ui/desk.hpp), over the whole window, while it is open; and its column of choices.
void figure_desk(const Ui& ui, AppState& state, Controller& act);
void desk_choices(const Ui& ui, AppState& state, Controller& act);
/// What comes of the choices, in true numbers; or what does not fit.
void desk_outcome(const Ui& ui, AppState& state, Controller& act);
void desk_panels(const Ui& ui, AppState& state, Controller& act);
/// All exhibits as pictures (ui/exhibit_pictures.hpp), over the whole window, while that is open.
void exhibits_page(const Ui& ui, AppState& state, Controller& act);
void dialogs(const Ui& ui, AppState& state, Controller& act);
/// What lies below is dimmed, and takes no clicks: true if it was clicked.
bool scrim(const Ui& ui, const char* id, ImVec2 at, ImVec2 size);
/// A window over all of the screen, of which nothing else is drawn or pointed at; its size. End() belongs to it.
ImVec2 begin_page(AppState& state, const char* id);
/// The step of the tour that is shown, over all of the window.
void tour(const Ui& ui, AppState& state, Controller& act, const Layout& layout);
/// What the first scene says, below the stage of this width; its height is 0 where it is not shown.
float first_scene_height(const Ui& ui, const AppState& state, const Controller& act, float width);
void first_scene_band(const Ui& ui, AppState& state, Controller& act, const Rect& place);
/// A window in the middle that goes away by Esc, if it is uppermost, or a click beside it. Never higher than the screen: what
/// is longer scrolls. True while it is open: then ImGui::End() ends it.
bool begin_dialog(const Ui& ui, AppState& state, Layer layer, const char* id, bool& open, float width);
/// The list of what was changed, to go back by.
void history_dialog(const Ui& ui, AppState& state, Controller& act);
/// For a file to open or a name to save under: the desktop's own dialog, or a field with the folder below.
void path_prompt(const Ui& ui, AppState& state, Controller& act);

/// A result that is being recomputed dims after 100 ms, never flickers; one that does not answer the inputs stays dimmed.
bool is_dimmed(const Side& side);
/// Where ImGui's last item stands, for tests.
void note_place(AppState& state, const std::string& name);
/// "8 s", "2 min 05 s".
std::string time_text(double seconds);
/// "score dot · temperature 2": the settings of a side in which it differs from the other; "same settings".
std::string settings_apart(const AppState& state, std::size_t side);

}  // namespace saccade
