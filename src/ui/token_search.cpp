#include "ui/token_search.hpp"

#include <algorithm>

#include "analysis/attention.hpp"

namespace saccade {

namespace {

constexpr Index shown_around = 256;  // positions, where a cell was a block of many: each is then itself

std::string folded(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

}  // namespace

const AxisPtr& searched_axis(const TraceTensor& map, bool columns) {
    return map.info.axes[map.info.axes.size() - (columns ? 1 : 2)];
}

bool is_of_same_tokens(const TraceTensor& map) {
    const Axis &rows = *searched_axis(map, false), &columns = *searched_axis(map, true);
    return rows.whole() == columns.whole() && columns.name == rows.name + ".key";
}

void go_to_token(AppState& state, Controller& act, bool columns, Index position) {
    if (searched_map(state) == nullptr) return;
    const TraceTensor& map = *searched_map(state);
    const AxisPtr axis = searched_axis(map, columns);
    const auto& axes = map.info.axes;
    CellRef cell{map.info.name, std::vector<Index>(axes.size(), -1)};
    Index& along = cell.index[axes.size() - (columns ? 1 : 2)];
    state.search.at = position;
    if (position >= axis->at(0) && position < axis->end() && axis->part.each == 1) {
        along = position - axis->part.first;
        return act.select_on(state.document.focus, cell);
    }
    std::map<AxisKind, Index> about{{axis->kind, position}};
    if (is_of_same_tokens(map)) about = {{AxisKind::query, position}, {AxisKind::key, position}};
    act.part().center(state.document.focus, axes, about, axis->part.each > 1 ? shown_around : axis->whole());
    along = 0;
    act.stage().expect(cell, {{axis->name, position}});
}

std::vector<Index> tokens_with(const Axis& axis, const std::string& text) {
    std::vector<Index> found;
    if (text.empty()) return found;
    const std::vector<std::string>& labels = axis.whole_labels();
    const std::string wanted = folded(text);
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (folded(labels[i]).find(wanted) != std::string::npos) found.push_back(static_cast<Index>(i));
    return found;
}

void open_search(AppState& state) {
    state.search.open = state.search.take_keyboard = true;
}

void close_search(AppState& state) {
    state.search = {};
}

const TraceTensor* searched_map(const AppState& state) {
    const Trace* trace = state.document.trace();
    if (trace == nullptr) return nullptr;
    const StageState& stage = state.document.stage;
    const TraceTensor* selected = trace->find(stage.selected.cell.empty() ? stage.missed.tensor : stage.selected.cell.tensor);
    if (selected != nullptr && attention_axes(*selected)) return selected;
    const auto weights = trace->with_role(Role::weights);
    if (!weights.empty() && attention_axes(*weights.front())) return weights.front();
    for (const TraceTensor& tensor : trace->tensors())
        if (attention_axes(tensor)) return &tensor;
    return nullptr;
}

const std::vector<Index>& found_tokens(AppState& state) {
    TokenSearch& search = state.search;
    const TraceTensor* map = searched_map(state);
    const std::string of = map == nullptr ? "" : map->info.name + (search.columns ? " columns " : " rows ") + search.text;
    if (search.of == of && search.in == state.document.side().shown.trace) return search.found;
    search.of = of;
    search.in = state.document.side().shown.trace;
    search.found = map == nullptr ? std::vector<Index>() : tokens_with(*searched_axis(*map, search.columns), search.text);
    return search.found;
}

Index found_at(AppState& state) {
    const std::vector<Index>& found = found_tokens(state);
    const auto at = std::ranges::lower_bound(found, state.search.at);
    return at != found.end() && *at == state.search.at ? static_cast<Index>(at - found.begin()) : -1;
}

void go_to_found(AppState& state, Controller& act, int by) {
    const std::vector<Index> found = found_tokens(state);
    if (found.empty()) return;
    const Index from = state.search.at;
    auto next = by > 0 ? std::ranges::upper_bound(found, from) : std::ranges::lower_bound(found, from);
    if (by < 0) next = next == found.begin() ? found.end() - 1 : next - 1;
    if (next == found.end()) next = found.begin();
    go_to_token(state, act, state.search.columns, *next);
}

}  // namespace saccade
