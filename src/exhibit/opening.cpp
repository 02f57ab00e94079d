#include "exhibit/opening.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/attention.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

/// A letter, a digit, or any sign beyond ASCII that is no mark of punctuation: it says something by itself.
bool says_something(const Axis& axis, Index i) {
    if (axis.labels.empty()) return true;
    const std::string label = axis.label(i);
    if (label.size() > 2 && ((label.front() == '<' && label.back() == '>') || (label.front() == '[' && label.back() == ']')))
        return false;
    const std::u32string all = decode_utf8(label);
    return std::any_of(all.begin(), all.end(), [](char32_t c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        const bool mark = (c >= 0x2000 && c < 0x2070) || (c >= 0x3000 && c < 0x3020) || (c >= 0xff00 && c < 0xff10) ||
                          (c >= 0xff1a && c < 0xff21);
        return letter || (c >= 0xc0 && !mark);
    });
}

/// Of a placed matrix that compares positions with each other: one in the middle and the most like it that is no neighbour.
CellRef pair_shown(const Exhibit& exhibit, const Params& params, const Trace& trace) {
    for (const ViewPlacement& placed : placements(exhibit, params)) {
        const TraceTensor* tensor = trace.find(placed.tensor);
        if (tensor == nullptr || tensor->values.empty() || tensor->info.axes.size() != 2) continue;
        const Axis &rows = *tensor->info.axes[0], &cols = *tensor->info.axes[1];
        if (cols.name != rows.name + ".key" || rows.extent != cols.extent) continue;
        Index row = rows.extent / 2, column = row;
        while (row + 1 < rows.extent && !says_something(rows, row)) ++row;
        float most = -std::numeric_limits<float>::infinity();
        for (Index j = 0; j < cols.extent; ++j) {
            const float v = tensor->values.at({row, j});
            if (std::abs(j - row) < 2 || !says_something(cols, j) || !(v > most)) continue;
            most = v;
            column = j;
        }
        return {tensor->info.name, {row, column}};
    }
    return {};
}

/// Are the labels but places in the order: 1, 2, 3?
bool only_numbers(const Axis& axis) {
    Index i = 0;
    return axis.extent > 0 &&
           std::ranges::all_of(axis.labels, [&](const std::string& label) { return label == std::to_string(++i); });
}

struct Place {
    Index layer = 0, head = 0;
};

/// Where a tensor over the same layers and heads is largest (of several measures, the first); none if the run has no such
/// tensor.
bool named_best(const Trace& trace, const TraceTensor& weights, const AttentionAxes& axes, Place& best) {
    if (axes.layer < 0 || axes.head < 0) return false;
    const std::vector<AxisPtr> wanted{weights.info.axes[static_cast<std::size_t>(axes.layer)],
                                      weights.info.axes[static_cast<std::size_t>(axes.head)]};
    for (const TraceTensor& tensor : trace.tensors()) {
        const auto& over = tensor.info.axes;
        const bool fits = over.size() >= 2 && std::equal(over.end() - 2, over.end(), wanted.begin());
        if (!fits || tensor.info.role == Role::parameter || tensor.values.empty()) continue;
        const auto all = tensor.values.values().first(static_cast<std::size_t>(wanted[0]->extent * wanted[1]->extent));
        const auto at = std::max_element(all.begin(), all.end()) - all.begin();
        best = {static_cast<Index>(at) / wanted[1]->extent, static_cast<Index>(at) % wanted[1]->extent};
        return true;
    }
    return false;
}

/// The head of the last layer whose rows are nearest to one key each.
Place sharpest(const Attention& attention) {
    Place best{attention.layers() - 1, 0};
    double most = -1;
    for (Index head = 0; head < attention.heads(); ++head) {
        const Tensor<float> map = attention.map(best.layer, head);
        double sum = 0;
        for (Index i = 0; i < attention.queries(); ++i) {
            const auto row = map.row(i).values();
            sum += static_cast<double>(*std::max_element(row.begin(), row.end()));
        }
        if (sum > most) {
            most = sum;
            best.head = head;
        }
    }
    return best;
}

}  // namespace

const TraceTensor* shown_attention(const Exhibit& exhibit, const Params& params, const Trace& trace) {
    const auto attends = [](const TraceTensor* t) {
        return t != nullptr && t->info.role == Role::weights && !t->values.empty() && attention_axes(*t);
    };
    const std::vector<ViewPlacement> all = placements(exhibit, params);
    for (const ViewPlacement& placed : all)
        if (const TraceTensor* tensor = trace.find(placed.tensor); attends(tensor)) return tensor;
    if (std::ranges::none_of(all, [](const ViewPlacement& placed) { return placed.tensor.empty(); })) return nullptr;
    for (const TraceTensor* tensor : trace.with_role(Role::weights))
        if (attends(tensor)) return tensor;
    return nullptr;
}

CellRef opening_cell(const Exhibit& exhibit, const Params& params, const Trace& trace) {
    const TraceTensor* weights = shown_attention(exhibit, params, trace);
    if (weights == nullptr) return pair_shown(exhibit, params, trace);
    const Attention attention = attention_of(*weights);
    const AttentionAxes& axes = attention.axes;
    const Axis& queries = *weights->info.axes[static_cast<std::size_t>(axes.query)];
    const Axis& keys = *weights->info.axes[static_cast<std::size_t>(axes.key)];
    // Who moves a part over a long map is somewhere already.
    if (queries.is_cut() || keys.is_cut()) return {};
    Place place;
    if (!named_best(trace, *weights, axes, place)) place = sharpest(attention);
    const Tensor<float> map = attention.map(place.layer, place.head);
    const auto share = [](Index i, Index n) { return n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0.5; };
    // Where the run knows what a word speaks of: does it look there?
    const TraceTensor* judged = trace.find("pointing");
    const bool by_query = judged != nullptr && judged->info.axes.size() == 1 && judged->info.axes[0]->name == queries.name;
    const Tensor<float> points = by_query ? Tensor<float>(judged->values) : Tensor<float>();
    Index row = 0, column = 0;
    double most = -1;
    const bool numbered = only_numbers(keys);
    for (Index i = 0; i < attention.queries(); ++i) {
        const auto values = map.row(i).values();
        const auto strongest = std::max_element(values.begin(), values.end());
        const auto j = static_cast<Index>(strongest - values.begin());
        const double weight = std::isfinite(*strongest) ? static_cast<double>(*strongest) : 0;
        const bool named = !queries.labels.empty() && !keys.labels.empty();
        const bool copies = named && queries.label(i) == keys.label(j);
        // Far off says nothing where keys are no words, but frames or places that have numbers.
        const double far = numbered ? 0.5 : std::abs(share(i, attention.queries()) - share(j, attention.keys()));
        // A word that two characters share is as good as one that has a character of its own.
        const double story = std::sqrt(std::max(0.0, weight)) * (0.1 + far) * (copies ? 0.1 : 1) *
                             (says_something(queries, i) ? 1 : 0.05) * (says_something(keys, j) ? 1 : 0.3) *
                             (points.empty() || points.data()[i] == 1 ? 1 : 0.3);
        if (story <= most) continue;
        most = story;
        row = i;
        column = j;
    }
    CellRef cell{weights->info.name, std::vector<Index>(weights->info.axes.size(), 0)};
    if (axes.layer >= 0) cell.index[static_cast<std::size_t>(axes.layer)] = place.layer;
    if (axes.head >= 0) cell.index[static_cast<std::size_t>(axes.head)] = place.head;
    cell.index[static_cast<std::size_t>(axes.query)] = row;
    cell.index[static_cast<std::size_t>(axes.key)] = column;
    return cell;
}

CellRef strongest_of_row(const TraceTensor& tensor, const CellRef& cell) {
    if (tensor.info.role != Role::weights || cell.index.size() < 2 || cell.index.size() != tensor.info.axes.size()) return cell;
    if (std::any_of(cell.index.begin(), cell.index.end() - 1, [](Index i) { return i < 0; })) return cell;
    CellRef best = cell;
    float most = 0;
    for (Index j = 0; j < tensor.info.axes.back()->extent; ++j) {
        CellRef other = cell;
        other.index.back() = j;
        const float weight = tensor.values.at(other.index);
        if (!(weight > most)) continue;
        most = weight;
        best = other;
    }
    return best;
}

}  // namespace saccade
