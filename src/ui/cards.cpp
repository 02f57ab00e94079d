#include "ui/cards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "base/translate.hpp"
#include "exhibit/output_words.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/lit.hpp"
#include "ui/param_widgets.hpp"
#include "ui/text_wrap.hpp"

namespace saccade {

namespace {

constexpr float least_width = 220;

/// Things in a line: what each takes of it by default, and the key under which a dragged share is kept.
struct Share {
    std::string key;
    double wanted = 1;
};

/// Their sizes, which fill `room` px without the gaps; none below `least` if that can be had.
std::vector<float> sizes(const AppState& state, const std::vector<Share>& shares, float room, float least) {
    std::vector<double> weights;
    double sum = 0;
    for (const Share& share : shares) {
        const auto dragged = state.view.shares.find(share.key);
        weights.push_back(dragged == state.view.shares.end() ? share.wanted : dragged->second);
        sum += weights.back();
    }
    const auto n = static_cast<float>(shares.size());
    least = std::min(least, room / n);
    float short_of = 0, above = 0;
    std::vector<float> result;
    for (const double weight : weights) {
        result.push_back(room * static_cast<float>(weight / sum));
        short_of += std::max(0.0f, least - result.back());
        above += std::max(0.0f, result.back() - least);
    }
    for (float& size : result) {
        if (size <= least)
            size = least;
        else if (above > 0)
            size -= short_of * (size - least) / above;
    }
    return result;
}

/// A handle between thing i and the next.
void splitter(AppState& state, const std::vector<Share>& shares, const std::vector<float>& now, std::size_t i, bool vertical,
              const Rect& place) {
    ImGui::SetCursorScreenPos(place.at);
    ImGui::InvisibleButton(("split" + shares[i].key).c_str(), {std::max(1.0f, place.size.x), std::max(1.0f, place.size.y)});
    if (ImGui::IsItemHovered() || ImGui::IsItemActive())
        ImGui::SetMouseCursor(vertical ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) {
        for (const Share& share : shares) state.view.shares.erase(share.key);
        return;
    }
    const float delta = vertical ? ImGui::GetIO().MouseDelta.x : ImGui::GetIO().MouseDelta.y;
    if (!ImGui::IsItemActive() || delta == 0) return;
    float room = 0;
    for (const float size : now) room += size;
    for (std::size_t k = 0; k < shares.size(); ++k) {
        const float moved = now[k] + (k == i ? delta : k == i + 1 ? -delta : 0);
        state.view.shares[shares[k].key] = std::clamp(static_cast<double>(moved / room), 0.05, 0.95);
    }
}

using Row = std::vector<ViewPlacement>;

std::vector<Row> rows_of(const std::vector<ViewPlacement>& views) {
    std::map<int, Row> rows;
    for (const ViewPlacement& v : views) rows[v.row].push_back(v);
    std::vector<Row> result;
    for (auto& [number, row] : rows) result.push_back(std::move(row));
    return result;
}

double height_of(const Row& row) {
    double height = 0;
    for (const ViewPlacement& v : row) height = std::max(height, static_cast<double>(v.height));
    return height;
}

/// Logical px below which a row cannot be read: maps of many heads are small pictures already.
float least_height(const Row& row) {
    constexpr float of_heads = 230;
    const bool heads = std::ranges::any_of(row, [](const ViewPlacement& v) { return v.view == "head-grid"; });
    return heads ? of_heads : least_card_height;
}

/// Rows that do not fit the width go on below.
std::vector<Row> rows_in(const Ui& ui, const std::vector<ViewPlacement>& views, float width) {
    const auto most = static_cast<std::size_t>(std::max(1.0f, (width + card_gap * ui.s) / ((least_width + card_gap) * ui.s)));
    std::vector<Row> rows;
    for (const Row& row : rows_of(views)) {
        const std::size_t lines = (row.size() + most - 1) / most;
        for (std::size_t line = 0; line < lines; ++line) {
            const std::size_t from = row.size() * line / lines, to = row.size() * (line + 1) / lines;
            rows.emplace_back(row.begin() + static_cast<std::ptrdiff_t>(from), row.begin() + static_cast<std::ptrdiff_t>(to));
        }
    }
    return rows;
}

bool compares_narrowly(const Ui& ui, float width) {
    return width < 3 * least_width * ui.s;
}

constexpr float compare_bar_height = 36, narrow_bar_height = 34;

std::string value_text(const ParamSpec& spec, const ParamValue& value) {
    if (std::holds_alternative<Tensor<float>>(value)) return tr("other numbers");
    if (spec.type == ParamType::integer || spec.type == ParamType::number) return number_field_text(spec, value);
    const std::string text = format_param(value);
    if (spec.type == ParamType::toggle) return std::get<bool>(value) ? tr("on") : tr("off");
    if (spec.type == ParamType::text) return "“" + text + "”";
    for (std::size_t i = 0; i < spec.choices.size() && i < spec.choice_titles.size(); ++i)
        if (spec.choices[i] == text) return tr(spec.choice_titles[i]);
    return text;
}

/// Above the cards: what is A and what is B, and what can be done with them.
void compare_bar(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place) {
    const float s = ui.s;
    const float buttons = 250 * s;
    const float half = (place.size.x - buttons) / 2;
    for (std::size_t i = 0; i < 2; ++i) {
        const float x = place.at.x + half * static_cast<float>(i);
        ImGui::SetCursorScreenPos({x, place.at.y});
        const bool focused = state.document.focus == i;
        if (button(ui, i == 0 ? "side A" : "side B", i == 0 ? "A" : "B", focused ? ButtonKind::primary : ButtonKind::plain,
                   34 * s, tr("The inspector shows and edits this one (Ctrl 1, Ctrl 2)"), 26 * s))
            act.comparison().focus_on(i);
        note_place(state, i == 0 ? "side A" : "side B");
        ImGui::SetCursorScreenPos({x + 44 * s, place.at.y + 5 * s});
        const float room = half - 56 * s;
        if (room < 30 * s) continue;
        std::string written;
        if (const Trace* trace = state.document.sides[i].trace())
            if (const auto found = trace->texts().find(e.output_text); found != trace->texts().end())
                written = output_in_language(e, in_one_line(found->second));
        const std::string apart = settings_apart(state, i);
        const std::string whole = written.empty() ? apart : apart + "  ·  " + written;
        const Color ink = focused ? ui.theme.text : ui.theme.secondary;
        ui.fonts.need(whole);
        const ScreenTextMeasure measure(ui.fonts);
        if (written.empty() || static_cast<float>(measure.width(whole, 13, Font::ui)) * s <= room) {
            label(ui, whole, ink, 13, Font::ui, room);
            continue;
        }
        ImGui::SetCursorScreenPos({x + 44 * s, place.at.y - 4 * s});
        label(ui, apart, ink, 12, Font::ui, room);
        ImGui::SetCursorScreenPos({x + 44 * s, place.at.y + 13 * s});
        label(ui, written, ink, 12, Font::ui, room);
    }
    ImGui::SetCursorScreenPos({place.at.x + place.size.x - buttons + 8 * s, place.at.y});
    if (button(ui, "linked", state.document.linked ? tr("Same inputs") : tr("Own inputs"),
               state.document.linked ? ButtonKind::primary : ButtonKind::plain, 104 * s,
               state.document.linked ? tr("Both have the same texts and numbers; click to let them differ")
                                     : tr("Each has its own texts and numbers; click to give both those of the one in focus"),
               26 * s))
        act.comparison().toggle_linked();
    note_place(state, "linked");
    ImGui::SameLine(0, 6 * s);
    if (button(ui, "swap", tr("Swap"), ButtonKind::plain, 60 * s, tr("A becomes B, B becomes A"), 26 * s))
        act.comparison().swap();
    note_place(state, "swap");
    ImGui::SameLine(0, 6 * s);
    if (button(ui, "close compare", tr("Close"), ButtonKind::quiet, 64 * s, tr("Only A (Ctrl B)"), 26 * s))
        act.comparison().toggle();
    note_place(state, "close compare");
}

/// One of A, B and the difference, where there is room for one only.
void narrow_compare(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place) {
    const float s = ui.s;
    ImGui::SetCursorScreenPos(place.at);
    const int clicked = segments(ui, "which", {"A", "B", "B − A"}, static_cast<int>(state.narrow), {},
                                 [&](int i) { note_place(state, "which" + std::to_string(i)); });
    if (clicked >= 0) {
        state.narrow = static_cast<std::size_t>(clicked);
        if (clicked < 2) act.comparison().focus_on(state.narrow);
    }
    ImGui::SetCursorScreenPos({place.at.x + 150 * s, place.at.y + 4 * s});
    const std::size_t shown = state.narrow < 2 ? state.narrow : state.document.focus;
    label(ui, (shown == 0 ? "A: " : "B: ") + settings_apart(state, shown), ui.theme.secondary, 13, Font::ui,
          std::max(30 * s, place.size.x - 150 * s));
    const float bar = narrow_bar_height * s;
    const Rect rest{{place.at.x, place.at.y + bar}, {place.size.x, place.size.y - bar}};
    const std::vector<ViewPlacement> views = views_of(state, e, 0);
    const ViewPlacement* main = main_view(views);
    if (state.narrow < 2)
        cards(ui, state, act, e, rest, state.narrow == 0 ? CardOf::a : CardOf::b);
    else if (main != nullptr)
        card(ui, state, act, e, *main, rest, "difference", CardOf::difference);
}

}  // namespace

std::string card_key(const ViewPlacement& placement) {
    return placement.view + "/" + placement.tensor;
}

namespace {

/// As views_of, whether one is enlarged or not.
std::vector<ViewPlacement> all_views_of(const AppState& state, const Exhibit& e, std::size_t side) {
    const Trace* trace = state.document.sides[side].trace();
    const std::vector<ViewPlacement> all_views = placements(e, state.document.sides[side].request.params);
    std::vector<ViewPlacement> result;
    const auto drawable = [&](const ViewPlacement& placement) {
        if (trace == nullptr) return true;
        const View& v = view(placement.view);
        const auto& all = trace->tensors();
        if (placement.tensor.empty())
            return std::any_of(all.begin(), all.end(), [&](const TraceTensor& t) { return v.accepts(*trace, t); });
        const TraceTensor* tensor = trace->find(placement.tensor);
        return tensor != nullptr && v.accepts(*trace, *tensor);
    };
    for (const ViewPlacement& placement : all_views)
        if (drawable(placement)) result.push_back(placement);
    return result.empty() ? all_views : result;  // they say why they draw nothing
}

}  // namespace

std::vector<ViewPlacement> views_of(const AppState& state, const Exhibit& e, std::size_t side) {
    const std::vector<ViewPlacement> result = all_views_of(state, e, side);
    for (const ViewPlacement& placement : result)
        if (card_key(placement) == state.document.stage.enlarged) return {placement};
    std::vector<ViewPlacement> seen;
    for (const ViewPlacement& placement : result)
        if (std::ranges::find(state.present.only, card_key(placement)) != state.present.only.end()) seen.push_back(placement);
    return seen.empty() ? result : seen;
}

std::string next_card_alone(const AppState& state) {
    const std::vector<ViewPlacement> all = all_views_of(state, state.document.exhibit(), 0);
    if (all.size() < 2) return {};
    const auto shown = std::ranges::find(all, state.document.stage.enlarged, card_key);
    if (shown == all.end()) return card_key(all.front());
    const auto next = std::find_if(shown, all.end(), [&](const auto& v) { return card_key(v) != card_key(*shown); });
    return next == all.end() ? std::string() : card_key(*next);
}

const ViewPlacement* main_view(const std::vector<ViewPlacement>& views) {
    const ViewPlacement* main = nullptr;
    for (const ViewPlacement& v : views)
        if (v.view == "heatmap" && main == nullptr) main = &v;
    if (main != nullptr) return main;
    for (const ViewPlacement& v : views)
        if (main == nullptr || v.height > main->height) main = &v;
    return main;
}

std::string settings_apart(const AppState& state, std::size_t i) {
    const RunRequest& one = state.document.sides[i].request;
    const RunRequest& other = state.document.sides[1 - i].request;
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "  ·  ") + part; };
    for (const ParamSpec& spec : exhibit(one.exhibit).params) {
        Params a, b;
        const auto value = one.params.has(spec.name) ? one.params.values().at(spec.name) : spec.fallback;
        a.set(spec.name, value);
        b.set(spec.name, other.params.has(spec.name) ? other.params.values().at(spec.name) : spec.fallback);
        if (a == b) continue;
        // A scene's value is long, a file's has its folders in it.
        const bool image = spec.type == ParamType::image;
        add(tr(spec.title) + " " + (image ? tr(state.document.pictures.facts[i].title) : value_text(spec, value)));
    }
    if (one.seed != other.seed) add(tr("seed {}", one.seed));
    if (one.weights_path != other.weights_path) add(one.weights_path.empty() ? tr("bundled weights") : one.weights_path);
    if (one.model != other.model) add(one.model ? tr("model in training") : tr("bundled model"));
    if (!(one.interventions == other.interventions))
        add(tr_count(one.interventions.size(), "{} intervention", "{} interventions"));
    return text.empty() ? tr("same settings") : text;
}

float cards_height(const Ui& ui, const AppState& state, const Exhibit& e, float width) {
    const float s = ui.s;
    const auto rows = [&](std::size_t n) { return static_cast<float>(n) * (least_card_height + card_gap) * s - card_gap * s; };
    const bool comparing = state.document.comparing;
    const std::size_t side = comparing && state.narrow == 1 ? 1 : 0;
    const std::vector<ViewPlacement> views = views_of(state, e, side);
    if (!comparing) {
        float height = -card_gap * s;
        for (const Row& row : rows_in(ui, views, width)) height += (least_height(row) + card_gap) * s;
        return height;
    }
    if (!compares_narrowly(ui, width)) return compare_bar_height * s + rows(views.size());
    return narrow_bar_height * s + rows(state.narrow < 2 ? rows_in(ui, views, width).size() : 1);
}

namespace {

/// Where they scroll, the row that wants most room is seen first.
void show_largest_first(std::vector<Row>& rows) {
    const auto most = std::ranges::max_element(rows, {}, height_of);
    if (most != rows.end()) std::rotate(rows.begin(), most, most + 1);
}

}  // namespace

float first_rows_height(const Ui& ui, const AppState& state, const Exhibit& e, float width, float room) {
    const float s = ui.s;
    if (state.document.comparing) return least_card_height * s;
    std::vector<Row> rows = rows_in(ui, views_of(state, e, 0), width);
    show_largest_first(rows);
    float height = 0;
    for (const Row& row : rows) {
        const float more = least_height(row) * s + (height > 0 ? card_gap * s : 0);
        if (height > 0 && height + more > room) break;
        height += more;
    }
    return std::max(height, 1.0f);
}

std::vector<std::string> cards_that_fit(const Ui& ui, const AppState& state, const Exhibit& e, float width, float room) {
    if (!state.present.on || state.document.comparing) return {};
    const LessonScene* scene = state.lesson.current();
    const std::vector<std::string> lit = framed_cards(state);
    if (scene != nullptr ? scene->request.exhibit != e.id : lit.empty()) return {};
    const std::vector<ViewPlacement> all = all_views_of(state, e, 0);
    const auto framed = [&](const ViewPlacement& v) { return std::ranges::find(lit, card_key(v)) != lit.end(); };
    std::vector<Row> rows = rows_in(ui, all, width);
    show_largest_first(rows);
    Row first;
    std::ranges::copy_if(all, std::back_inserter(first), framed);
    if (!first.empty()) rows.insert(rows.begin(), first);
    std::vector<std::string> seen;
    for (const Row& row : rows) {
        std::vector<std::string> more = seen;
        for (const ViewPlacement& v : row) more.push_back(card_key(v));
        std::vector<ViewPlacement> together;  // in their places, as they are drawn
        std::ranges::copy_if(all, std::back_inserter(together),
                             [&](const ViewPlacement& v) { return std::ranges::find(more, card_key(v)) != more.end(); });
        float height = -card_gap * ui.s;
        for (const Row& drawn : rows_in(ui, together, width)) height += (least_height(drawn) + card_gap) * ui.s;
        if (seen.empty() || height <= room) seen = std::move(more);
    }
    return seen;
}

void cards(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place, CardOf of) {
    const float g = card_gap * ui.s;
    const std::vector<ViewPlacement> views = views_of(state, e, of == CardOf::b ? 1 : 0);
    std::vector<Row> rows = rows_in(ui, views, place.size.x);
    if (state.scrolled) show_largest_first(rows);
    std::vector<Share> row_shares;
    for (std::size_t r = 0, line = 0; r < rows.size(); ++r) {
        const int number = rows[r].front().row;
        line = r > 0 && rows[r - 1].front().row == number ? line + 1 : 0;
        // Where they scroll each has what it needs, so that it is seen whole.
        row_shares.push_back({fmt::format("{}/row{}{}", e.id, number, std::string(line, '+')),
                              state.scrolled ? static_cast<double>(least_height(rows[r])) : height_of(rows[r])});
    }
    const auto gaps = [g](std::size_t n) { return g * static_cast<float>(n - 1); };
    const std::vector<float> heights = sizes(state, row_shares, place.size.y - gaps(rows.size()), least_card_height * ui.s);
    float y = place.at.y;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        std::vector<Share> shares;
        for (const ViewPlacement& v : rows[r])
            shares.push_back({fmt::format("{}/{}", row_shares[r].key, shares.size()), static_cast<double>(v.width)});
        const std::vector<float> widths = sizes(state, shares, place.size.x - gaps(rows[r].size()), least_width * ui.s);
        float x = place.at.x;
        for (std::size_t c = 0; c < rows[r].size(); ++c) {
            card(ui, state, act, e, rows[r][c], {{x, y}, {widths[c], heights[r]}}, fmt::format("card{}.{}", r, c), of);
            if (c + 1 < rows[r].size()) splitter(state, shares, widths, c, true, {{x + widths[c], y}, {g, heights[r]}});
            x += widths[c] + g;
        }
        if (r + 1 < rows.size())
            splitter(state, row_shares, heights, r, false, {{place.at.x, y + heights[r]}, {place.size.x, g}});
        y += heights[r] + g;
    }
}

void compared_cards(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place) {
    const float s = ui.s, g = card_gap * s;
    const std::vector<ViewPlacement> views = views_of(state, e, 0);
    const ViewPlacement* main = main_view(views);
    if (main == nullptr) return;
    if (compares_narrowly(ui, place.size.x)) return narrow_compare(ui, state, act, e, place);
    compare_bar(ui, state, act, e, place);
    const float bar = compare_bar_height * s, room = place.size.y - bar;
    // Each view becomes a row, A beside B; the main one has the difference too.
    std::vector<const ViewPlacement*> shown;
    for (const ViewPlacement& v : views) shown.push_back(&v);
    std::stable_sort(shown.begin(), shown.end(), [](const auto* a, const auto* b) { return a->row < b->row; });
    std::vector<Share> shares;
    for (const ViewPlacement* v : shown)
        shares.push_back({fmt::format("{}/compare/{}.{}.{}", e.id, v->row, v->view, v->tensor), v == main ? 0.55 : 0.3});
    const std::vector<float> heights =
        sizes(state, shares, room - g * static_cast<float>(shown.size() - 1), least_card_height * s);
    float y = place.at.y + bar;
    for (std::size_t r = 0; r < shown.size(); ++r) {
        const std::vector<CardOf> all = shown[r] == main ? std::vector<CardOf>{CardOf::a, CardOf::b, CardOf::difference}
                                                         : std::vector<CardOf>{CardOf::a, CardOf::b};
        const float width = (place.size.x - g * static_cast<float>(all.size() - 1)) / static_cast<float>(all.size());
        float x = place.at.x;
        for (const CardOf of : all) {
            card(ui, state, act, e, *shown[r], {{x, y}, {width, heights[r]}}, fmt::format("card{}.{}", r, static_cast<int>(of)),
                 of);
            x += width + g;
        }
        if (r + 1 < shown.size()) splitter(state, shares, heights, r, false, {{place.at.x, y + heights[r]}, {place.size.x, g}});
        y += heights[r] + g;
    }
}

}  // namespace saccade
