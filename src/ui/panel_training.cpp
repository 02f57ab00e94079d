#include <fmt/format.h>

#include <algorithm>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

void curves(const Ui& ui, const AppState& state) {
    const float s = ui.s;
    const float width = ImGui::GetContentRegionAvail().x;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = 240 * s;
    ViewState view_state;
    view_state.view = "curves";
    view_state.theme = state.view.theme;
    view_state.width = static_cast<double>(width / s);
    view_state.height = static_cast<double>(height / s);
    view_state.decorations = false;
    try {
        ui.canvas.draw(view("curves").layout(*state.document.training.curves, view_state, ScreenTextMeasure(ui.fonts)), at);
    } catch (const Error& error) {
        label(ui, shown_line(error), ui.theme.faint, 13, Font::ui, width);
    }
    ImGui::SetCursorScreenPos({at.x, at.y + height + 4 * s});
}

/// Goes back through the snapshots; the alignment on the stage is that of the snapshot.
void snapshots(const Ui& ui, AppState& state, Controller& act) {
    const std::vector<Index> steps = state.document.training.run->snapshot_steps();
    if (steps.size() < 2) return;
    const auto last = static_cast<double>(steps.size() - 1);
    double at = last;
    if (state.document.training.snapshot_step >= 0)
        at = static_cast<double>(std::upper_bound(steps.begin(), steps.end(), state.document.training.snapshot_step) -
                                 steps.begin() - 1);
    label(ui,
          state.document.training.snapshot_step < 0 ? tr("Snapshot: the newest")
                                                    : tr("Snapshot: step {}", state.document.training.snapshot_step),
          ui.theme.secondary, 13);
    if (slider(ui, "snapshots", at, 0, last, ImGui::GetContentRegionAvail().x)) {
        const auto i = static_cast<std::size_t>(at + 0.5);
        act.training().set_snapshot(i + 1 >= steps.size() ? -1 : steps[i]);
    }
    if (ImGui::IsItemHovered()) tooltip(ui, tr("Back through the training: the alignment of this sentence as it was then"));
}

}  // namespace

void training_panel(const Ui& ui, AppState& state, Controller& act) {
    const Theme& t = ui.theme;
    if (!state.document.training.run) {
        if (button(ui, "train", tr("Train from scratch"), ButtonKind::plain, 0,
                   tr("Watch the alignment of the current sentence emerge; the bundled model stays as it is")))
            act.training().start();
        return;
    }
    Training& training = *state.document.training.run;
    const Training::State now = training.state();
    const char* words[] = {msg("Training"), msg("Training paused"), msg("Training finished"), msg("Training stopped"),
                           msg("Training failed")};
    heading(ui, tr(words[static_cast<int>(now)]));
    std::string line = tr("step {} of {}", training.step(), training.total_steps());
    if (now == Training::State::running && training.step() > 0)
        line += " · " + tr("{} left", time_text(training.seconds_left()));
    label(ui, line, t.text, 13);
    if (const auto error = training.error()) paragraph(ui, shown_line(*error), t.broken);
    if (state.document.training.curves) curves(ui, state);
    snapshots(ui, state, act);
    if (now == Training::State::running && button(ui, "pause", tr("Pause"))) training.pause();
    if (now == Training::State::paused && button(ui, "resume", tr("Resume"), ButtonKind::primary)) training.resume();
    if (now == Training::State::running || now == Training::State::paused) {
        ImGui::SameLine();
        if (button(ui, "stop", tr("Stop"))) training.stop();
    } else if (button(ui, "again", tr("Train again"))) {
        return act.training().start();
    }
    ImGui::SameLine();
    if (button(ui, "more", tr("Save ▾"))) ImGui::OpenPopup("training_files");
    if (ImGui::BeginPopup("training_files")) {
        using Kind = PathPrompt::Kind;
        if (menu_line(ui, msg("Save the model …"))) state.prompt = {Kind::save_model, "my-dates.safetensors", {}};
        if (menu_line(ui, msg("Save a checkpoint …"))) state.prompt = {Kind::save_checkpoint, "training.checkpoint", {}};
        if (menu_line(ui, msg("Load a checkpoint …"))) state.prompt = {Kind::load_checkpoint, "training.checkpoint", {}};
        ImGui::EndPopup();
    }
    ImGui::SameLine();
    if (button(ui, "close", tr("Close"), ButtonKind::quiet, 0, tr("End it and go back to the bundled model")))
        act.training().close();
}

}  // namespace saccade
