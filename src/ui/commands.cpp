#include "ui/commands_parts.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>

#include "base/translate.hpp"
#include "run/language.hpp"
#include "ui/cards.hpp"
#include "ui/held.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/token_search.hpp"

namespace saccade {

namespace {

constexpr double shape_step = 0.02;  // of the picture
constexpr double scale_step = 0.1;
constexpr double zoom_step = 1.25, pan_step = 0.25;  // of the positions that are shown

struct NamedKey {
    const char* name;
    int (*pressed)(bool repeat);  // how often in this frame; with what a key that is held down repeats, if it does
};

/// Beside letters and digits.
constexpr std::array named_keys = {
    NamedKey{"←", [](bool repeat) { return compat::key_pressed(ImGuiKey_LeftArrow, repeat) ? 1 : 0; }},
    NamedKey{"→", [](bool repeat) { return compat::key_pressed(ImGuiKey_RightArrow, repeat) ? 1 : 0; }},
    NamedKey{"↑", [](bool repeat) { return compat::key_pressed(ImGuiKey_UpArrow, repeat) ? 1 : 0; }},
    NamedKey{"↓", [](bool repeat) { return compat::key_pressed(ImGuiKey_DownArrow, repeat) ? 1 : 0; }},
    NamedKey{"+", [](bool) { return compat::plain_key_pressed(compat::PlainKey::plus); }},
    NamedKey{"−", [](bool) { return compat::plain_key_pressed(compat::PlainKey::minus); }},
    NamedKey{"[", [](bool) { return compat::sign_typed(compat::PlainKey::opening_bracket); }},
    NamedKey{"]", [](bool) { return compat::sign_typed(compat::PlainKey::closing_bracket); }},
    NamedKey{".", [](bool) { return compat::sign_typed(compat::PlainKey::dot); }},
    NamedKey{"Space", [](bool) { return compat::key_pressed(ImGuiKey_Space, false) ? 1 : 0; }},
    NamedKey{"Del", [](bool) { return compat::key_pressed(ImGuiKey_Delete, false) ? 1 : 0; }},
    NamedKey{"Home", [](bool) { return compat::key_pressed(ImGuiKey_Home, false) ? 1 : 0; }},
    NamedKey{"PageUp", [](bool) { return compat::key_pressed(ImGuiKey_PageUp, false) ? 1 : 0; }},
    NamedKey{"PageDown", [](bool) { return compat::key_pressed(ImGuiKey_PageDown, false) ? 1 : 0; }},
    NamedKey{"F5", [](bool) { return compat::plain_key_pressed(compat::PlainKey::f5); }},
    NamedKey{"Esc", [](bool) { return compat::key_pressed(ImGuiKey_Escape, false) ? 1 : 0; }},
    NamedKey{"F1", [](bool) { return compat::plain_key_pressed(compat::PlainKey::f1); }}};

const NamedKey* named(const std::string& key) {
    const auto* found =
        std::find_if(named_keys.begin(), named_keys.end(), [&](const NamedKey& named) { return key == named.name; });
    return found == named_keys.end() ? nullptr : &*found;
}

bool is_letter_or_digit(const std::string& key) {
    return key.size() == 1 && ((key[0] >= 'A' && key[0] <= 'Z') || (key[0] >= '0' && key[0] <= '9'));
}

/// How often; fast fingers type a sign twice in a frame. In Present nothing repeats: a held key would run through the lesson.
int presses(const Chord& chord, bool repeat) {
    const ImGuiIO& io = ImGui::GetIO();
    // Where + stands on a keyboard, Shift may be needed to reach it; for a bracket AltGr.
    const bool bracket = chord.key == "[" || chord.key == "]";
    const bool any_shift = bracket || chord.key == "+" || chord.key == "−";
    if (!bracket && (io.KeyCtrl != chord.ctrl || io.KeyAlt != chord.alt)) return 0;
    if (io.KeyShift != chord.shift && !any_shift) return 0;
    const NamedKey* key = named(chord.key);
    return key != nullptr ? key->pressed(repeat) : compat::letter_pressed(chord.key[0]) ? 1 : 0;
}

// --- the table ---

using Heard = Command::Heard;
using Kind = PathPrompt::Kind;

bool has_picture(const AppState& state, Controller&) {
    return image_param_of(state.document.exhibit()) != nullptr;
}
bool offers_scenes(const AppState& state, Controller& act) {
    return has_picture(state, act) && !picture_samples(*image_param_of(state.document.exhibit())).empty();
}
bool has_scene(const AppState& state, Controller& act) {
    return act.scenes().scene(state.document.focus) != nullptr;
}
bool shows_part(const AppState&, Controller& act) {
    return act.part().is_cut();
}
bool comparing(const AppState& state, Controller&) {
    return state.document.comparing;
}
bool has_changes(const AppState& state, Controller&) {
    return !state.document.side().request.interventions.empty();
}
bool holds_block(const AppState& state, Controller&) {
    return held_block(state).has_value();
}
bool has_lesson(const AppState& state, Controller&) {
    return !state.document.exhibit().lesson.empty();
}
bool plays_file(const AppState& state, Controller&) {
    return state.lesson.file != nullptr;
}
bool has_training(const AppState& state, Controller&) {
    return !state.document.exhibit().training_task.empty();
}

std::function<void(AppState&, Controller&)> prompt(Kind kind, std::string path = {}) {
    return [kind, path = std::move(path)](AppState& state, Controller&) { state.prompt = {kind, path, ""}; };
}

/// What has no place in the palette: one would have to open it for each press.
void add_keys(std::vector<Command>& all) {
    const auto add = [&](const char* title, const char* chord, std::function<void(AppState&, Controller&)> run,
                         Heard heard = Heard::on_stage) {
        all.push_back({title, chord, {}, std::move(run), heard, false});
    };
    add(
        msg("search or run a command"), "Ctrl K",
        [](AppState& state, Controller&) {
            state.palette_open = !state.palette_open;
            state.help_open = state.history_open = false;
        },
        Heard::anywhere);
    const auto step = [](Index by) {
        return [by](AppState&, Controller& act) {
            act.stage().set_step(act.stage().current_step() + by);
            act.part().reveal_selected();
        };
    };
    add(msg("output step"), "←", step(-1));
    add(msg("output step"), "→", step(1));
    const auto move = [](Index rows, Index columns) {
        return [rows, columns](AppState&, Controller& act) {
            act.stage().move_selection(rows, columns);
            act.part().reveal_selected();
        };
    };
    add(msg("move the selected cell"), "Shift ←", move(0, -1));
    add(msg("move the selected cell"), "Shift →", move(0, 1));
    add(msg("move the selected cell"), "Shift ↑", move(-1, 0));
    add(msg("move the selected cell"), "Shift ↓", move(1, 0));
    const char* const raise = msg("raise or lower the selected weight or gate");
    add(raise, "+", [](AppState&, Controller& act) { act.hand().nudge_selected(nudge); });
    add(raise, "−", [](AppState&, Controller& act) { act.hand().nudge_selected(-nudge); });
    // To where the hand would drag a shape, or see more of a map.
    const auto shift = [](double x, double y) {
        return [x, y](AppState& state, Controller& act) {
            if (has_scene(state, act))
                act.scenes().nudge_shape(x * shape_step, y * shape_step);
            else
                act.part().pan_selected(x * pan_step, y * pan_step);
        };
    };
    const char* const shifts = msg("move the selected shape of a scene, or the part of a map that is shown");
    add(shifts, "Alt ←", shift(-1, 0));
    add(shifts, "Alt →", shift(1, 0));
    add(shifts, "Alt ↑", shift(0, -1));
    add(shifts, "Alt ↓", shift(0, 1));
}

/// Of the map of the selected cell, as the wheel does it under the mouse.
void add_parts(std::vector<Command>& all) {
    const auto zoom = [](double factor) { return [factor](AppState&, Controller& act) { act.part().zoom_selected(factor); }; };
    all.push_back({msg("Zoom into the map"), "Alt +", {}, zoom(1 / zoom_step), Heard::on_stage});
    all.push_back({msg("Zoom out of the map"), "Alt −", shows_part, zoom(zoom_step), Heard::on_stage});
}

void add_files_and_pictures(std::vector<Command>& all) {
    all.push_back({msg("Open …"), "Ctrl O", {}, prompt(Kind::open)});
    all.push_back({msg("Open a picture …"), {}, has_picture, prompt(Kind::open_picture)});
    all.push_back({msg("Scene maker"), {}, offers_scenes, [](AppState&, Controller& act) { act.toggle_scene_maker(); }});
    all.push_back({msg("Next shape"), "N", has_scene, [](AppState&, Controller& act) { act.scenes().select_next_shape(); },
                   Heard::on_stage});
    all.push_back(
        {msg("Duplicate the shape"), {}, has_scene, [](AppState&, Controller& act) { act.scenes().duplicate_shape(); }});
    all.push_back({msg("Delete the shape"), "Del", has_scene, [](AppState&, Controller& act) { act.scenes().delete_shape(); },
                   Heard::on_stage});
    all.push_back({msg("Random scene"), {}, has_scene, [](AppState&, Controller& act) { act.scenes().random(); }});
    all.push_back({msg("Save the scene as PNG …"), {}, has_scene, prompt(Kind::save_picture, "scene.png")});
    const auto paste = [](AppState&, Controller& act) {
        const char* text = ImGui::GetClipboardText();
        act.files().paste(text != nullptr ? text : "");
    };
    all.push_back({msg("Paste a picture, or the path of a file"), "Ctrl V", {}, paste, Heard::on_stage});
    all.push_back({msg("Save the session …"), "Ctrl S", {}, [](AppState& state, Controller&) {
                       const std::string& own = state.document.file.path;
                       state.prompt = {Kind::save_session, own.empty() ? "session.saccade" : own, ""};
                   }});
    // A row that is covered is covered in figures, too.
    const auto uncovered = [](const AppState&, Controller& act) { return !act.lesson().covered(); };
    all.push_back({msg("Export …"), "Ctrl E", uncovered, [](AppState& state, Controller&) { state.desk.open = true; }});
}

void add_runs(std::vector<Command>& all) {
    all.push_back({msg("Redo"), "Ctrl Y", {}, [](AppState&, Controller& act) { act.redo(); }, Heard::outside_dialogs, false});
    all.push_back({msg("Undo"), "Ctrl Z", {}, [](AppState&, Controller& act) { act.undo(); }, Heard::outside_dialogs});
    all.push_back({msg("Redo"), "Ctrl Shift Z", {}, [](AppState&, Controller& act) { act.redo(); }, Heard::outside_dialogs});
    all.push_back({msg("History"), "Ctrl H", {}, [](AppState& state, Controller&) {
                       state.history_open = !state.history_open;
                       state.palette_open = state.help_open = false;
                   }});
    all.push_back({msg("Compare: A beside B"), "Ctrl B", {}, [](AppState&, Controller& act) { act.comparison().toggle(); }});
    all.push_back(
        {msg("Settings of A"), "Ctrl 1", comparing, [](AppState&, Controller& act) { act.comparison().focus_on(0); }});
    all.push_back(
        {msg("Settings of B"), "Ctrl 2", comparing, [](AppState&, Controller& act) { act.comparison().focus_on(1); }});
    all.push_back({msg("Swap A and B"), {}, comparing, [](AppState&, Controller& act) { act.comparison().swap(); }});
    all.push_back(
        {msg("Cancel the run"), "Esc", {}, [](AppState&, Controller& act) { act.runs().cancel(); }, Heard::outside_dialogs});
    all.push_back({msg("Lesson"), "Ctrl L", has_lesson, [](AppState&, Controller& act) { act.toggle_lesson(); }});
    all.push_back({msg("Lesson: make it so, as the scene has it"), {}, scene_changed, [](AppState&, Controller& act) {
                       act.lesson().make_it_so();
                   }});
    all.push_back(
        {msg("Lesson: record what is shown as a scene"), {}, {}, [](AppState&, Controller& act) { act.editor().record(); }});
    all.push_back({msg("Lesson: close its file"), {}, plays_file, [](AppState&, Controller& act) { act.lesson().close(); }});
    all.push_back({msg("Start this exhibit afresh"), {}, {}, [](AppState&, Controller& act) { act.start_afresh(); }});
    all.push_back({msg("Ablate the selected head, row or channel, or undo that"),
                   {},
                   holds_block,
                   [](AppState& state, Controller& act) {
                       if (const auto block = held_block(state)) act.hand().toggle_ablation(*block);
                   },
                   Heard::anywhere,
                   true,
                   {msg("switch off"), msg("turn off"), msg("silence"), msg("remove a head")}});
    all.push_back({msg("Changes by hand"), {}, has_changes, [](AppState& state, Controller&) { state.changes_asked = true; }});
    all.push_back(
        {msg("Remove all interventions"), {}, {}, [](AppState&, Controller& act) { act.hand().clear_interventions(); }});
    all.push_back({msg("Play or pause the decoding"),
                   "Space",
                   {},
                   [](AppState&, Controller& act) { act.stage().toggle_play(); },
                   Heard::on_stage});
    all.push_back({msg("Find a token …"), "Ctrl F", {}, [](AppState& state, Controller&) { open_search(state); }});
    all.push_back({msg("Show all of a map"), "Home", shows_part, [](AppState&, Controller& act) { act.part().show_all(); },
                   Heard::on_stage});
    all.push_back({msg("Next colour scale"), {}, {}, [](AppState&, Controller& act) { act.cycle_scale(); }});
    all.push_back({msg("Train from scratch"), {}, has_training, [](AppState&, Controller& act) { act.training().start(); }});
}

void add_window(std::vector<Command>& all) {
    const auto scale = [](double by) { return [by](AppState& state, Controller& act) { change_scale(state, act, by); }; };
    all.push_back({msg("Present"), "F5",
                   [](const AppState& state, Controller&) { return !state.desk.open && !state.exhibit_page.open; },
                   start_presenting, Heard::outside_dialogs});
    all.push_back({msg("Light or dark"), "Ctrl T", {}, [](AppState&, Controller& act) { act.toggle_theme(); }});
    for (const Language& one : languages())
        all.push_back({"Language: " + one.name,
                       {},
                       [id = one.id](const AppState& state, Controller&) { return state.view.window_language != id; },
                       [id = one.id](AppState& state, Controller& act) {
                           state.view.window_language_chosen = true;
                           act.set_language(id);
                       }});
    all.push_back({msg("Larger"), "Ctrl +", {}, scale(scale_step), Heard::everywhere});
    all.push_back({msg("Smaller"), "Ctrl −", {}, scale(-scale_step), Heard::everywhere});
    all.push_back({msg("Normal size"), "Ctrl 0", {}, reset_scale, Heard::everywhere});
    all.push_back({msg("Inspector"), "Ctrl I", {}, [](AppState& state, Controller&) {
                       state.inspector_drawer = !state.inspector_drawer;
                   }});
    all.push_back({msg("Keyboard"),
                   "F1",
                   {},
                   [](AppState& state, Controller&) {
                       state.help_open = !state.help_open;
                       state.palette_open = state.history_open = false;
                   },
                   Heard::everywhere});
    all.push_back({msg("Quit"), "Ctrl Q", {}, [](AppState&, Controller& act) { act.quit(); }});
}

bool dialog_open(const AppState& state) {
    return state.leaving || state.lesson.closing || state.asking.open || state.palette_open || state.history_open ||
           state.desk.open || state.exhibit_page.open || state.prompt.kind != Kind::none;
}

/// Has neither a field nor a cell of a matrix the keyboard?
bool nothing_typed(const AppState& state) {
    return !ImGui::GetIO().WantTextInput && state.document.matrix.param.empty();
}

bool is_of_tour(const Chord& chord) {
    const std::vector<Command>& all = commands();
    return std::ranges::any_of(all, [&](const Command& c) { return c.heard == Heard::touring && c.chord == chord; });
}

bool heard(const Command& command, const AppState& state, bool presenting) {
    if (presenting)
        return heard_in_present(command) && (command.heard == Heard::everywhere || (!state.help_open && !dialog_open(state)));
    if (command.heard == Heard::presenting) return false;
    if (command.chord.key == "Esc") return state.escape == Layer::run;
    // A button that has the focus is pressed by it, a slider moved.
    if (command.chord.key == "Space" && state.button_focused) return false;
    if ((command.chord.key == "←" || command.chord.key == "→") && state.arrows_taken) return false;
    const bool touring = top_layer(state, state.menu_open, false) == Layer::tour;
    if (command.heard == Heard::touring) return touring && nothing_typed(state);
    if (touring && command.heard == Heard::on_stage && is_of_tour(command.chord)) return false;
    if (command.heard == Heard::anywhere || command.heard == Heard::everywhere) return true;
    if (dialog_open(state)) return false;
    if (command.heard == Heard::outside_dialogs) return true;
    return nothing_typed(state);
}

/// "← →", "Shift + arrows", "Ctrl O".
std::string text_of(const std::vector<Chord>& chords) {
    const auto is_arrow = [](const Chord& chord) { return std::string("←→↑↓").find(chord.key) != std::string::npos; };
    if (chords.size() == 4 && std::ranges::all_of(chords, is_arrow)) {
        Chord arrows = chords.front();
        arrows.key = tr("+ arrows");
        return to_string(arrows);
    }
    std::string text;
    for (const Chord& chord : chords) text += (text.empty() ? "" : " ") + to_string(chord);
    return text;
}

}  // namespace

Chord::Chord(const char* text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == "Ctrl")
            ctrl = true;
        else if (word == "Shift")
            shift = true;
        else if (word == "Alt")
            alt = true;
        else if (key.empty() && (is_letter_or_digit(word) || named(word) != nullptr))
            key = word;
        else
            throw Error(ErrorCode::invalid_input, std::string("no such keys: ") + text);
    }
}

std::string to_string(const Chord& chord) {
    return std::string(chord.ctrl ? "Ctrl " : "") + (chord.shift ? "Shift " : "") + (chord.alt ? "Alt " : "") + chord.key;
}

const std::vector<Command>& commands() {
    static const std::vector<Command> table = [] {
        std::vector<Command> all;
        add_keys(all);
        add_parts(all);
        add_files_and_pictures(all);
        add_runs(all);
        add_window(all);
        add_tour(all);
        add_presenting(all);
        return all;
    }();
    return table;
}

bool heard_in_present(const Command& command) {
    return command.heard == Heard::presenting || command.heard == Heard::everywhere;
}

void run_keys(AppState& state, Controller& act) {
    const bool presenting = state.present.on;  // the key that starts it does not end it
    if (presenting && state.present.blank != Presentation::Blank::none) {
        if (compat::any_key_pressed()) state.present.blank = Presentation::Blank::none;
        return;
    }
    for (const Command& command : commands())
        for (int left = command.chord.key.empty() ? 0 : presses(command.chord, !presenting);
             left > 0 && heard(command, state, presenting) && command.available(state, act); --left)
            command.run(state, act);
}

std::vector<KeyLine> key_lines(const std::vector<Command>& of) {
    std::vector<KeyLine> lines;
    lines.push_back({"Tab, Shift Tab", msg("next, previous field, button or claim of a lesson; Enter presses it")});
    const auto add = [&](bool in_palette, bool presenting) {
        std::vector<Chord> chords;
        for (std::size_t i = 0; i < of.size(); ++i) {
            const Command& command = of[i];
            if (command.chord.key.empty() || command.in_palette != in_palette ||
                (command.heard == Heard::presenting) != presenting)
                continue;
            chords.push_back(command.chord);
            if (i + 1 < of.size() && of[i + 1].title == command.title) continue;
            lines.push_back({text_of(chords), command.title});
            chords.clear();
        }
    };
    add(false, false);
    lines.push_back({"Esc", msg("close a menu or a dialog, leave a field, end Present; all views again")});
    add(true, false);
    add(false, true);
    return lines;
}

}  // namespace saccade
