#include "ui/lit.hpp"

#include <algorithm>

#include "viz/layout.hpp"

namespace saccade {

namespace {

/// Where a text stands for a position of the axis, it must be one of these; where it stands for nothing, its words decide.
bool stands_for(const Figure& figure, const Trace& trace, const TextItem& text, const std::string& axis,
                const std::vector<Index>& positions) {
    const double inside = text.valign == VAlign::baseline ? text.size / 3 : 0;
    const double beside = text.halign == HAlign::right ? -2 : text.halign == HAlign::left ? 2 : 0;
    const std::optional<Hit> hit = figure.hit({text.at.x + beside, text.at.y - inside});
    const TraceTensor* tensor = hit ? trace.find(hit->ref.tensor) : nullptr;
    if (tensor == nullptr) return true;
    bool on_axis = false;
    for (std::size_t i = 0; i < tensor->info.axes.size() && i < hit->ref.index.size(); ++i) {
        if (hit->ref.index[i] < 0) continue;
        on_axis = true;
        if (tensor->info.axes[i]->name == axis) return std::ranges::binary_search(positions, hit->ref.index[i]);
    }
    return !on_axis;
}

}  // namespace

void light_tokens(const AppState& state, const Controller& act, const Trace& trace, Figure& figure) {
    const LessonScene* scene = state.lesson.current();
    if (scene == nullptr || scene->tokens.empty() || !act.lesson().on_stage()) return;
    const Color color = theme(state.view.theme).selection;
    for (const NamedPlaces& places : scene->tokens) {
        const AxisPtr axis = trace.axis(places.axis);
        if (axis == nullptr) continue;
        std::vector<Index> positions;
        try {
            positions = positions_of(*axis, places);
        } catch (const Error&) {
            continue;  // the run was changed: it has no such token
        }
        for (FigureItem& item : figure.items) {
            auto* text = std::get_if<TextItem>(&item);
            if (text == nullptr) continue;
            const bool named = std::ranges::any_of(positions, [&](Index i) { return text->text == drawn_label(*axis, i); });
            if (named && stands_for(figure, trace, *text, axis->name, positions)) text->color = color;
        }
    }
}

bool is_framed(const AppState& state, const Controller& act, const std::string& card) {
    const LessonScene* scene = state.lesson.current();
    return scene != nullptr && act.lesson().on_stage() && std::ranges::find(scene->cards, card) != scene->cards.end();
}

}  // namespace saccade
