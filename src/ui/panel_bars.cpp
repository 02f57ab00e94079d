#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/percent.hpp"
#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "run/language.hpp"
#include "ui/bar.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

constexpr float least_beside = 250;  // logical px that the stage and an open drawer need beside each other

/// The one that the next press shows.
const Language& other_language(const AppState& state) {
    const auto now = std::ranges::find(languages(), state.view.window_language, &Language::id);
    return now == languages().end() || now + 1 == languages().end() ? languages().front() : now[1];
}

/// "2 changes" of the side in focus; empty: none.
std::string changes_text(const AppState& state) {
    const auto& all = state.document.side().request.interventions;
    const std::size_t count = groups_of(all, state.document.trace()).size();
    return count == 0 ? "" : tr_count(count, "{} change", "{} changes");
}

}  // namespace

Layout layout_window(float width, float height, float s, bool drawer_open) {
    Layout l;
    const float top = 48 * s;
    const float status = 32 * s;
    l.narrow_gallery = width / s < 1000;
    l.drawer = width / s < 1280;
    const float left = (l.narrow_gallery ? 56.0f : 212.0f) * s;
    const float beside = width - left;  // for stage and inspector
    float right = std::min(340 * s, beside);
    if (l.drawer) right = beside < 2 * least_beside * s ? beside : std::clamp(beside / 2, least_beside * s, right);
    const float middle = std::max(1.0f, height - top - status);
    l.top = {{0, 0}, {width, top}};
    l.status = {{0, height - status}, {width, status}};
    l.gallery = {{0, top}, {left, middle}};
    const bool standing = !l.drawer || drawer_open;
    l.inspector = {{width - right, top}, {standing ? right : 0, middle}};
    l.stage = {{left, top}, {width - left - (standing ? right : 0), middle}};
    return l;
}

namespace {

/// The field that opens the palette.
void search_field(const Ui& ui, AppState& state, ImVec2 at_in_window, float field) {
    const Theme& t = ui.theme;
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    ImGui::SetCursorPos(at_in_window);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (ImGui::InvisibleButton("palette", {field, 30 * s})) state.palette_open = true;
    ui.stop();
    note_place(state, "search or run");
    const bool lit = ImGui::IsItemHovered() || ImGui::IsItemFocused();
    list.AddRectFilled(at, {at.x + field, at.y + 30 * s}, ui.color(t.background), 8 * s);
    list.AddRect(at, {at.x + field, at.y + 30 * s}, ui.color(lit ? t.accent : t.line), 8 * s);
    const ScreenTextMeasure measure(ui.fonts);
    const auto width = [&](const std::string& text) { return static_cast<float>(measure.width(text, 13, Font::ui)) * s; };
    const std::string keys = "Ctrl K", whole = tr("Search or run a command");
    const float room = field - 24 * s;
    const std::string what = width(whole) <= room ? whole : tr("Search");
    ImGui::SetCursorScreenPos({at.x + 12 * s, at.y + 7 * s});
    label(ui, what, t.secondary, 13, Font::ui, room);
    if (width(what) + 24 * s + width(keys) > room) return;
    ImGui::SetCursorScreenPos({at.x + field - width(keys) - 12 * s, at.y + 7 * s});
    label(ui, keys, t.faint, 13);
}

void put_top_buttons(const Ui& ui, AppState& state, Controller& act, const Layout& layout, Bar& bar) {
    const auto lit = [](bool on) { return on ? ButtonKind::primary : ButtonKind::plain; };
    if (const std::string changes = changes_text(state); !changes.empty())
        bar.put_menu("changes", changes,
                     [&ui, &state, &act, changes](float width) { changes_button(ui, state, act, changes, width); });
    if (layout.drawer)
        bar.put("drawer", tr("Inspector"), tr("Show or hide the inspector (Ctrl I)"), lit(state.inspector_drawer), 0,
                [&state] { state.inspector_drawer = !state.inspector_drawer; });
    bar.put("compare", "A | B", tr("Compare with other settings (Ctrl B)"), lit(state.document.comparing), 1,
            [&act] { act.comparison().toggle(); });
    bar.put("open history", tr("History"), tr("What was changed, in all exhibits, to go back by (Ctrl H)"), ButtonKind::plain,
            5, [&state] { state.history_open = true; });
    bar.put("theme", ui.theme.dark ? tr("Light") : tr("Dark"), tr("Theme (Ctrl T)"), ButtonKind::plain, 4,
            [&act] { act.toggle_theme(); });
    const Language& other = other_language(state);
    bar.put("language", other.id == "en" ? "EN" : other.name, tr("Language") + ": " + other.name, ButtonKind::plain, 3,
            [&state, &act, id = other.id] {
                state.view.window_language_chosen = true;
                act.set_language(id);
            });
    bar.put("present", tr("Present"), tr("The stage and its lesson for a room, full screen (F5)"), ButtonKind::plain, 2,
            [&state, &act] { start_presenting(state, act); });
    bar.put("open desk", tr("Export"), tr("The figure desk: figures and values to a file (Ctrl E)"), ButtonKind::primary, 0,
            [&state] { state.desk.open = true; });
}

}  // namespace

void top_bar(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    const Theme& t = ui.theme;
    const float s = ui.s, width = layout.top.size.x, margin = 16 * s, between = 24 * s;
    constexpr float least_field = 120, usual_field = 420;
    begin_panel(ui, "top", layout.top.at, layout.top.size, t.panel, {margin, 0}, false);
    edge(ui, {0, layout.top.size.y - 1}, {width, layout.top.size.y - 1});
    ImGui::SetCursorPos({margin, 14 * s});
    label(ui, "Saccade", t.text, 15);
    float from = ImGui::GetItemRectMax().x;
    Bar bar(ui, state);
    put_top_buttons(ui, state, act, layout, bar);
    const float buttons = bar.fit(width - margin - from - 2 * between - least_field * s);
    // Where all else has its room, too.
    const Exhibit& e = state.document.exhibit();
    const std::string where = tr(e.group) + " › " + tr(e.title);
    const float said = button_width(ui, where);
    if (from + said + 2 * between + 2 * least_field * s + buttons + margin <= width) {
        ImGui::SameLine(0, 14 * s);
        label(ui, where, t.secondary, 15);
        from = ImGui::GetItemRectMax().x;
    }
    // In the middle of the window if there is room, else between the name and the buttons.
    from += between;
    const float to = width - buttons - margin - between, field = std::min(usual_field * s, to - from);
    if (field >= 60 * s) search_field(ui, state, {std::clamp((width - field) / 2, from, to - field), 9 * s}, field);
    ImGui::SetCursorPos({width - buttons - margin, 9 * s});
    bar.draw();
    end_panel();
}

namespace {

/// The gallery goes to its exhibit when that is another one, or the window: else it stays where it was scrolled.
void keep_in_sight(AppState& state, const Layout& layout, const std::string& id, float top, float bottom) {
    const std::string now = fmt::format("{} {:.0f}", id, layout.gallery.size.y);
    if (state.gallery_at == now) return;
    state.gallery_at = now;
    const float low = layout.gallery.at.y, high = low + layout.gallery.size.y;
    if (top < low || bottom > high) ImGui::SetScrollHereY(0.5f);
}

/// The two characters that a narrow gallery has room for.
std::string initials(const std::string& title) {
    const std::vector<std::string> characters = code_points(title);
    return characters.size() < 2 ? title : characters[0] + characters[1];
}

/// A line of the gallery; true if it was clicked. `place`: what a test knows it by.
bool gallery_row(const Ui& ui, AppState& state, const Layout& layout, const std::string& place, const std::string& title,
                 const std::string& tip, bool chosen, Color ink) {
    const float s = ui.s, row = layout.gallery.size.x - 16 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool opened = ImGui::InvisibleButton(place.c_str(), {row, 30 * s});
    ui.stop();
    note_place(state, place);
    if (chosen) keep_in_sight(state, layout, place, at.y, at.y + 30 * s);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    if (chosen || ImGui::IsItemHovered() || ImGui::IsItemFocused())
        list.AddRectFilled(at, {at.x + row, at.y + 30 * s}, ui.color(ui.theme.raised), 6 * s);
    if (chosen)
        list.AddRectFilled({at.x - 1 * s, at.y + 2 * s}, {at.x + 2 * s, at.y + 28 * s}, ui.color(ui.theme.accent), 2 * s);
    const ImVec2 after = ImGui::GetCursorScreenPos();
    if (ImGui::IsItemHovered()) tooltip(ui, tip);
    // The two characters of a narrow one stand in the middle, clear of what scrolls.
    const auto wide = static_cast<float>(ScreenTextMeasure(ui.fonts).width(title, 15, Font::ui)) * s;
    ImGui::SetCursorScreenPos({at.x + (layout.narrow_gallery ? std::max(0.0f, (row - wide) / 2) : 10 * s), at.y + 6 * s});
    label(ui, title, chosen ? ui.theme.text : ink, 15, Font::ui, layout.narrow_gallery ? 0 : row - 16 * s);
    ImGui::SetCursorScreenPos(after);
    return opened;
}

/// Is it what is open?
bool is_open(const AppState& state, const Recent& one) {
    const RunRequest& request = state.document.side().request;
    return request.exhibit == one.exhibit && request.params.has("path") && request.params.text("path") == one.path;
}

/// What a person opened last, below the exhibits of their own, and the way to more.
void recent_rows(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    const std::vector<Recent> shown = state.recent;  // what is opened comes first
    for (const Recent& one : shown)
        if (gallery_row(ui, state, layout, "recent " + one.path, recent_title(one),
                        tr(exhibit(one.exhibit).title) + ": " + one.path, is_open(state, one), ui.theme.secondary))
            act.files().open(one.path);
    if (gallery_row(ui, state, layout, "open own", tr("Open …"),
                    tr("A model's folder, a capture, a session or a picture (Ctrl O)"), false, ui.theme.accent))
        state.prompt = {PathPrompt::Kind::open, "", ""};
}

/// Opens the page of pictures: four of them, small.
void pictures_button(const Ui& ui, AppState& state, Controller& act, ImVec2 size) {
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (ImGui::InvisibleButton("exhibits as pictures", size)) act.exhibit_pictures().toggle(state);
    ui.stop();
    note_place(state, "exhibits as pictures");
    const bool lit = ImGui::IsItemHovered();
    if (lit) tooltip(ui, tr("All exhibits as pictures (Ctrl G)"));
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float each = 5 * s, apart = 2 * s;
    const ImVec2 from(std::round(at.x + (size.x - 2 * each - apart) / 2), std::round(at.y + (size.y - 2 * each - apart) / 2));
    for (const float x : {0.0f, each + apart})
        for (const float y : {0.0f, each + apart})
            list.AddRectFilled({from.x + x, from.y + y}, {from.x + x + each, from.y + y + each},
                               ui.color(lit ? ui.theme.text : ui.theme.secondary), 1 * s);
}

}  // namespace

void gallery(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    const Theme& t = ui.theme;
    const float s = ui.s;
    begin_panel(ui, "gallery", layout.gallery.at, layout.gallery.size, t.panel, {8 * s, 12 * s});
    const ImVec2 corner = layout.gallery.at;
    edge(ui, {corner.x + layout.gallery.size.x - 1, corner.y},
         {corner.x + layout.gallery.size.x - 1, corner.y + layout.gallery.size.y});
    std::string group;
    // Closer together where that brings all of them into sight.
    float lines = 0, height = 24 * s;
    for (const Exhibit& e : exhibits()) {
        const bool headed = e.group != std::exchange(group, e.group);
        lines += headed ? 2 : 1;
        height += (headed ? 30 + 18 : 30) * s;
    }
    if (!layout.narrow_gallery) {
        lines += static_cast<float>(state.recent.size() + 1);
        height += 30 * s * static_cast<float>(state.recent.size() + 1);
    }
    group.clear();
    const float gap = std::clamp((layout.gallery.size.y - height) / std::max(1.0f, lines), 3 * s, 8 * s);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, std::floor(gap)));
    for (const Exhibit& e : exhibits()) {
        if (e.group != group) {
            const bool first = group.empty();
            group = e.group;
            if (layout.narrow_gallery) {
                if (first) pictures_button(ui, state, act, {layout.gallery.size.x - 16 * s, 24 * s});
                ImGui::Dummy({0, 4 * s});
            } else {
                const ImVec2 line = ImGui::GetCursorScreenPos();
                ImGui::SetCursorPosX(18 * s);
                label(ui, tr(group), t.faint, 13);
                const ImVec2 next = ImGui::GetCursorScreenPos();
                ImGui::SetCursorScreenPos({line.x + layout.gallery.size.x - 44 * s, line.y - 3 * s});
                if (first) pictures_button(ui, state, act, {28 * s, 24 * s});
                ImGui::SetCursorScreenPos(next);
            }
        }
        const bool recent = std::ranges::any_of(state.recent, [&](const Recent& one) { return is_open(state, one); });
        const bool chosen = e.id == state.document.side().request.exhibit && (!recent || layout.narrow_gallery);
        const std::string title = layout.narrow_gallery ? initials(tr(e.title)) : tr(e.title);
        if (gallery_row(ui, state, layout, "exhibit " + e.id, title, tr(e.title) + ": " + tr_composed(e.summary), chosen,
                        t.secondary))
            act.go_to(e.id);
    }
    if (!layout.narrow_gallery) recent_rows(ui, state, act, layout);
    ImGui::PopStyleVar();
    end_panel();
}

namespace {

/// Of a model that is none of ours: the folder's name, and that nobody here has measured it.
std::string own_model(const Exhibit& e, const RunRequest& request) {
    for (const ParamSpec& spec : e.params)
        if (spec.is_path && request.params.has(spec.name))
            return std::filesystem::path(request.params.text(spec.name)).filename().string() +
                   tr(" · your folder · not checked against its authors' numbers");
    return {};
}

/// "dates · exact match 100% held out · CC BY": of the model that answered the request.
std::string model_summary(const Exhibit& e, const RunRequest& request) {
    try {
        const std::string id = model_of(e, request.params);
        if (id.empty()) return own_model(e, request);
        const Card& card = bundled_model(id)->card;
        std::string text = id;
        const auto add = [&](const char* name, const std::string& title, bool share) {
            if (const auto metric = card.metric(name))
                text += tr(" · {} {} held out", title, share ? percent(*metric) : fmt::format("{:.1f}", *metric * 100));
        };
        add("exact_match", tr("exact match"), true);
        // What it can do with sentences that it has not nearly seen.
        add("bleu_beam5_apart", tr("BLEU without near-duplicates"), false);
        add("accuracy", tr("accuracy"), true);
        if (!card.licence().empty()) text += " · " + tr(card.licence());
        return text;
    } catch (const std::exception&) {
        return tr("no model");  // no such model, or no such card: the banner says what is wrong
    }
}

}  // namespace

void status_bar(const Ui& ui, AppState& state, const Layout& layout) {
    const Theme& t = ui.theme;
    const float s = ui.s;
    begin_panel(ui, "status", layout.status.at, layout.status.size, t.panel, {16 * s, 0}, false);
    edge(ui, layout.status.at, {layout.status.at.x + layout.status.size.x, layout.status.at.y});
    ImGui::SetCursorPos({16 * s, 8 * s});
    const Exhibit& e = state.document.exhibit();
    std::string left = tr("engine {:.1f} ms      frame {:.1f} ms      seed {}", state.document.side().shown.engine_ms,
                          state.frame_ms, state.document.side().request.seed);
    if (state.document.training.run && state.document.training.run->state() == Training::State::running)
        left += tr("      training {:.0f} steps/s", state.document.training.run->steps_per_second());
    for (const TrainingUnderWay& one : trainings_under_way(state))
        if (one.exhibit != e.id) left += tr("      {}: training waits at step {}", tr(one.title), one.step);
    label(ui, left, t.secondary, 13);
    std::string right = tr("no model");
    if (state.document.side().shown.request.model) {
        right = tr("training, step {}", state.document.training.shown_snapshot);
    } else if (!state.document.side().request.weights_path.empty()) {
        right = state.document.side().request.weights_path;
    } else if (!e.models.empty() && state.document.trace() != nullptr) {
        right = model_summary(e, state.document.side().shown.request);
    }
    const ScreenTextMeasure measure(ui.fonts);
    const float room = layout.status.size.x - static_cast<float>(measure.width(left, 13, Font::ui)) * s - 64 * s;
    if (room > 40 * s) {
        ui.fonts.need(right);
        const std::string shown = fitted(ui, right, 13, Font::ui, room);
        ImGui::SetCursorPos(
            {layout.status.size.x - 16 * s - static_cast<float>(measure.width(shown, 13, Font::ui)) * s, 8 * s});
        label(ui, right, t.secondary, 13, Font::ui, room);
    }
    end_panel();
}

}  // namespace saccade
