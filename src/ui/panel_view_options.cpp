#include "ui/panel_view_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/translate.hpp"
#include "exhibit/exhibit.hpp"
#include "ui/imgui_compat.hpp"

namespace saccade {

namespace {

constexpr Index most_chips = 16;                  // heads that are offered one by one
constexpr const char* with_scale = "percentile";  // stands below the scale that it belongs to

/// Segments; the one that was clicked, or -1.
int choose(const Ui& ui, AppState& state, const std::string& name, const std::vector<std::string>& titles, int at,
           const std::vector<std::string>& tips) {
    heading(ui, tr(name));
    return segments(ui, name.c_str(), tr_all(titles), at, tr_all(tips),
                    [&](int i) { note_place(state, "view " + name + " " + titles[static_cast<std::size_t>(i)]); });
}

void choice(const Ui& ui, AppState& state, const ViewOption& option, const OptionFacts& facts) {
    const ParamSpec& spec = option.spec;
    std::vector<std::string> ids, titles, tips;
    for (std::size_t i = 0; i < spec.choices.size(); ++i) {
        if (option.offers != nullptr && !option.offers(facts, spec.choices[i])) continue;
        ids.push_back(spec.choices[i]);
        titles.push_back(spec.choice_titles[i]);
        tips.push_back(option.tips[i]);
    }
    const auto chosen = std::get<std::string>(option.get(state.document.options));
    const auto at = static_cast<int>(std::ranges::find(ids, chosen) - ids.begin());
    const int clicked = choose(ui, state, spec.title, titles, at, tips);
    if (clicked >= 0) option.set(state.document.options, ids[static_cast<std::size_t>(clicked)]);
}

void toggle(const Ui& ui, AppState& state, const ViewOption& option) {
    const int at = std::get<bool>(option.get(state.document.options)) ? 1 : 0;
    const int clicked = choose(ui, state, option.spec.title, option.spec.choice_titles, at, option.tips);
    if (clicked >= 0) option.set(state.document.options, clicked == 1);
}

/// Its value stands in the heading. What is too little to be seen is the least.
void number(const Ui& ui, AppState& state, const ViewOption& option) {
    constexpr double least_seen = 0.005;
    auto value = std::get<double>(option.get(state.document.options));
    std::string id = option.spec.name;
    std::ranges::replace(id, '_', ' ');
    heading(ui, option.heading != nullptr ? tr_composed(option.heading(value)) : tr(option.spec.title));
    slider(ui, id.c_str(), value, option.spec.min, option.spec.max, ImGui::GetContentRegionAvail().x);
    if (ImGui::IsItemHovered()) tooltip(ui, tr(option.tips.front()));
    note_place(state, "view " + id);
    if (option.rare && value < least_seen) value = 0;
    option.set(state.document.options, value);
}

/// Which heads take part: all, or those that are lit.
void heads(const Ui& ui, AppState& state, const ViewOption& option, Index count) {
    if (count > most_chips) return;
    heading(ui, tr(option.spec.title));
    std::vector<Index>& chosen = state.document.options.chosen;
    const float s = ui.s, right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    const auto chip = [&](const std::string& text, bool on, const std::string& tip, float width) {
        if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        const bool clicked = button(ui, ("head " + text).c_str(), tr(text), on ? ButtonKind::primary : ButtonKind::plain, width,
                                    tr(tip), 24 * s);
        note_place(state, "view head " + text);
        ImGui::SameLine(0, 5 * s);
        return clicked;
    };
    if (chip(msg("all"), chosen.empty(), option.tips.front(), 40 * s)) chosen.clear();
    for (Index head = 0; head < count; ++head) {
        const auto at = std::find(chosen.begin(), chosen.end(), head);
        const bool on = at != chosen.end();
        if (!chip(std::to_string(head + 1), on, option.tips.back(), 28 * s)) continue;
        if (on)
            chosen.erase(at);
        else
            chosen.insert(std::lower_bound(chosen.begin(), chosen.end(), head), head);
    }
    ImGui::NewLine();
}

void draw(const Ui& ui, AppState& state, const ViewOption& option, const OptionFacts& facts) {
    switch (option.spec.type) {
        case ParamType::choice:
            return choice(ui, state, option, facts);
        case ParamType::toggle:
            return toggle(ui, state, option);
        case ParamType::number:
            return number(ui, state, option);
        default:
            return heads(ui, state, option, facts.heads);
    }
}

void scale(const Ui& ui, AppState& state) {
    const int clicked =
        choose(ui, state, msg("Scale"), {msg("linear"), "√", msg("log"), msg("per row"), msg("to largest"), msg("percentile")},
               static_cast<int>(state.view.scale),
               {"t = w", msg("t = √w: small weights become visible"), msg("t = 1 + log10(w) / 4, four decades"),
                msg("t = w / max of its row"), msg("t = w / max of all: where every weight is small"),
                msg("t = w / percentile of what is not 0: a few large weights, which saturate, do not hide the others")});
    if (clicked >= 0) state.view.scale = static_cast<Normalization::Scale>(clicked);
    if (state.view.scale != Normalization::Scale::percentile) return;
    const auto option = std::ranges::find(view_options(), with_scale, [](const ViewOption& o) { return o.spec.name; });
    number(ui, state, *option);
}

}  // namespace

std::vector<const ViewOption*> offered_view_options(const AppState& state, const OptionFacts& facts) {
    std::set<std::string> heeded;
    for (const ViewPlacement& placed : placements(state.document.exhibit(), state.document.side().request.params))
        for (const std::string& name : view(placed.view).options()) heeded.insert(name);
    std::vector<const ViewOption*> offered;
    for (const ViewOption& option : view_options())
        if (heeded.contains(option.spec.name) && option.spec.name != with_scale &&
            (option.offered == nullptr || option.offered(facts, state.document.options)))
            offered.push_back(&option);
    return offered;
}

void draw_view_options(const Ui& ui, AppState& state) {
    scale(ui, state);
    if (state.document.trace() == nullptr) return;
    const OptionFacts facts = option_facts(*state.document.trace());
    ViewOptions& options = state.document.options;
    const std::vector<const ViewOption*> offered = offered_view_options(state, facts);
    if (offered.empty()) return;
    const bool more = state.view_more || std::ranges::any_of(view_options(), [&](const ViewOption& option) {
                          return option.rare && option.used(options);
                      });
    for (const ViewOption* option : offered)
        if (more || !option->rare) draw(ui, state, *option, facts);
    ImGui::Dummy({0, 2 * ui.s});
    const bool usual = options == ViewOptions();
    if (!usual && button(ui, "view usual", tr("Default view"), ButtonKind::plain, 0,
                         facts.weights ? tr("Each head as it was computed, nothing left out")
                                       : tr("Maps as they were computed, over the picture"))) {
        options = {};
        state.view_more = false;
    }
    if (usual && button(ui, "view more", state.view_more ? tr("Less ▴") : tr("More view options ▾"), ButtonKind::quiet, 0,
                        facts.weights ? tr("Sink, special tokens, order and choice of heads, threshold")
                                      : tr("Cells of maps, threshold, order of channels")))
        state.view_more = !state.view_more;
    note_place(state, "view more");
}

}  // namespace saccade
