#include "ui/lit.hpp"

#include <algorithm>

#include "trace/formula.hpp"
#include "ui/cards.hpp"
#include "viz/layout.hpp"
#include "viz/view.hpp"

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

namespace {

/// What the view shows of this run; empty: nothing.
std::string shown_tensor(const ViewPlacement& placement, const Trace& trace) try {
    if (!placement.tensor.empty()) return placement.tensor;
    ViewState chosen;
    chosen.view = placement.view;
    return tensor_for(view(placement.view), trace, chosen).info.name;
} catch (const Error&) {
    return {};
}

/// Of a tensor that several cards show the one that shows it best; empty: none does.
std::string card_of(const AppState& state, const Trace& trace, const std::string& tensor) {
    std::vector<ViewPlacement> showing;
    for (const ViewPlacement& placement : placements(state.document.exhibit(), state.document.side().request.params))
        if (shown_tensor(placement, trace) == tensor) showing.push_back(placement);
    const ViewPlacement* const main = main_view(showing);
    return main == nullptr ? std::string() : card_key(*main);
}

/// "a, b" are two.
std::vector<std::string> cards_about(const AppState& state, const Trace& trace, const std::string& names) {
    std::vector<std::string> cards, tensors;
    const auto add = [&](const std::string& card) {
        if (!card.empty() && std::ranges::find(cards, card) == cards.end()) cards.push_back(card);
    };
    const std::string all = names + ", ";
    for (std::size_t from = 0, to = 0; (to = all.find(", ", from)) != std::string::npos; from = to + 2)
        tensors.push_back(all.substr(from, to - from));
    for (const std::string& tensor : tensors) add(card_of(state, trace, tensor));
    if (!cards.empty()) return cards;
    // What no card shows is seen in what it was computed from, or in what was computed of it.
    for (const Step& step : trace.steps()) {
        if (step.rule.empty()) continue;
        const std::vector<std::string> from = operands(parse_rule(step.rule));
        for (const std::string& tensor : tensors) {
            if (step.result == tensor)
                for (const std::string& operand : from) add(card_of(state, trace, operand));
            else if (std::ranges::find(from, tensor) != from.end())
                add(card_of(state, trace, step.result));
        }
    }
    return cards;
}

}  // namespace

void frame_point(AppState& state) {
    const Side& side = state.document.side();
    const std::size_t at = state.present.point;
    const bool claims =
        state.lesson.file == nullptr && at < side.lesson.size() && side.lesson[at].claim && side.trace() != nullptr;
    Presentation::Framed now{claims ? side.shown.trace : nullptr, claims ? side.lesson[at].claim->tensor : std::string(), {}};
    Presentation::Framed& framed = state.present.framed;
    if (now.of == framed.of && now.about == framed.about) return;
    if (claims) now.cards = cards_about(state, *now.of, now.about);
    framed = std::move(now);
}

std::vector<std::string> framed_cards(const AppState& state) {
    const LessonScene* scene = state.lesson.current();
    if (scene == nullptr) return state.present.on ? state.present.framed.cards : std::vector<std::string>{};
    return scene->request.exhibit == state.document.exhibit().id ? scene->cards : std::vector<std::string>{};
}

}  // namespace saccade
