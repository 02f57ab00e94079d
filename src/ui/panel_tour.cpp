#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/translate.hpp"
#include "run/language.hpp"
#include "ui/panels.hpp"
#include "ui/shown_point.hpp"
#include "ui/text_wrap.hpp"

namespace saccade {

namespace {

// Logical px.
constexpr float card_width = 340, card_padding = 16, card_line = 22, card_title = 26, buttons_height = 32, tip_room = 16;
constexpr float band_padding = 12, band_beside = 640;  // the narrowest text that has the buttons beside it
constexpr int longest_look = 8;                        // frames that a place is scrolled for

/// What a step points at: a frame around one real thing, and what of the window can be seen and used meanwhile.
struct Pointed {
    Rect frame{};
    std::vector<Rect> open{};
};

ImVec2 high_of(const Rect& r) {
    return {r.at.x + r.size.x, r.at.y + r.size.y};
}

Rect grown(const Rect& r, float by) {
    return {{r.at.x - by, r.at.y - by}, {r.size.x + 2 * by, r.size.y + 2 * by}};
}

std::optional<Rect> rect_of(const AppState& state, const std::string& name) {
    const auto found = state.places.find(name);
    if (found == state.places.end() || !(found->second[2] > 0)) return std::nullopt;
    const auto& [x, y, width, height] = found->second;
    return Rect{{x, y}, {width, height}};
}

/// The text that the model reads, with its examples, or the picture, or the numbers.
std::optional<Pointed> input_place(const AppState& state) {
    for (const ParamSpec& spec : state.document.exhibit().params) {
        if (spec.type != ParamType::text && spec.type != ParamType::image && spec.type != ParamType::matrix) continue;
        const auto place = rect_of(state, spec.name), examples = rect_of(state, "examples " + spec.name);
        if (!place) continue;
        Pointed result{*place, {*place}};
        if (examples) result.open.push_back(*examples);
        return result;
    }
    const auto card = rect_of(state, "card");
    return card ? std::optional(Pointed{*card, {*card}}) : std::nullopt;
}

/// Of the map: its selected row, or the cell of it; the whole, where what is selected is elsewhere.
Rect in_map(const AppState& state, const Rect& map, bool cell) {
    const std::vector<Index>& index = state.document.stage.selected.cell.index;
    const auto [rows, columns] = state.grids.at("heatmap");
    if (index.size() < 2) return map;
    const Index row = index[index.size() - 2], column = index.back();
    if (row < 0 || row >= rows || (cell && (column < 0 || column >= columns))) return map;
    const float height = map.size.y / static_cast<float>(rows), width = map.size.x / static_cast<float>(columns);
    const float y = map.at.y + height * static_cast<float>(row);
    if (!cell) return {{map.at.x, y}, {map.size.x, height}};
    return {{map.at.x + width * static_cast<float>(column), y}, {width, height}};
}

/// Where the window is narrow, it is folded.
bool has_inspector(const Layout& layout) {
    return layout.inspector.size.x > 0;
}

std::optional<Pointed> pointed_at(const AppState& state, const Layout& layout) {
    const auto one = [](const std::optional<Rect>& place) -> std::optional<Pointed> {
        if (!place) return std::nullopt;
        return Pointed{*place, {*place}};
    };
    const TourStep step = *state.tour.step;
    if (step == TourStep::input) return input_place(state);
    if (step == TourStep::exhibits) return one(layout.gallery);
    if (step == TourStep::figure) return one(rect_of(state, "open desk"));
    const auto map = rect_of(state, "heatmap");
    std::optional<Pointed> result;
    if (map && state.grids.contains("heatmap"))
        result = Pointed{in_map(state, *map, step == TourStep::hand), {*map}};
    else
        result = one(rect_of(state, "card"));
    // What comes of it is seen beside it, or is a click away.
    const std::optional<Rect> beside = has_inspector(layout) ? layout.inspector : rect_of(state, "drawer");
    if (result && beside) result->open.push_back(*beside);
    return result;
}

/// A thing on the stage that lies out of sight is scrolled to, a few frames at most.
void bring_into_sight(AppState& state, const Layout& layout, const std::optional<Pointed>& found) {
    if (!state.scrolled || state.tour.looked >= longest_look || *state.tour.step > TourStep::hand) return;
    const float low = layout.stage.at.y, high = low + layout.stage.size.y;
    if (found && found->frame.at.y >= low && high_of(found->frame).y <= high) return;
    ++state.tour.looked;
    const float middle = found ? found->frame.at.y + found->frame.size.y / 2 : high;
    state.scroll_by = middle - (low + high) / 2;
}

struct Words {
    std::string title, text;
};

/// Is what is pointed at a row of weights, which sums to 1?
bool has_weights(const AppState& state) {
    const Trace* trace = state.document.trace();
    const TraceTensor* tensor = trace == nullptr ? nullptr : trace->find(state.document.stage.selected.cell.tensor);
    return tensor != nullptr && tensor->info.role == Role::weights && state.grids.contains("heatmap");
}

/// Of the second step: where the number of a cell comes from is in the inspector, wherever that is.
std::string row_words(bool map, bool inspector) {
    if (map && inspector)
        return tr(
            "A row shares out the attention of one token over those in the columns. Point at a cell for its weight; "
            "click one, and the inspector shows where the number comes from, down to the input.");
    if (map)
        return tr(
            "A row shares out the attention of one token over those in the columns. Point at a cell for its weight; "
            "click one, and “Inspector” above (Ctrl I) opens where the number comes from, down to the input.");
    if (inspector)
        return tr(
            "Point at anything to see its number; click it, and the inspector shows where the number comes from, down "
            "to the input.");
    return tr(
        "Point at anything to see its number; click it, and “Inspector” above (Ctrl I) opens where the number comes "
        "from, down to the input.");
}

Words words_of(const AppState& state, bool inspector) {
    const bool map = has_weights(state);
    switch (*state.tour.step) {
        case TourStep::input:
            return {tr("What the model reads"), tr("It is yours to change: type, open or paste another, or take an example. "
                                                   "Every number on screen is computed again "
                                                   "at once.")};
        case TourStep::row:
            return {tr("Where it looks"), row_words(map, inspector)};
        case TourStep::hand:
            return {
                tr("Change it by hand"),
                map ? tr("Drag this cell up or down. Its row keeps its sum of 1, and all that follows from it is computed "
                         "again, the output too. Ctrl Z takes it back.")
                    : tr("Drag a cell, a bar or a shape: all that follows from it is computed again. Ctrl Z takes it back.")};
        case TourStep::exhibits:
            return {tr("{} exhibits", exhibits().size()),
                    tr("From the alignment of 2014 to transformers, pictures and models of your own. Open one: each keeps what "
                       "you did in it.")};
        case TourStep::figure:
            return {
                tr("Take it with you"),
                tr("Export makes a figure of what you see, for a paper, in mm and pt. Ctrl L has lessons that play, F5 shows "
                   "them to a room, Ctrl K finds everything.")};
    }
    return {};
}

/// Beside what is open for use, at the height of the frame in it: right or left, or first below or above where that is wide;
/// else in the lower corner.
ImVec2 card_at(const Pointed& pointed, ImVec2 size, ImVec2 screen, float s) {
    const float edge = 12 * s, away = tip_room * s;
    const Rect &open = pointed.open.front(), &frame = pointed.frame;
    const ImVec2 high = high_of(open);
    const auto within = [&](ImVec2 at) {
        return ImVec2{std::clamp(at.x, edge, std::max(edge, screen.x - size.x - edge)),
                      std::clamp(at.y, edge, std::max(edge, screen.y - size.y - edge))};
    };
    const float x = frame.at.x + frame.size.x / 2 - size.x / 2, y = frame.at.y + frame.size.y / 2 - size.y / 2;
    std::vector<ImVec2> wanted = {
        {high.x + away, y}, {open.at.x - away - size.x, y}, {x, high.y + away}, {x, open.at.y - away - size.y}};
    if (open.size.x > 2 * open.size.y) std::rotate(wanted.begin(), wanted.begin() + 2, wanted.end());
    for (const ImVec2 one : wanted) {
        const ImVec2 at = within(one);
        const bool beside = at.x >= high.x || at.x + size.x <= open.at.x || at.y >= high.y || at.y + size.y <= open.at.y;
        if (beside) return at;
    }
    return within({screen.x, screen.y});
}

/// All of the screen but these.
std::vector<Rect> around(const std::vector<Rect>& open, ImVec2 screen) {
    std::vector<Rect> left = {{{0, 0}, screen}};
    for (const Rect& hole : open) {
        std::vector<Rect> parts;
        for (const Rect& r : left) {
            const ImVec2 low = r.at, high = high_of(r);
            const ImVec2 from{std::clamp(hole.at.x, low.x, high.x), std::clamp(hole.at.y, low.y, high.y)};
            const ImVec2 to{std::clamp(high_of(hole).x, low.x, high.x), std::clamp(high_of(hole).y, low.y, high.y)};
            const auto add = [&](float x, float y, float x2, float y2) {
                if (x2 - x >= 1 && y2 - y >= 1) parts.push_back({{x, y}, {x2 - x, y2 - y}});
            };
            if (to.x <= from.x || to.y <= from.y) {
                parts.push_back(r);
                continue;
            }
            add(low.x, low.y, high.x, from.y);
            add(low.x, to.y, high.x, high.y);
            add(low.x, from.y, from.x, to.y);
            add(to.x, from.y, high.x, to.y);
        }
        left = std::move(parts);
    }
    return left;
}

/// Dims the rest, where a click does nothing: true if it got one. So many windows always, as a new one would lie over the card.
bool dim_around(const Ui& ui, const std::vector<Rect>& open, ImVec2 screen) {
    bool clicked = false;
    constexpr std::size_t windows = 16;  // more parts than two holes leave
    std::vector<Rect> parts = around(open, screen);
    parts.resize(windows, {{-2, -2}, {1, 1}});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
    for (std::size_t i = 0; i < windows; ++i)
        clicked |= scrim(ui, fmt::format("beside the tour {}", i).c_str(), parts[i].at, parts[i].size);
    ImGui::PopStyleVar();
    return clicked;
}

/// A frame in the colour of what is under discussion, and the card's corner that points to it.
void point_at(const Ui& ui, const Rect& frame, const Rect& card) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float s = ui.s, out = 3 * s, tip = 8 * s;
    const ImU32 color = ui.color(ui.theme.selection);
    list.PushClipRectFullScreen();
    const Rect around_it = grown(frame, out);
    list.AddRect(around_it.at, high_of(around_it), color, 8 * s, 0, 2 * s);
    const ImVec2 high = high_of(frame), card_high = high_of(card);
    const float x = std::clamp(frame.at.x + frame.size.x / 2, card.at.x + 2 * tip, card_high.x - 2 * tip);
    const float y = std::clamp(frame.at.y + frame.size.y / 2, card.at.y + 2 * tip, card_high.y - 2 * tip);
    if (card.at.y >= high.y)
        list.AddTriangleFilled({x - tip, card.at.y}, {x + tip, card.at.y}, {x, card.at.y - tip}, color);
    else if (card_high.y <= frame.at.y)
        list.AddTriangleFilled({x + tip, card_high.y}, {x - tip, card_high.y}, {x, card_high.y + tip}, color);
    else if (card.at.x >= high.x)
        list.AddTriangleFilled({card.at.x, y + tip}, {card.at.x, y - tip}, {card.at.x - tip, y}, color);
    else if (card_high.x <= frame.at.x)
        list.AddTriangleFilled({card_high.x, y - tip}, {card_high.x, y + tip}, {card_high.x + tip, y}, color);
    list.PopClipRect();
}

std::vector<std::string> lines_in(const Ui& ui, const std::string& text, double room) {
    ui.fonts.need(text);
    const ScreenTextMeasure measure(ui.fonts);
    return wrapped(text, room, [&](const std::string& t) { return measure.width(t, 15, Font::ui); });
}

/// How far the tour is, its title, and the ways on and out.
void card_content(const Ui& ui, AppState& state, Controller& act, const Words& words, const std::vector<std::string>& lines,
                  const Rect& card) {
    const float s = ui.s, left = card.at.x + card_padding * s, right = high_of(card).x - card_padding * s;
    const auto at = static_cast<std::size_t>(*state.tour.step);
    float y = card.at.y + card_padding * s;
    const std::string count = fmt::format("{} / {}", at + 1, tour_steps);
    const float count_width = static_cast<float>(ScreenTextMeasure(ui.fonts).width(count, 13, Font::ui)) * s;
    ImGui::SetCursorScreenPos({left, y});
    label(ui, words.title, ui.theme.text, 15, Font::ui, right - left - count_width - 8 * s);
    ImGui::SetCursorScreenPos({right - count_width, y + 2 * s});
    label(ui, count, ui.theme.secondary, 13);
    y += card_title * s;
    for (const std::string& line : lines) {
        ImGui::SetCursorScreenPos({left, y});
        label(ui, line, ui.theme.secondary, 15);
        y += card_line * s;
    }
    y += 10 * s;
    const bool last = at + 1 == tour_steps;
    const std::string onward = last ? tr("Done") : tr_in("a step of the tour", "Next →"),
                      before = tr_in("a step of the tour", "← Back"), out = tr("Leave the tour");
    const auto press = [&](const char* id, const std::string& text, float x, ButtonKind kind, const std::string& tip) {
        ImGui::SetCursorScreenPos({x, y});
        const bool pressed = button(ui, id, text, kind, button_width(ui, text), tip, buttons_height * s);
        note_place(state, id);
        return pressed;
    };
    const float next_at = right - button_width(ui, onward), back_at = next_at - 8 * s - button_width(ui, before);
    const bool leave = press("tour leave", out, left - 12 * s, ButtonKind::quiet, "Esc");
    const bool back = at > 0 && press("tour back", before, back_at, ButtonKind::plain, "←");
    const bool next = press("tour next", onward, next_at, ButtonKind::primary, "Space →");
    if (leave) act.tour().leave();
    if (back) act.tour().back();
    if (next) act.tour().next();
}

}  // namespace

void tour(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    if (!act.tour().on_screen()) return;
    const float s = ui.s;
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    std::optional<Pointed> pointed = pointed_at(state, layout);
    bring_into_sight(state, layout, pointed);
    if (!pointed) pointed = Pointed{layout.stage, {layout.stage}};
    for (Rect& open : pointed->open) open = grown(open, 3 * s);
    if (state.tour.done_at) pointed->open.push_back({{0, 0}, screen});  // what came of it is seen
    const bool clicked = dim_around(ui, pointed->open, screen);
    const Words words = words_of(state, has_inspector(layout));
    const float width = std::min(card_width * s, screen.x - 24 * s);
    const std::vector<std::string> lines = lines_in(ui, words.text, static_cast<double>(width / s - 2 * card_padding));
    const float height =
        (2 * card_padding + card_title + 10 + buttons_height) * s + card_line * s * static_cast<float>(lines.size());
    const Rect card{card_at(*pointed, {width, height}, screen, s), {width, height}};
    ImGui::SetNextWindowPos(card.at);
    ImGui::SetNextWindowSize(card.size);
    // A dimmed part that is clicked comes to the front when the frame has ended, and what has the keyboard in it keeps it.
    if (std::exchange(state.tour.raise, clicked)) ImGui::SetNextWindowFocus();
    ImGui::PushStyleColor(ImGuiCol_WindowBg, ui.vec(ui.theme.panel));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    ImGui::Begin("tour", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoNavInputs);
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
    state.places["tour"] = {card.at.x, card.at.y, card.size.x, card.size.y};
    state.places["tour frame"] = {pointed->frame.at.x, pointed->frame.at.y, pointed->frame.size.x, pointed->frame.size.y};
    point_at(ui, pointed->frame, card);
    card_content(ui, state, act, words, lines, card);
    ImGui::End();
}

// --- the band of the first scene ---

namespace {

struct BandLayout {
    std::vector<std::string> lines;
    bool beside = false;  // the buttons stand beside the text
    float height = 0;     // px
};

float band_buttons(const Ui& ui, const TextsIn& in) {
    return button_width(ui, in.tr("Take the tour")) + (8 + 32) * ui.s;
}

/// What the scene says holds for its own sentence.
std::string band_text(const AppState& state, const Controller& act) {
    if (act.tour().as_it_was()) return shown_point(state, act, state.lesson.scene).text;
    return TextsIn(state.view.language)
        .tr("Now it is yours. Point at a cell for its weight, click it for where that comes from, drag it to change it.");
}

BandLayout band_layout(const Ui& ui, const AppState& state, const Controller& act, float width) {
    const float s = ui.s, room = width - 2 * 20 * s, buttons = band_buttons(ui, TextsIn(state.view.language));
    BandLayout band;
    band.beside = room - buttons >= band_beside * s;
    const float text = band.beside ? room - buttons - 24 * s : room;
    band.lines = lines_in(ui, band_text(state, act), static_cast<double>(text / s));
    const float lines = card_line * static_cast<float>(band.lines.size());
    band.height = (2 * band_padding + (band.beside ? std::max(lines, buttons_height) : lines + 8 + buttons_height)) * s;
    return band;
}

}  // namespace

float first_scene_height(const Ui& ui, const AppState& state, const Controller& act, float width) {
    return act.tour().shows_band() && width > 0 ? band_layout(ui, state, act, width).height : 0;
}

void first_scene_band(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s;
    const TextsIn in(state.view.language);
    const BandLayout band = band_layout(ui, state, act, place.size.x);
    begin_panel(ui, "first scene", place.at, place.size, ui.theme.panel, {0, 0}, false);
    edge(ui, place.at, {place.at.x + place.size.x, place.at.y});
    state.places["first scene"] = {place.at.x, place.at.y, place.size.x, place.size.y};
    float y = place.at.y + band_padding * s;
    if (band.beside) y = place.at.y + (place.size.y - card_line * s * static_cast<float>(band.lines.size())) / 2;
    for (const std::string& line : band.lines) {
        ImGui::SetCursorScreenPos({place.at.x + 20 * s, y});
        label(ui, line, ui.theme.text, 15);
        y += card_line * s;
    }
    const float wide = band_buttons(ui, in);
    const float x = band.beside ? place.at.x + place.size.x - 20 * s - wide : place.at.x + 20 * s;
    y = band.beside ? place.at.y + (place.size.y - buttons_height * s) / 2 : y + 8 * s;
    ImGui::SetCursorScreenPos({x, y});
    const std::string take = in.tr("Take the tour");
    const ButtonKind kind = state.view.tour_seen ? ButtonKind::plain : ButtonKind::primary;
    const bool taken = button(ui, "take the tour", take, kind, button_width(ui, take),
                              tr("The window in five steps; Esc leaves it"), buttons_height * s);
    note_place(state, "take the tour");
    ImGui::SameLine(0, 8 * s);
    const bool closed = button(ui, "close first scene", "×", ButtonKind::quiet, 32 * s, tr("Dismiss"), buttons_height * s);
    note_place(state, "close first scene");
    end_panel();
    if (taken) act.tour().start();
    if (closed) act.tour().close_band();
}

}  // namespace saccade
