#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/path_text.hpp"
#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/recent.hpp"

namespace saccade {

namespace {

constexpr float row_height = 24, preview_width = 150;  // logical px
constexpr int most_rows = 9;

const char* title_of(PathPrompt::Kind kind) {
    const char* titles[] = {"",
                            msg("Open a session, lesson, picture, array, weights or model"),
                            msg("Save the session"),
                            msg("Save the model"),
                            msg("Save a checkpoint"),
                            msg("Load a checkpoint"),
                            msg("Open a picture: PNG, JPEG or WebP"),
                            msg("Save the scene as PNG"),
                            msg("Save the lesson")};
    return titles[static_cast<int>(kind)];
}

bool saves(PathPrompt::Kind kind) {
    using Kind = PathPrompt::Kind;
    return kind == Kind::save_session || kind == Kind::save_model || kind == Kind::save_checkpoint ||
           kind == Kind::save_picture || kind == Kind::save_lesson;
}

/// What was opened lately, below the field; true if one was chosen, whose path then stands in it.
bool chosen_recent(const Ui& ui, AppState& state, PathPrompt& prompt) {
    if (prompt.kind != PathPrompt::Kind::open || !prompt.matrix.empty() || state.recent.empty()) return false;
    label(ui, tr("Opened lately"), ui.theme.secondary, 13);
    bool chosen = false;
    for (const Recent& one : state.recent) {
        const std::string line = fmt::format("{}   {}", recent_title(one), tr(exhibit(one.exhibit).title));
        ui.fonts.need(line);
        if (ImGui::Selectable((line + "##" + one.path).c_str())) {
            prompt.path = one.path;
            chosen = true;
        }
        note_place(state, "lately " + one.path);
        if (ImGui::IsItemHovered()) tooltip(ui, one.path);
    }
    return chosen;
}

/// Models of Hugging Face's cache below the field; true if one was chosen, whose path then stands in it.
bool chosen_model(const Ui& ui, AppState& state, PathPrompt& prompt) {
    if (prompt.offered.empty()) {
        if (prompt.kind == PathPrompt::Kind::open && prompt.matrix.empty())
            paragraph(ui,
                      tr("No model is in Hugging Face's cache on this machine: name a folder with config.json and "
                         "model.safetensors."),
                      ui.theme.secondary);
        return false;
    }
    label(ui, tr("Models on this machine"), ui.theme.secondary, 13);
    const float row = ImGui::GetTextLineHeightWithSpacing();
    const auto shown = static_cast<float>(std::min<std::size_t>(prompt.offered.size(), 8));
    bool chosen = false;
    if (ImGui::BeginChild("models", ImVec2(0, row * shown + 4 * ui.s))) {
        for (const LocalCheckpoint& model : prompt.offered) {
            const std::string line = fmt::format("{}   {}", model.name, model.family);
            ui.fonts.need(line);
            if (ImGui::Selectable(line.c_str())) {
                prompt.path = text_of_path(model.path);
                chosen = true;
            }
            note_place(state, "model " + model.name);
            if (ImGui::IsItemHovered()) tooltip(ui, model.path);
        }
    }
    ImGui::EndChild();
    return chosen;
}

/// The picture that is named, and what is known of the file.
void preview(const Ui& ui, AppState& state, ImVec2 at, float height) {
    const FileBrowser& browser = state.browser;
    const float width = preview_width * ui.s;
    float y = at.y;
    if (!browser.preview.empty()) {
        const auto rows = static_cast<float>(browser.preview.shape()[0]),
                   columns = static_cast<float>(browser.preview.shape()[1]);
        const float scale = std::min(width / columns, (height - 40 * ui.s) / rows), w = columns * scale, h = rows * scale;
        Figure figure;
        figure.items.push_back(
            ImageItem{{0, 0, static_cast<double>(w / ui.s), static_cast<double>(h / ui.s)}, browser.preview});
        ui.canvas.draw(figure, {std::round(at.x), std::round(y)});
        state.places["file preview"] = {at.x, y, w, h};
        y += h + 6 * ui.s;
    }
    ImGui::SetCursorScreenPos({at.x, y});
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width);
    paragraph(ui, browser.told, ui.theme.secondary);
    ImGui::PopTextWrapPos();
}

/// The folder that the path stands in: a click on a folder goes there, one on a file puts it into the field, a second one takes
/// it. True if it was taken.
bool browse(const Ui& ui, AppState& state, PathPrompt& prompt) {
    FileBrowser& browser = state.browser;
    browser.follow(prompt.path);
    const float s = ui.s, room = ImGui::GetContentRegionAvail().x;
    const bool beside = !browser.told.empty() && room > 380 * s;
    const FolderListing& listing = browser.listing;
    label(ui, listing.folder == "." ? tr("In this folder") : tr("In {}", text_of_path(listing.folder)), ui.theme.secondary, 13,
          Font::ui, room);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const auto rows = static_cast<float>(std::clamp<int>(static_cast<int>(listing.entries.size()) + 1, 3, most_rows));
    const float height = rows * (row_height * s + ImGui::GetStyle().ItemSpacing.y),
                width = room - (beside ? (preview_width + 16) * s : 0);
    bool taken = false;
    const auto go = [&](const std::string& path) {
        prompt.path = path;
        prompt.problem.clear();
        state.document.reload_fields = true;
    };
    const std::string folder = listing.folder == "." ? "" : listing.folder;
    ImGui::BeginChild("folder", {width, height}, false);
    const auto row = [&](const std::string& name, const std::string& detail, const std::string& path) {
        const ImVec2 from = ImGui::GetCursorScreenPos();
        const bool clicked = ImGui::Selectable(("##" + name).c_str(), path_from_text(prompt.path) == path_from_text(path),
                                               ImGuiSelectableFlags_AllowDoubleClick, {0, row_height * s});
        ui.stop();
        note_place(state, "file " + name);
        const ImVec2 next = ImGui::GetCursorScreenPos();
        const float wide = width - 24 * s, right = detail.empty() ? 0 : 120 * s;
        ImGui::SetCursorScreenPos({from.x + 8 * s, from.y + 3 * s});
        label(ui, name, ui.theme.text, 15, Font::ui, wide - right);
        if (!detail.empty()) {
            ImGui::SetCursorScreenPos({from.x + wide - right + 8 * s, from.y + 4 * s});
            label(ui, detail, ui.theme.faint, 13, Font::ui, right);
        }
        ImGui::SetCursorScreenPos(next);
        return clicked;
    };
    if (folder != "/" && row("..", "", folder + "../"))
        go((folder.empty() || folder.ends_with("../") ? folder + "../"
                                                      : folder.substr(0, folder.find_last_of('/', folder.size() - 2) + 1)));
    for (const FolderEntry& entry : listing.entries) {
        const std::string path = text_of_path(folder) + entry.name + (entry.folder ? "/" : "");
        if (!row(entry.name + (entry.folder ? "/" : ""), entry.written, path)) continue;
        // Twice on this one: the first click may have been on the folder that stood here.
        const bool again = path_from_text(prompt.path) == path_from_text(path);
        taken = !entry.folder && again && ImGui::IsMouseDoubleClicked(0);
        go(path);
    }
    if (listing.entries.empty() && listing.problem.empty() && !browser.busy())
        paragraph(ui, tr("This folder is empty: go to another, or type a path."), ui.theme.secondary);
    if (!listing.problem.empty()) paragraph(ui, listing.problem, ui.theme.broken);
    if (listing.left_out > 0) paragraph(ui, tr("and {} more: type the name", listing.left_out), ui.theme.secondary);
    ImGui::EndChild();
    if (beside) {
        const ImVec2 after = ImGui::GetCursorScreenPos();
        preview(ui, state, {at.x + width + 16 * s, at.y}, height);
        ImGui::SetCursorScreenPos(after);
    }
    return taken;
}

/// The desktop's own dialog stands for the prompt. True while it does.
bool asked_natively(AppState& state, Controller& act) {
    PathPrompt& prompt = state.prompt;
    if (!state.file_dialog.is_open()) {
        if (prompt.asked_natively || !NativeFileDialog::available()) return false;
        prompt.asked_natively = true;  // once: what is wrong with the answer is said here
        try {
            state.file_dialog.open(tr(title_of(prompt.kind)), prompt.path, saves(prompt.kind));
        } catch (...) {
            return false;
        }
    }
    const std::optional<std::string> answer = state.file_dialog.take();
    if (!answer) return true;
    if (answer->empty()) {
        prompt = {};
        return true;
    }
    prompt.path = text_of_path(*answer);
    // It has asked already whether a file may be replaced.
    if (saves(prompt.kind)) prompt.may_replace = {*answer, stamp_of(*answer)};
    act.files().answer_prompt();
    return prompt.kind == PathPrompt::Kind::none;
}

}  // namespace

void path_prompt(const Ui& ui, AppState& state, Controller& act) {
    PathPrompt& prompt = state.prompt;
    if (prompt.kind == PathPrompt::Kind::none) {
        if (state.file_dialog.is_open()) state.file_dialog.close();
        return;
    }
    const bool native = asked_natively(state, act);
    if (prompt.kind == PathPrompt::Kind::none) return;
    bool open = true;
    if (!begin_dialog(ui, state, Layer::prompt, "path dialog", open, native ? 420 : 620)) return;
    label(ui, tr(title_of(prompt.kind)), ui.theme.text, 19);
    if (native) {
        paragraph(ui, tr("The desktop's own dialog is open."), ui.theme.secondary, 15);
        if (button(ui, "own", tr("Type the path here"))) state.file_dialog.close();
        note_place(state, "own dialog");
        ImGui::SameLine();
        if (button(ui, "cancel", tr("Cancel"))) open = false;
        ImGui::End();
        if (!open) prompt = {};
        return;
    }
    if (std::exchange(prompt.refused, false)) ImGui::SetKeyboardFocusHere();
    if (ImGui::IsWindowAppearing()) {
        ImGui::SetKeyboardFocusHere();
        if (prompt.kind == PathPrompt::Kind::open && prompt.matrix.empty()) prompt.offered = local_checkpoints();
    }
    ImGui::SetNextItemWidth(-1);
    const bool entered = field(ui, "##path", prompt.path, "", true, state.reload_now);
    ui.stop(true);
    note_place(state, "path");
    bool chosen = browse(ui, state, prompt);
    chosen = chosen_recent(ui, state, prompt) || chosen_model(ui, state, prompt) || chosen;
    if (!prompt.problem.empty()) paragraph(ui, prompt.problem, ui.theme.broken);
    const bool replaces = !prompt.may_replace.path.empty() && path_from_text(prompt.path) == prompt.may_replace.path;
    const bool done = button(ui, "ok", replaces ? tr("Replace") : "OK", ButtonKind::primary) || entered || chosen;
    note_place(state, "ok");
    ImGui::SameLine();
    if (button(ui, "cancel", tr("Cancel"))) open = false;
    ImGui::End();
    if (done) act.files().answer_prompt();
    if (!open) prompt = {};
}

}  // namespace saccade
