#include <fmt/format.h>
#include "ui/imgui_stdlib_compat.hpp"

#include <algorithm>
#include <cmath>

#include "base/utf8.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

constexpr float gap = 12;

bool is_forced(const Exhibit& e, const ParamSpec& spec) {
    return spec.name == e.forced_param;
}

/// A field that is being typed in holds its own copy of the text: after undo, or when a file was opened, it takes the new one.
int reload_field(ImGuiInputTextCallbackData* data) {
    const std::string& text = *static_cast<const std::string*>(data->UserData);
    data->DeleteChars(0, data->BufTextLen);
    data->InsertChars(0, text.c_str());
    return 0;
}

/// What the model wrote, in the field by which it can be forced.
void show_written(const Ui& ui, const std::string& written, bool active, ImVec2 low, ImVec2 high) {
    const float s = ui.s;
    ImGui::SetCursorScreenPos({low.x + 12 * s, low.y + 7 * s});
    label(ui, written, active ? ui.theme.faint : ui.theme.text, 18, Font::ui, high.x - low.x - 24 * s);
    const float from = ImGui::GetItemRectMax().x + 12 * s;
    if (high.x - from < 80 * s) return;
    const double drop = ui.fonts.ascent(Font::ui) * (18 - 15);  // one baseline
    ImGui::SetCursorScreenPos({from, low.y + (7 + static_cast<float>(drop)) * s});
    label(ui, "free · click to force your own", ui.theme.faint, 15, Font::ui, high.x - from - 12 * s);
}

/// A text parameter as a field; what the model wrote stands in it, quietly, while it is free.
void text_field(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ParamSpec& spec) {
    const float s = ui.s;
    const float field_height = compat::font_size(*ui.fonts.face(Font::ui, 19)) + 14 * s;
    const ImVec2 row = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos({row.x, row.y + (field_height - compat::font_size(*ui.fonts.face(Font::ui, 15))) / 2});
    label(ui, spec.title, ui.theme.secondary, 15);
    ImGui::SetCursorScreenPos({row.x + 76 * s, row.y});
    std::string text = state.request.params.has(spec.name) ? state.request.params.text(spec.name) : std::string();
    const bool examples = !spec.examples.empty();
    const bool forced = is_forced(e, spec) && !text.empty();
    const float side = examples || is_forced(e, spec) ? 128 * s : 0;
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - side - (side > 0 ? 12 * s : 0));
    ImGui::PushFont(ui.fonts.face(Font::ui, 19));
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12 * s, 7 * s));
    ui.fonts.need(text);
    // What the model wrote stands in the field while it is free, drawn by hand: a hint has one colour.
    std::string written;
    if (is_forced(e, spec) && text.empty() && state.trace() != nullptr)
        if (const auto found = state.trace()->texts().find(e.output_text); found != state.trace()->texts().end())
            written = found->second;
    const std::string hint = written.empty() ? spec.placeholder : std::string();
    ui.fonts.need(hint);
    // Undo is the window's, so that it goes back through typing and dragging alike.
    std::string wanted = text;
    const ImGuiInputTextFlags flags =
        ImGuiInputTextFlags_NoUndoRedo | (state.reload_fields ? ImGuiInputTextFlags_CallbackAlways : 0);
    const bool changed = ImGui::InputTextWithHint(("##" + spec.name).c_str(), hint.c_str(), &text, flags,
                                                  state.reload_fields ? reload_field : nullptr, &wanted);
    const bool active = ImGui::IsItemActive();
    const ImVec2 low = ImGui::GetItemRectMin();
    const ImVec2 high = ImGui::GetItemRectMax();
    state.places[spec.name] = {low.x, low.y, high.x - low.x, high.y - low.y};
    if (active) ImGui::GetWindowDrawList()->AddRect(low, high, ui.color(ui.theme.accent), 8 * s);
    ImGui::PopStyleVar();
    ImGui::PopFont();
    if (!written.empty() && text.empty()) show_written(ui, written, active, low, high);
    if (ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(low, high) && !ImGui::GetIO().WantTextInput)
        tooltip(ui, spec.help);
    ImGui::SetCursorScreenPos({row.x, row.y});
    ImGui::Dummy({high.x - row.x, field_height});
    if (changed) {
        ui.fonts.need(text);
        act.set_param(spec.name, sanitize_utf8(text));
    }
    if (examples) {
        ImGui::SameLine(0, 12 * s);
        if (button(ui, ("examples_" + spec.name).c_str(), "Example ▾", ButtonKind::plain, 128 * s, "Inputs worth a look",
                   field_height))
            ImGui::OpenPopup(("menu_" + spec.name).c_str());
        if (ImGui::BeginPopup(("menu_" + spec.name).c_str())) {
            for (const std::string& example : spec.examples) {
                ui.fonts.need(example);
                if (ImGui::Selectable(example.c_str())) {
                    act.set_param(spec.name, example);
                    state.reload_fields = true;
                }
            }
            ImGui::EndPopup();
        }
    } else if (is_forced(e, spec)) {
        ImGui::SetCursorScreenPos({high.x + 12 * s, row.y});
        if (forced) {
            if (button(ui, "free", "Free again", ButtonKind::plain, 128 * s, "Let the decoder choose its output",
                       field_height)) {
                act.set_param(spec.name, std::string());
                state.reload_fields = true;
            }
        } else {
            ImGui::SetCursorScreenPos(
                {high.x + 12 * s, row.y + (field_height - compat::font_size(*ui.fonts.face(Font::ui, 13))) / 2});
            label(ui, "greedy decoding", ui.theme.faint, 13);
        }
    }
    ImGui::SetCursorScreenPos({row.x, row.y + field_height + 10 * s});
}

ViewState view_state(const AppState& state, const Exhibit& e, const ViewPlacement& placement, const Ui& ui, ImVec2 size) {
    ViewState view;
    view.view = placement.view;
    view.tensor = placement.tensor;
    view.selected = state.stage.selected;
    view.hovered = state.stage.hovered;
    view.step = state.stage.step;
    view.step_axis = e.step_axis;
    view.theme = state.stage.theme;
    view.scale = state.stage.scale;
    view.width = static_cast<double>(size.x / ui.s);
    view.height = static_cast<double>(size.y / ui.s);
    view.decorations = false;
    return view;
}

void note_grid(const Ui& ui, AppState& state, const Figure& figure, ImVec2 origin) {
    for (const HitRegion& region : figure.regions) {
        if (!region.editable || region.row_axis < 0 || region.col_axis < 0 || region.cols < 2) continue;
        const auto px = [&](double v) { return static_cast<float>(v) * ui.s; };
        state.places["heatmap"] = {origin.x + px(region.box.x), origin.y + px(region.box.y), px(region.box.w),
                                   px(region.box.h)};
        state.grid = {region.rows, region.cols};
    }
}

/// Hover, click and drag on a figure.
void interact(const Ui& ui, AppState& state, Controller& act, const Figure& figure, ImVec2 origin, ImVec2 size,
              const std::string& id) {
    ImGui::SetCursorScreenPos(origin);
    ImGui::InvisibleButton(id.c_str(), size);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (ImGui::IsItemActive() && state.drag.active) {
        act.drag_weight(mouse.y, 160 * ui.s);
        ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
        tooltip(ui, "drag up or down; the row keeps its sum of 1");
        return;
    }
    if (!ImGui::IsItemHovered()) return;
    const std::optional<Hit> hit =
        figure.hit({static_cast<double>((mouse.x - origin.x) / ui.s), static_cast<double>((mouse.y - origin.y) / ui.s)});
    if (!hit) return act.hover({});
    act.hover(hit->ref);
    if (ImGui::IsItemClicked()) {
        act.select(hit->ref);
        if (hit->editable) act.begin_weight_drag(hit->ref, mouse.y);
    }
    const TraceTensor* tensor = state.trace()->find(hit->ref.tensor);
    if (tensor == nullptr) return;
    std::string text = tensor->info.title.empty() ? tensor->info.name : tensor->info.title;
    bool whole = hit->ref.index.size() == tensor->info.axes.size();
    for (std::size_t a = 0; a < hit->ref.index.size() && a < tensor->info.axes.size(); ++a) {
        if (hit->ref.index[a] < 0) {
            whole = false;
            continue;
        }
        text += fmt::format("\n{} {}: {}", tensor->info.axes[a]->name, hit->ref.index[a],
                            tensor->info.axes[a]->label(hit->ref.index[a]));
    }
    if (whole) text += fmt::format("\n{:.4f}{}", tensor->values.at(hit->ref.index), hit->editable ? "   drag to change" : "");
    tooltip(ui, text);
}

void card(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ViewPlacement& placement, const Rect& place,
          int number) {
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    card_ground(ui, place.at, high);
    const ImVec2 inner(place.at.x + 14 * s, place.at.y + 38 * s);
    const ImVec2 size(place.size.x - 28 * s, place.size.y - 50 * s);
    std::string title, subtitle, problem;
    if (size.x > 40 * s && size.y > 30 * s && state.trace() != nullptr) {
        try {
            const View& v = view(placement.view);
            const Figure figure =
                v.layout(*state.trace(), view_state(state, e, placement, ui, size), ScreenTextMeasure(ui.fonts));
            title = figure.title.empty() ? v.title() : figure.title;
            subtitle = figure.subtitle;
            list.PushClipRect(place.at, high, true);
            ui.canvas.draw(figure, inner);
            list.PopClipRect();
            note_grid(ui, state, figure, inner);
            interact(ui, state, act, figure, inner, size, fmt::format("card{}", number));
        } catch (const Error& error) {
            problem = error.line();
        }
    }
    ImGui::SetCursorScreenPos({place.at.x + 14 * s, place.at.y + 12 * s});
    label(ui, title.empty() ? view(placement.view).title() : title, ui.theme.secondary, 13, Font::ui, size.x * 0.7f);
    if (!subtitle.empty()) {
        ImGui::SameLine(0, 10 * s);
        label(ui, subtitle, ui.theme.faint, 13, Font::ui,
              std::max(20 * s, place.at.x + place.size.x - ImGui::GetCursorScreenPos().x - 14 * s));
    }
    if (!problem.empty()) {
        ImGui::SetCursorScreenPos(inner);
        label(ui, problem, ui.theme.secondary, 13, Font::ui, size.x);
    }
    // A result that is being recomputed dims after 100 ms, never flickers; one that does not answer the inputs stays dimmed.
    const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - state.asked_at).count();
    if ((state.stale() && waited > 0.1 && state.trace() != nullptr) || (state.problem && state.trace() != nullptr))
        list.AddRectFilled(place.at, high, ui.color(with_alpha(ui.theme.background, 0.55)), 10 * s);
}

/// A handle between two cards that moves the share of the first.
void splitter(const Ui& ui, AppState& state, const std::string& key, double fallback, bool vertical, const Rect& place,
              float whole) {
    ImGui::SetCursorScreenPos(place.at);
    ImGui::InvisibleButton(("split" + key).c_str(), {std::max(1.0f, place.size.x), std::max(1.0f, place.size.y)});
    if (ImGui::IsItemHovered() || ImGui::IsItemActive())
        ImGui::SetMouseCursor(vertical ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    if (ImGui::IsItemActive() && whole > 0) {
        const auto entry = state.stage.shares.try_emplace(key, fallback).first;
        const ImVec2 delta = ImGui::GetIO().MouseDelta;
        entry->second = std::clamp(entry->second + static_cast<double>((vertical ? delta.x : delta.y) / whole), 0.15, 0.85);
    }
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) state.stage.shares.erase(key);
    static_cast<void>(ui);
}

double share(const AppState& state, const std::string& key, double fallback) {
    const auto found = state.stage.shares.find(key);
    return found == state.stage.shares.end() ? fallback : found->second;
}

/// The views that a stage of this size can show readably: a low one keeps its main row, a narrow one the first of each row.
std::vector<ViewPlacement> views_that_fit(const Ui& ui, const Exhibit& e, ImVec2 size) {
    std::vector<ViewPlacement> fitting;
    const auto main = std::max_element(e.views.begin(), e.views.end(),
                                       [](const ViewPlacement& a, const ViewPlacement& b) { return a.height < b.height; });
    for (const ViewPlacement& v : e.views) {
        if (size.y < 300 * ui.s && v.row != main->row) continue;
        const bool first = std::none_of(fitting.begin(), fitting.end(), [&](const auto& other) { return other.row == v.row; });
        if (size.x >= 460 * ui.s || first) fitting.push_back(v);
    }
    if (size.y < 300 * ui.s)
        for (ViewPlacement& v : fitting) v.row = 0;
    return fitting;
}

/// The exhibit's cards, row by row.
void cards(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place) {
    const float g = gap * ui.s;
    const std::vector<ViewPlacement> views = views_that_fit(ui, e, place.size);
    const bool two_rows = std::any_of(views.begin(), views.end(), [](const ViewPlacement& v) { return v.row > 0; });
    const std::string row_key = e.id + "/rows";
    const float free_height = place.size.y - (two_rows ? g : 0);
    const double first = two_rows ? share(state, row_key, static_cast<double>(views.front().height)) : 1.0;
    // A low window gives the first row what it needs to be read, if the second can spare it.
    const float height0 =
        std::max(free_height * static_cast<float>(first), two_rows ? std::min(150 * ui.s, free_height * 0.42f) : 0);
    int number = 0;
    for (int row = 0; row <= (two_rows ? 1 : 0); ++row) {
        std::vector<ViewPlacement> in_row;
        for (const ViewPlacement& v : views)
            if (v.row == row) in_row.push_back(v);
        const float y = place.at.y + (row == 0 ? 0 : height0 + g);
        const float height = row == 0 ? height0 : free_height - height0;
        const std::string key = e.id + "/row" + std::to_string(row);
        const double left = in_row.size() > 1 ? share(state, key, static_cast<double>(in_row[0].width)) : 1.0;
        const float free_width = place.size.x - (in_row.size() > 1 ? g : 0);
        float x = place.at.x;
        for (std::size_t i = 0; i < in_row.size(); ++i) {
            const float width = in_row.size() == 1 ? free_width : free_width * static_cast<float>(i == 0 ? left : 1 - left);
            card(ui, state, act, e, in_row[i], {{x, y}, {width, height}}, number++);
            if (i + 1 < in_row.size()) splitter(ui, state, key, left, true, {{x + width, y}, {g, height}}, free_width);
            x += width + g;
        }
    }
    if (two_rows)
        splitter(ui, state, row_key, first, false, {{place.at.x, place.at.y + height0}, {place.size.x, g}}, free_height);
}

void empty_state(const Ui& ui, const AppState& state, const Exhibit& e, const Rect& place) {
    const float s = ui.s;
    ImGui::SetCursorScreenPos({place.at.x + place.size.x / 2 - 180 * s, place.at.y + place.size.y / 2 - 40 * s});
    ImGui::BeginGroup();
    label(ui, state.problem ? "Nothing to show yet" : "Computing …", ui.theme.text, 19);
    label(ui, state.problem ? "Type a source above, or choose an example." : e.summary, ui.theme.secondary, 15, Font::ui,
          420 * s);
    ImGui::EndGroup();
}

}  // namespace

void inputs(const Ui& ui, AppState& state, Controller& act) {
    const Exhibit& e = exhibit(state.request.exhibit);
    for (const ParamSpec& spec : e.params)
        if (spec.type == ParamType::text) text_field(ui, state, act, e, spec);
    state.reload_fields = false;
}

void banners(const Ui& ui, AppState& state, Controller& act) {
    static_cast<void>(act);
    const float s = ui.s;
    const auto line = [&](const std::string& text, Color color, const char* id) {
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float width = ImGui::GetContentRegionAvail().x;
        ImDrawList& list = *ImGui::GetWindowDrawList();
        list.AddRectFilled(at, {at.x + width, at.y + 30 * s}, ui.color(mix(ui.theme.panel, color, 0.14)), 6 * s);
        list.AddRectFilled(at, {at.x + 3 * s, at.y + 30 * s}, ui.color(color), 2 * s);
        ImGui::SetCursorScreenPos({at.x + 14 * s, at.y + 7 * s});
        label(ui, text, ui.theme.text, 13, Font::ui, width - 56 * s);
        bool closed = false;
        if (id != nullptr) {
            ImGui::SetCursorScreenPos({at.x + width - 34 * s, at.y + 2 * s});
            closed = button(ui, id, "×", ButtonKind::quiet, 28 * s, "Dismiss");
        }
        ImGui::SetCursorScreenPos({at.x, at.y + 36 * s});
        return closed;
    };
    if (state.problem) line(state.problem->line(), ui.theme.broken, nullptr);
    if (state.banner && line(state.banner->text, state.banner->error ? ui.theme.broken : ui.theme.accent, "dismiss"))
        state.banner.reset();
    if (state.trace() != nullptr && !state.problem)
        for (const Note& note : state.trace()->notes())
            line(note.text + (note.hint.empty() ? "" : ": " + note.hint), ui.theme.selection, nullptr);
}

void transport(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    card_ground(ui, place.at, high);
    const Index n = act.step_count();
    ImGui::SetCursorScreenPos({place.at.x + 14 * s, place.at.y + 9 * s});
    if (button(ui, "play", state.playing ? "❚❚" : "▸", ButtonKind::plain, 34 * s, "Play the decoding step by step (Space)"))
        act.toggle_play();
    if (n < 1) return;
    const Index at = act.current_step();
    const float left = place.at.x + 64 * s;
    const float right = high.x - 84 * s;
    const float y = place.at.y + place.size.y / 2;
    ImGui::SetCursorScreenPos({left - 8 * s, y - 12 * s});
    ImGui::InvisibleButton("scrub", {std::max(16.0f, right - left + 16 * s), 24 * s});
    if (ImGui::IsItemActive() && n > 1 && right > left)
        act.set_step(std::lround((ImGui::GetIO().MousePos.x - left) / (right - left) * static_cast<float>(n - 1)));
    if (ImGui::IsItemHovered()) tooltip(ui, "Output step (← →)");
    const auto x_of = [&](Index i) {
        return n > 1 ? left + (right - left) * static_cast<float>(i) / static_cast<float>(n - 1) : left;
    };
    list.AddRectFilled({left, y - 2 * s}, {right, y + 2 * s}, ui.color(ui.theme.line), 2 * s);
    list.AddRectFilled({left, y - 2 * s}, {x_of(at), y + 2 * s}, ui.color(ui.theme.accent), 2 * s);
    if (n <= 64)
        for (Index i = 0; i < n; ++i)
            list.AddCircleFilled({x_of(i), y}, 4 * s, ui.color(i <= at ? ui.theme.accent : ui.theme.faint));
    list.AddCircleFilled({x_of(at), y}, 8 * s, ui.color(ui.theme.dark ? ui.theme.text : ui.theme.accent));
    ImGui::SetCursorScreenPos({high.x - 66 * s, y - 10 * s});
    label(ui, fmt::format("{} / {}", at + 1, n), ui.theme.secondary, 15);
}

void stage(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    const float s = ui.s;
    const ImVec2 window = ImGui::GetIO().DisplaySize;
    state.typing = ImGui::GetIO().WantTextInput;
    state.places = {{"window", {0, 0, window.x, window.y}}};
    begin_panel(ui, "stage", layout.stage.at, layout.stage.size, ui.theme.background, {20 * s, 16 * s}, false);
    inputs(ui, state, act);
    banners(ui, state, act);
    const Exhibit& e = exhibit(state.request.exhibit);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = layout.stage.size.x - 40 * s;
    const float bottom = layout.stage.at.y + layout.stage.size.y - 12 * s;
    const float transport_height = e.step_axis.empty() ? 0 : 48 * s;
    const Rect place{at, {width, bottom - at.y - (transport_height > 0 ? transport_height + gap * s : 0)}};
    if (state.trace() == nullptr)
        empty_state(ui, state, e, place);
    else if (place.size.y > 60 * s)
        cards(ui, state, act, e, place);
    if (transport_height > 0) transport(ui, state, act, {{at.x, bottom - transport_height}, {width, transport_height}});
    end_panel();
}

}  // namespace saccade
