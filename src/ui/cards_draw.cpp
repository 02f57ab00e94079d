#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "trace/untouched.hpp"
#include "ui/card_part.hpp"
#include "ui/card_scene.hpp"
#include "ui/cards.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/lit.hpp"
#include "viz/derived.hpp"
#include "viz/difference.hpp"
#include "viz/layout.hpp"
#include "viz/masked.hpp"
#include "viz/view_options_applicable.hpp"

namespace saccade {

namespace {

std::size_t side_of(CardOf of) {
    return of == CardOf::b ? 1 : 0;
}

const Trace* trace_of(const AppState& state, CardOf of) {
    return of == CardOf::difference ? state.document.difference.get() : state.document.sides[side_of(of)].trace();
}

/// A card that has the whole stage in Present is written for the back row: the larger, the more room it has. One that shares it
/// keeps its size.
double text_scale(const AppState& state, const Exhibit& e, double width, double height) {
    constexpr double least = 1.25, most = 2.5, usual_width = 720, usual_height = 420;
    if (!state.present.on || views_of(state, e, 0).size() != 1) return 1;
    return std::clamp(std::min(width / usual_width, height / usual_height), least, most);
}

ViewState view_state(const AppState& state, const Exhibit& e, const ViewPlacement& placement, const Ui& ui, ImVec2 size,
                     CardOf of) {
    ViewState view_of;
    view_of.view = placement.view;
    view_of.tensor = placement.tensor;
    view_of.selected = state.document.stage.selected;
    view_of.hovered = state.document.stage.hovered;
    view_of.step = state.document.stage.step;
    view_of.step_axis = e.step_axis;
    view_of.theme = state.view.theme;
    view_of.scale = state.view.scale;
    view_of.options = state.document.options;
    if (const Trace* trace = trace_of(state, of))
        view_of.options = applicable(view_of.options, option_facts(*trace, placement.tensor));
    view_of.memo = state.memo.get();
    view_of.width = static_cast<double>(size.x / ui.s);
    view_of.height = static_cast<double>(size.y / ui.s);
    view_of.decorations = false;
    view_of.text_scale = text_scale(state, e, view_of.width, view_of.height);
    if (of != CardOf::difference) return view_of;
    // The view's own choice is made by role, which a difference does not have: that of A.
    if (view_of.tensor.empty() && state.document.sides[0].trace() != nullptr)
        view_of.tensor = tensor_for(view(placement.view), *state.document.sides[0].trace(), view_of).info.name;
    return difference_state(view_of, {state.document.difference_of[0].get(), state.document.difference_of[1].get()});
}

/// Where the grids of the frame are, for tests: "heatmap", "heatmap B", "heatmap difference"; the first of each.
void note_grid(const Ui& ui, AppState& state, const Figure& figure, ImVec2 origin, CardOf of) {
    const char* names[] = {"heatmap", "heatmap B", "heatmap difference"};
    const std::string name = names[static_cast<int>(of)];
    for (const HitRegion& region : figure.regions) {
        if (region.row_axis < 0 || region.col_axis < 0 || region.cols < 2 || state.grids.count(name) != 0) continue;
        const auto px = [&](double v) { return static_cast<float>(v) * ui.s; };
        state.places[name] = {origin.x + px(region.box.x), origin.y + px(region.box.y), px(region.box.w), px(region.box.h)};
        state.grids[name] = {region.rows, region.cols};
    }
    for (const HitRegion& region : figure.regions) {
        if (!region.editable || region.px_per_unit <= 0 || of == CardOf::difference) continue;
        const auto px = [&](double v) { return static_cast<float>(v) * ui.s; };
        const std::string bars = of == CardOf::b ? "bars B" : "bars";
        if (!state.grids.try_emplace(bars, std::array<Index, 2>{region.rows, region.cols}).second) continue;
        state.places[bars] = {origin.x + px(region.box.x), origin.y + px(region.box.y), px(region.box.w), px(region.box.h)};
    }
}

Rect on_screen(const Ui& ui, const Box& box, ImVec2 origin) {
    const auto px = [&](double v) { return static_cast<float>(v) * ui.s; };
    return {{origin.x + px(box.x), origin.y + px(box.y)}, {px(box.w), px(box.h)}};
}

/// The place under the mouse that can be dragged; null if there is none.
const PlaceHandle* handle_at(const Ui& ui, const Figure& figure, ImVec2 origin) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const Point at{static_cast<double>((mouse.x - origin.x) / ui.s), static_cast<double>((mouse.y - origin.y) / ui.s)};
    const auto found = std::find_if(figure.handles.rbegin(), figure.handles.rend(),
                                    [&](const PlaceHandle& handle) { return handle.grip.contains(at); });
    return found == figure.handles.rend() ? nullptr : &*found;
}

/// Where places can be dragged, for tests: "place 3" of the first such figure, by the number of its cell, and
/// "control_points 3" by its tensor.
void note_handles(const Ui& ui, AppState& state, const Figure& figure, ImVec2 origin, CardOf of) {
    for (const PlaceHandle& handle : figure.handles) {
        const Rect grip = on_screen(ui, handle.grip, origin);
        const std::string name = fmt::format("place {}{}", handle.x.index.front() + 1, of == CardOf::b ? " B" : "");
        const std::array<float, 4> at{grip.at.x, grip.at.y, grip.size.x, grip.size.y};
        state.places.try_emplace(name, at);
        state.places[handle.x.tensor + name.substr(name.find(' '))] = at;
    }
}

/// Where a click picks a value of a parameter, for tests: "hypothesis=2".
void note_picks(const Ui& ui, AppState& state, const Exhibit& e, const Trace& trace, const Figure& figure, ImVec2 origin) {
    for (const Pick& pick : e.picks) {
        const TraceTensor* tensor = trace.find(pick.tensor);
        for (const HitRegion& region : figure.regions) {
            const TraceTensor* of = trace.find(region.ref.tensor);
            if (tensor == nullptr || of == nullptr || region.row_axis >= 0 || region.col_axis >= 0 ||
                of->info.axes != tensor->info.axes)
                continue;
            const float value = tensor->values.at(region.ref.index);
            if (!(value > 0)) continue;
            const auto px = [&](double v) { return static_cast<float>(v) * ui.s; };
            state.places[fmt::format("{}={:.0f}", pick.param, value)] = {
                origin.x + px(region.box.x), origin.y + px(region.box.y), px(region.box.w), px(region.box.h)};
        }
    }
}

/// What is drawn stays within the box, as long as this lives.
class Clip {
 public:
    Clip(ImDrawList& list, ImVec2 low, ImVec2 high) : list_(list) { list_.PushClipRect(low, high, true); }
    ~Clip() { list_.PopClipRect(); }
    Clip(const Clip&) = delete;
    Clip& operator=(const Clip&) = delete;

 private:
    ImDrawList& list_;
};

/// "0.61", or nothing if the trace has no such cell.
std::optional<float> value_at(const Trace* trace, const CellRef& ref, Reuse* memo) try {
    const auto held = trace != nullptr ? trace_with(*trace, ref.tensor, memo) : nullptr;
    const TraceTensor* tensor = held ? held->find(ref.tensor) : nullptr;
    if (tensor == nullptr || ref.index.size() != tensor->info.axes.size()) return std::nullopt;
    for (std::size_t a = 0; a < ref.index.size(); ++a)
        if (ref.index[a] < 0 || ref.index[a] >= tensor->info.axes[a]->extent) return std::nullopt;
    return tensor->values.at(ref.index);
} catch (const Error&) {
    return std::nullopt;  // the analysis cannot be computed for this run
}

/// "token 12: the", or of a part without names "query 101", of blocks "query 101–132".
/// `by_kind`: "query 12: the", where another axis has its name.
std::string place_text(const Axis& axis, Index at, bool by_kind) {
    const bool numbered = axis.labels.empty() || (axis.part.whole > 0 && axis.whole_labels().empty());
    const std::string name = by_kind ? tr(to_string(axis.kind)) : short_name(axis);
    if (axis.part.each > 1) return fmt::format("{} {}", name, axis.label(at));
    return fmt::format("{} {}", name, axis.at(at) + 1) + (numbered ? "" : ": " + axis.label(at));
}

/// `part`: of a map that is dragged as a whole.
std::string cell_text(const AppState& state, const Trace& trace, const Hit& hit, CardOf of, bool part) {
    Reuse* memo = state.memo.get();
    const auto held = trace_with(trace, hit.ref.tensor, memo);
    const TraceTensor* tensor = held->find(hit.ref.tensor);
    if (tensor == nullptr) return {};
    std::string text = tensor->info.title.empty() ? tensor->info.name : tr_composed(tensor->info.title);
    const auto& axes = tensor->info.axes;
    const auto shares_name = [&](const AxisPtr& axis) {
        return std::ranges::count_if(axes, [&](const AxisPtr& one) { return short_name(*one) == short_name(*axis); }) > 1;
    };
    for (std::size_t a = 0; a < hit.ref.index.size() && a < axes.size(); ++a)
        if (hit.ref.index[a] >= 0) text += "\n" + place_text(*axes[a], hit.ref.index[a], shares_name(axes[a]));
    const std::string change = part ? tr("Shift + drag to change") : tr("drag to change");
    const auto number = [](std::optional<float> v) {
        return !v ? tr("none") : std::isfinite(*v) ? value_text(*v) : tr("masked");
    };
    if (!state.document.comparing) {
        const bool masked = HiddenCells(*held, *tensor, memo)(hit.ref.index);
        if (const auto value = value_at(&trace, hit.ref, memo))
            text += "\n" + number(value) + (masked ? ", " + tr("masked") : "") +
                    (hit.editable && !state.document.hand.mask.on ? "   " + change : "");
        if (const std::string before = untouched_name(hit.ref.tensor); trace.find(before) != nullptr)
            if (const auto was = value_at(&trace, {before, hit.ref.index}, memo))
                text += "\n" + tr("{} if nothing were changed by hand", number(was));
        return text;
    }
    const auto a = value_at(state.document.sides[0].trace(), hit.ref, memo),
               b = value_at(state.document.sides[1].trace(), hit.ref, memo);
    if (!a && !b) return text;
    text += "\nA " + number(a) + "   B " + number(b);
    if (a && b && std::isfinite(*a) && std::isfinite(*b)) text += fmt::format("   B − A {:+.4f}", *b - *a);
    if (hit.editable && !state.document.hand.mask.on && of != CardOf::difference) text += "\n" + change;
    return text;
}

/// The button is down on the figure: what it took hold of follows. False: nothing does.
bool dragged(const Ui& ui, AppState& state, Controller& act, const ScenePicture& picture, const PartOfMap& part) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (state.document.hand.drag.active) {
        act.hand().drag_weight(mouse.y);
        ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
        const TraceTensor* tensor =
            state.document.trace() != nullptr ? state.document.trace()->find(state.document.hand.drag.cell.tensor) : nullptr;
        const bool row = tensor != nullptr && tensor->info.role == Role::weights;
        tooltip(ui, row ? tr("drag up or down; the row keeps its sum of 1") : tr("drag up or down"));
        return true;
    }
    if (state.document.hand.place.active) {
        act.hand().drag_place(mouse.x, mouse.y);
        ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
        return true;
    }
    if (part.drag() || picture.drag()) return true;
    if (!picture.pulls_photograph()) return false;
    ImGui::SetMouseCursor(ImGuiMouseCursor_NotAllowed);
    tooltip(ui, tr("A photograph has no shapes to move: the scene maker draws some that have"));
    return true;
}

/// The button goes down: the cell is selected, and the map, the shape or the weight under the mouse is taken hold of.
void press(const Ui& ui, AppState& state, Controller& act, const ScenePicture& picture, const PartOfMap& part,
           const std::optional<Hit>& hit, CardOf of, const PlaceHandle* handle, ImVec2 origin) {
    if (part.press_twice() || part.press_whole()) return;
    if (hit) act.select_on(of == CardOf::difference ? state.document.focus : side_of(of), hit->ref);
    if (of == CardOf::difference) {
        part.press_map();
        return;
    }
    if (state.document.hand.mask.on) {
        if (hit) act.hand().begin_mask_stroke(hit->ref);
        return;
    }
    if (handle != nullptr) {
        const Rect box = on_screen(ui, handle->picture, origin);
        return act.hand().begin_place_drag(*handle, {box.at.x, box.at.y, box.size.x, box.size.y}, ImGui::GetIO().MousePos.x,
                                           ImGui::GetIO().MousePos.y);
    }
    if (part.press_map() || picture.press() || !hit || !hit->editable) return;
    const float px_for_one = hit->px_per_unit > 0 ? static_cast<float>(hit->px_per_unit) * ui.s : 160 * ui.s;
    act.hand().begin_weight_drag(hit->ref, ImGui::GetIO().MousePos.y, px_for_one);
}

/// Hover, click and drag on a figure.
void interact(const Ui& ui, AppState& state, Controller& act, const Figure& figure, ImVec2 origin, ImVec2 size,
              const std::string& id, CardOf of) {
    ImGui::SetCursorScreenPos(origin);
    ImGui::InvisibleButton(id.c_str(), size);
    const ScenePicture picture(ui, state, act, side_of(of), figure, origin);
    const PartOfMap part(ui, state, act, side_of(of), figure, origin, of == CardOf::difference);
    const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered(), clicked = ImGui::IsItemClicked();
    picture.draw_outlines(hovered && of != CardOf::difference);
    if (active && !clicked && dragged(ui, state, act, picture, part)) return;
    if (!hovered) return;
    state.pointed = true;
    const Trace& trace = *trace_of(state, of);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const std::optional<Hit> hit =
        figure.hit({static_cast<double>((mouse.x - origin.x) / ui.s), static_cast<double>((mouse.y - origin.y) / ui.s)});
    const PlaceHandle* handle = of == CardOf::difference ? nullptr : handle_at(ui, figure, origin);
    if (clicked) return press(ui, state, act, picture, part, hit, of, handle, origin);  // may have asked for another run
    act.stage().hover(hit ? hit->ref : CellRef{}, &trace);
    if (active && state.document.hand.mask.stroke && hit) return act.hand().extend_mask_stroke(hit->ref);
    const std::string shape = of == CardOf::difference ? std::string() : picture.hover();
    part.hover();
    std::string text = hit ? cell_text(state, trace, *hit, of, part.is_cut()) : std::string();
    if (handle != nullptr) {
        ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
        text += (text.empty() ? "" : "\n") + handle->tip;
    }
    if (!shape.empty()) text += (text.empty() ? "" : "\n") + shape;
    tooltip(ui, text);
}

/// A and B as small badges before the title of a card; the one in focus is filled.
void badge(const Ui& ui, const AppState& state, CardOf of, ImVec2 at) {
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool focused = of != CardOf::difference && state.document.focus == side_of(of);
    const float width = of == CardOf::difference ? 44 * s : 20 * s;
    list.AddRectFilled(at, {at.x + width, at.y + 18 * s}, ui.color(focused ? ui.theme.accent : ui.theme.raised), 5 * s);
    const char* text = of == CardOf::a ? "A" : of == CardOf::b ? "B" : "B − A";
    ImFont* font = ui.fonts.face(Font::ui, 13);
    const float size = compat::font_size(*font);
    const ImVec2 extent = font->CalcTextSizeA(size, 1e9f, 0, text);
    const Color ink = focused ? (ui.theme.dark ? ui.theme.background : ui.theme.panel) : ui.theme.secondary;
    list.AddText(font, size, {at.x + (width - extent.x) / 2, at.y + 9 * s - extent.y / 2}, ui.color(ink), text);
}

/// A quiet button at the upper right corner, while the mouse is over the card: the card alone on the stage, and back.
bool enlarge_button(const Ui& ui, AppState& state, Controller& act, const ViewPlacement& placement, const Rect& place,
                    const std::string& id) {
    const float s = ui.s;
    const bool enlarged = state.document.stage.enlarged == card_key(placement);
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    const ImVec2 at(high.x - 34 * s, place.at.y + 7 * s);
    ImGui::SetCursorScreenPos(at);
    const bool clicked = ImGui::InvisibleButton(("enlarge" + id).c_str(), {26 * s, 26 * s});
    ui.stop();
    const bool lit = ImGui::IsItemHovered() || ui.tabs.focused();
    note_place(state, "enlarge " + card_key(placement));
    // Where Tab goes through them in Present, no tip lies over what the class is shown.
    if (lit && (ImGui::IsItemHovered() || !state.present.on))
        tooltip(ui, enlarged ? tr("Back to all views (Esc)") : tr("Show this view alone"));
    const bool over = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(place.at, high);
    if (!over && !lit && !enlarged) return false;
    // Two corners that point out, or in.
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImU32 ink = ui.color(lit ? ui.theme.text : ui.theme.faint);
    const ImVec2 c(at.x + 13 * s, at.y + 13 * s);
    const float r = 5 * s, arm = 4 * s, w = 1.4f * s;
    for (const float sign : {-1.0f, 1.0f}) {
        const ImVec2 tip =
            enlarged ? ImVec2(c.x + sign * 1.5f * s, c.y - sign * 1.5f * s) : ImVec2(c.x + sign * r, c.y - sign * r);
        const float back = enlarged ? sign * arm : -sign * arm;
        list.AddLine(tip, {tip.x + back, tip.y}, ink, w);
        list.AddLine(tip, {tip.x, tip.y - back}, ink, w);
    }
    if (clicked) act.stage().enlarge(enlarged ? std::string() : card_key(placement));
    return true;
}

/// Back to all of a map, at the upper right of its card; where it begins.
float all_button(const Ui& ui, AppState& state, Controller& act, ImVec2 right, const std::string& id, CardOf of) {
    const std::string text = tr("Show all");
    const float width = button_width(ui, text), left = right.x - width;
    ImGui::SetCursorScreenPos({left, right.y});
    if (button(ui, ("all" + id).c_str(), text, ButtonKind::quiet, width, tr("Back to all of it (Home, or a double click)"),
               24 * ui.s)) {
        act.comparison().focus_on(side_of(of));
        act.part().show_all();
    }
    note_place(state, of == CardOf::b ? "show all B" : "show all");
    return left - 6 * ui.s;
}

/// What can be done by hand on this card, after its subtitle.
std::string hand_hint(const AppState& state, Controller& act, const Figure& figure, CardOf of) {
    if (of == CardOf::difference || state.document.hand.mask.on) return {};
    if (!figure.image_places.empty() && shows_shapes(state, act, side_of(of))) return tr("drag a shape, the map follows");
    if (!figure.handles.empty()) return tr("drag a place");
    const bool bars = std::any_of(figure.regions.begin(), figure.regions.end(),
                                  [](const HitRegion& region) { return region.editable && region.px_per_unit > 0; });
    return bars ? tr("drag a bar to change it") : "";
}

bool is_dimmed(const AppState& state, CardOf of) {
    if (of == CardOf::difference) return is_dimmed(state.document.sides[0]) || is_dimmed(state.document.sides[1]);
    return is_dimmed(state.document.sides[side_of(of)]);
}

}  // namespace

bool is_dimmed(const Side& side) {
    const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - side.asked_at).count();
    return side.trace() != nullptr && ((side.stale() && waited > 0.1) || (side.problem && !side.running));
}

void card(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ViewPlacement& placement, const Rect& place,
          const std::string& id, CardOf of) {
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    if (!ImGui::IsRectVisible(place.at, high)) return;
    card_ground(ui, place.at, high);
    state.places.try_emplace("card", std::array<float, 4>{place.at.x, place.at.y, place.size.x, place.size.y});
    const ImVec2 inner(place.at.x + 14 * s, place.at.y + 38 * s);
    const ImVec2 size(place.size.x - 28 * s, place.size.y - 50 * s);
    std::string title, subtitle, problem;
    bool cut = false;  // a part of a map
    if (size.x > 40 * s && size.y > 30 * s && trace_of(state, of) != nullptr) {
        try {
            const View& v = view(placement.view);
            Figure figure =
                v.layout(*trace_of(state, of), view_state(state, e, placement, ui, size, of), ScreenTextMeasure(ui.fonts));
            light_tokens(state, act, *trace_of(state, of), figure);
            title = figure.title.empty() ? tr(v.title()) : tr_composed(figure.title);
            subtitle = tr_composed(figure.subtitle);
            if (const std::string hint = hand_hint(state, act, figure, of); !hint.empty())
                subtitle += (subtitle.empty() ? "" : " · ") + hint;
            {
                const Clip clip(list, place.at, high);
                ui.canvas.draw(figure, inner);
            }
            note_grid(ui, state, figure, inner, of);
            if (of != CardOf::difference) note_handles(ui, state, figure, inner, of);
            if (of != CardOf::difference) note_picks(ui, state, e, *trace_of(state, of), figure, inner);
            cut = std::ranges::any_of(figure.parts, &PartPlace::is_cut);
            interact(ui, state, act, figure, inner, size, id, of);
        } catch (const Error& error) {
            // Of two runs beside each other one may have what the other's settings leave out.
            problem = state.document.comparing && error.code() == ErrorCode::not_found
                          ? tr("This side's settings leave it out.")
                          : shown_line(error);
        } catch (const std::bad_alloc& error) {
            problem = shown_line(as_error(error));  // of this card's figure: the others may have room
        }
    }
    float left = place.at.x + 14 * s;
    if (state.document.comparing) {
        badge(ui, state, of, {left, place.at.y + 11 * s});
        left += of == CardOf::difference ? 54 * s : 30 * s;
    }
    ImGui::SetCursorScreenPos({left, place.at.y + 12 * s});
    const bool corner = of != CardOf::difference && state.document.exhibit().views.size() > 1 &&
                        enlarge_button(ui, state, act, placement, place, id);
    float edge_x = high.x - (corner ? 38 : 14) * s;
    if (cut && of != CardOf::difference) edge_x = all_button(ui, state, act, {edge_x, place.at.y + 8 * s}, id, of);
    const float room = edge_x - left;
    ImGui::SetCursorScreenPos({left, place.at.y + 12 * s});
    label(ui, title.empty() ? tr(view(placement.view).title()) : title, ui.theme.secondary, 13, Font::ui, room);
    if (ImGui::IsItemHovered()) tooltip(ui, tr(view(placement.view).explains()));
    const float after = ImGui::GetItemRectMax().x + 10 * s;
    if (!subtitle.empty() && edge_x - after > 60 * s) {
        ImGui::SetCursorScreenPos({after, place.at.y + 12 * s});
        label(ui, subtitle, ui.theme.secondary, 13, Font::ui, edge_x - after);
    }
    if (!problem.empty()) {
        ImGui::SetCursorScreenPos(inner);
        label(ui, problem, ui.theme.secondary, 13, Font::ui, size.x);
    }
    if (const std::vector<std::string> lit = framed_cards(state);
        of != CardOf::difference && std::ranges::find(lit, card_key(placement)) != lit.end())
        list.AddRect(place.at, high, ui.color(ui.theme.selection), 10 * s, 0, 2 * s);
    if (is_dimmed(state, of)) list.AddRectFilled(place.at, high, ui.color(with_alpha(ui.theme.background, 0.55)), 10 * s);
}

}  // namespace saccade
