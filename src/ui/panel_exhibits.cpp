#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/palette_match.hpp"
#include "ui/panels.hpp"
#include "ui/text_wrap.hpp"

namespace saccade {

namespace {

// Logical px.
constexpr float page_head_height = 64, page_margin = 20, between = 14, least_card_width = 236, words_height = 78,
                words_margin = 12;
constexpr float picture_shape = 200.0f / 320;  // height to width, as they are drawn

std::vector<const Exhibit*> found_exhibits(const std::string& query) {
    std::vector<const Exhibit*> found;
    for (const Exhibit& e : exhibits())
        for (const std::string& text : {e.title, tr(e.title), e.id, tr(e.group), e.lesson.title_chinese})
            if (match_score(query, text)) {
                found.push_back(&e);
                break;
            }
    return found;
}

/// The field, and the way out.
void page_head(const Ui& ui, AppState& state, std::size_t found, float width) {
    const float s = ui.s;
    ExhibitPage& page = state.exhibit_page;
    begin_panel(ui, "exhibits head", {0, 0}, {width, page_head_height * s}, ui.theme.panel, {0, 0}, false);
    edge(ui, {0, page_head_height * s - 1}, {width, page_head_height * s - 1});
    const std::string title = tr_count(found, "{} exhibit", "{} exhibits");
    const float title_width = static_cast<float>(ScreenTextMeasure(ui.fonts).width(title, 19, Font::ui)) * s;
    const float close = 36 * s, field_width = std::min(360 * s, width - 3 * page_margin * s - close);
    const bool titled = width - 5 * page_margin * s - close - field_width > title_width;
    float x = page_margin * s;
    if (titled) {
        ImGui::SetCursorScreenPos({x, 20 * s});
        label(ui, title, ui.theme.text, 19);
        x = std::max(x + title_width + page_margin * s, (width - field_width) / 2);
    }
    ImGui::SetCursorScreenPos({x, 14 * s});
    ImGui::SetNextItemWidth(field_width);
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    if (field(ui, "##exhibits", page.query, tr("Type to find one").c_str())) page.at = 0;
    ui.stop(true);
    note_place(state, "exhibits query");
    ImGui::SetCursorScreenPos({width - page_margin * s - close, 14 * s});
    if (button(ui, "close exhibits", "×", ButtonKind::quiet, close, tr("Back (Esc)"), close)) page.open = false;
    note_place(state, "close exhibits");
    end_panel();
}

/// Its own first view, or what stands for it until it is drawn.
void picture_of(const Ui& ui, const Controller& act, const Exhibit& e, ImVec2 at, ImVec2 size) {
    const float s = ui.s;
    const ExhibitPicture* made = act.exhibit_pictures().find(e.id);
    if (made != nullptr && !made->pixels.empty()) {
        Figure picture;
        picture.items.push_back(
            ImageItem{{0, 0, static_cast<double>(size.x / s), static_cast<double>(size.y / s)}, made->pixels});
        return ui.canvas.draw(picture, at);
    }
    const std::string said = made != nullptr && made->problem ? shown_line(*made->problem) : tr("Drawing …");
    const ScreenTextMeasure measure(ui.fonts);
    ui.fonts.need(said);
    const double room = static_cast<double>(size.x / s) - 24;
    const std::vector<std::string> lines =
        wrapped(said, room, [&](const std::string& t) { return measure.width(t, 13, Font::ui); });
    float y = at.y + (size.y - 18 * s * static_cast<float>(lines.size())) / 2;
    for (const std::string& line : lines) {
        ImGui::SetCursorScreenPos({at.x + (size.x - static_cast<float>(measure.width(line, 13, Font::ui)) * s) / 2, y});
        label(ui, line, ui.theme.secondary, 13);
        y += 18 * s;
    }
}

/// Picture, name, and one sentence in two lines; true if it was clicked.
bool exhibit_card(const Ui& ui, AppState& state, const Controller& act, const Exhibit& e, const Rect& place, bool chosen) {
    const float s = ui.s, left = place.at.x + words_margin * s, room = place.size.x - 2 * words_margin * s;
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    ImGui::SetCursorScreenPos(place.at);
    const bool clicked = ImGui::InvisibleButton(("picture_" + e.id).c_str(), place.size);
    ui.stop();
    note_place(state, "picture " + e.id);
    if (!ImGui::IsItemVisible()) return clicked;
    const bool lit = ImGui::IsItemHovered();
    card_ground(ui, place.at, high);
    const float picture = place.size.y - words_height * s, inset = 6 * s;
    picture_of(ui, act, e, {place.at.x + inset, place.at.y + inset}, {place.size.x - 2 * inset, picture - 2 * inset});
    ImDrawList& list = *ImGui::GetWindowDrawList();
    if (chosen || lit) list.AddRect(place.at, high, ui.color(chosen ? ui.theme.accent : ui.theme.faint), 10 * s, 0, 2 * s);
    const std::string group = tr(e.group), title = tr(e.title), summary = tr_composed(e.summary);
    const ScreenTextMeasure measure(ui.fonts);
    const float group_width = static_cast<float>(measure.width(group, 13, Font::ui)) * s;
    const float title_width = static_cast<float>(measure.width(title, 15, Font::ui)) * s;
    float y = place.at.y + picture + 4 * s;
    const bool grouped = title_width + group_width + 12 * s <= room;
    ImGui::SetCursorScreenPos({left, y});
    label(ui, title, ui.theme.text, 15, Font::ui, room);
    if (grouped) {
        ImGui::SetCursorScreenPos({left + room - group_width, y + 2 * s});
        label(ui, group, ui.theme.faint, 13);
    }
    y += 24 * s;
    std::vector<std::string> lines =
        wrapped(summary, static_cast<double>(room / s), [&](const std::string& t) { return measure.width(t, 13, Font::ui); });
    const bool cut = lines.size() > 2;
    if (cut)
        for (std::size_t i = 2; i < lines.size(); ++i) lines[1] += " " + lines[i];
    for (std::size_t i = 0; i < std::min<std::size_t>(lines.size(), 2); ++i, y += 18 * s) {
        ImGui::SetCursorScreenPos({left, y});
        label(ui, fitted(ui, lines[i], 13, Font::ui, room), ui.theme.secondary, 13);
    }
    if (lit) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    if (lit && cut) tooltip(ui, summary);
    return clicked;
}

/// To the neighbour in the grid of `columns`; one more line down than there are is the last.
void move_by_keys(ExhibitPage& page, std::size_t found, std::size_t columns) {
    if (found == 0) return;
    const std::size_t before = page.at = std::min(page.at, found - 1);
    if (compat::key_pressed(ImGuiKey_LeftArrow) && page.at > 0) --page.at;
    if (compat::key_pressed(ImGuiKey_RightArrow) && page.at + 1 < found) ++page.at;
    if (compat::key_pressed(ImGuiKey_UpArrow) && page.at >= columns) page.at -= columns;
    if (compat::key_pressed(ImGuiKey_DownArrow)) {
        const bool last_line = page.at / columns == (found - 1) / columns;
        if (!last_line) page.at = std::min(page.at + columns, found - 1);
    }
    page.moved = page.at != before;
}

void page_grid(const Ui& ui, AppState& state, Controller& act, ImVec2 screen) {
    const float s = ui.s, top = page_head_height * s, gap = between * s;
    ExhibitPage& page = state.exhibit_page;
    const std::vector<const Exhibit*> found = found_exhibits(page.query);
    begin_panel(ui, "exhibits grid", {0, top}, {screen.x, screen.y - top}, ui.theme.background, {page_margin * s, 16 * s});
    if (found.empty())
        paragraph(ui, tr("No exhibit is called that. Beginnings of words are enough; delete what is typed to see all."),
                  ui.theme.secondary, 15);
    const float room = screen.x - 2 * page_margin * s - ImGui::GetStyle().ScrollbarSize;
    const auto columns = static_cast<std::size_t>(std::max(1.0f, std::floor((room + gap) / (least_card_width * s + gap))));
    move_by_keys(page, found.size(), columns);
    const float width = std::floor((room - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns));
    const float height = std::floor((width - 12 * s) * picture_shape + 12 * s + words_height * s);
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const Exhibit* opened = nullptr;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto column = static_cast<float>(i % columns), line = static_cast<float>(i / columns);
        const Rect place{{from.x + (width + gap) * column, from.y + (height + gap) * line}, {width, height}};
        if (exhibit_card(ui, state, act, *found[i], place, i == page.at)) opened = found[i];
        if (page.moved && i == page.at) {
            ImGui::SetCursorScreenPos({place.at.x, place.at.y + height / 2});
            const bool out = place.at.y < top || place.at.y + height > screen.y;
            if (out) ImGui::SetScrollHereY(0.5f);
        }
    }
    const auto lines = static_cast<float>((found.size() + columns - 1) / columns);
    ImGui::SetCursorScreenPos({from.x, from.y + (height + gap) * lines});
    ImGui::Dummy({1, 1});
    end_panel();
    const bool entered = compat::key_pressed(ImGuiKey_Enter, false) && !state.button_focused;
    if (entered && page.at < found.size()) opened = found[page.at];
    if (opened == nullptr) return;
    page.open = false;
    act.go_to(opened->id);
}

}  // namespace

void exhibits_page(const Ui& ui, AppState& state, Controller& act) {
    if (!state.exhibit_page.open) return act.exhibit_pictures().rest();
    act.exhibit_pictures().want(state.view.theme);
    const ImVec2 size = begin_page(state, "exhibits page");
    page_head(ui, state, found_exhibits(state.exhibit_page.query).size(), size.x);
    page_grid(ui, state, act, size);
    ImGui::End();
    const bool elsewhere = state.document.exhibit().id != state.exhibit_page.from;  // by the palette, by a file
    if (state.escape == Layer::exhibits || elsewhere) state.exhibit_page.open = false;
}

}  // namespace saccade
