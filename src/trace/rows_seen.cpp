#include "trace/rows_seen.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace saccade {

void RowsOffOne::add(const float* now, const float* then, Index keys) {
    constexpr double slack = 1e-3;
    double sum = 0, before = 0, smallest = 0, largest = 0;
    for (Index j = 0; j < keys; ++j) {
        const double w = static_cast<double>(now[j]);
        sum += w;
        before += static_cast<double>(then[j]);
        smallest = std::min(smallest, w);
        largest = std::max(largest, w);
    }
    const bool kept = std::abs(sum - before) <= slack || std::abs(sum - 1) <= slack;
    if (kept && smallest >= -slack && largest <= 1 + slack) return;
    any = true;
    emptied = emptied || (smallest == 0 && largest == 0);
    low = std::min(low, sum);
    high = std::max(high, sum);
    least = std::min(least, smallest < -slack ? smallest : 0);
    most = std::max(most, largest > 1 + slack ? largest : 0);
}

std::string RowsOffOne::words() const {
    const std::string from = fmt::format("{:.3g}", low), to = fmt::format("{:.3g}", high);
    std::string text = "rows sum to " + (from == to ? from : from + " to " + to);
    if (least < 0) text += fmt::format(", weights down to {:.3g}", least);
    if (most > 0) text += fmt::format("{} up to {:.3g}", least < 0 ? "," : ", weights", most);
    return text;
}

namespace {

/// Softmax gives a row of zeros only where everything is masked. Rows that were set to 0 by hand do not count: their
/// computed weights are not 0.
void note_empty(const TensorInfo& info, const std::set<Index>& empty, std::vector<Note>& notes) {
    constexpr std::size_t most_named = 3;
    if (empty.empty()) return;
    std::string names;
    std::size_t named = 0;
    for (const Index query : empty) {
        if (named++ == most_named) break;
        const Axis& axis = *info.axes[info.axes.size() - 2];
        names += fmt::format("{}{}", named > 1 ? ", " : "", query + 1);
        if (!axis.labels.empty()) names += fmt::format(" (“{}”)", axis.label(query));
    }
    if (empty.size() > most_named) names += fmt::format(" and {} more", empty.size() - most_named);
    notes.push_back({"",
                     fmt::format("{}: {} {} may attend to nothing: {} 0", info.name, empty.size() > 1 ? "tokens" : "token",
                                 names, empty.size() > 1 ? "their contexts are" : "its context is"),
                     "everything is masked there"});
}

/// Why rows that these changed need not sum to 1.
std::string why_off_one(const std::vector<const Intervention*>& hands, bool emptied) {
    using Kind = Intervention::Kind;
    const auto any = [&](auto is) { return std::ranges::any_of(hands, [&](const Intervention* h) { return is(h->kind); }); };
    std::string why;
    if (any([](Kind k) { return k != Kind::set; })) why = "*=, =@ and ~=@ put in what they say, whatever a row then sums to";
    if (emptied && any([](Kind k) { return k == Kind::set; }))
        why += std::string(why.empty() ? "" : "; ") + "where = sets every weight of a row to 0, none is left to take the 1";
    return why.empty() ? "the rows were no distributions before" : why;
}

}  // namespace

void RowsSeen::add(const Tensor<float>& now, const Tensor<float>& then) {
    const int rank = now.shape().rank();
    if (role != Role::weights || rank < 1 || now.empty()) return;
    const Index keys = now.shape()[-1], queries = rank > 1 ? now.shape()[-2] : 0;
    for (Index row = 0; row < now.size() / keys; ++row) {
        const float* const cells = then.data() + row * keys;
        if (queries > 0 && std::all_of(cells, cells + keys, [](float weight) { return weight == 0; }))
            empty.insert(row % queries);
        if (now.data() != then.data()) off.add(now.data() + row * keys, cells, keys);
    }
}

RowsSeen RowsSeen::of(const TraceTensor& tensor) {
    RowsSeen seen(tensor.info.role);
    const Tensor<float>& now = tensor.values;
    seen.add(now, tensor.before.empty() ? now : tensor.before.whole());
    return seen;
}

/// That rows which a hand changed are no distributions any more is said.
void RowsSeen::note(const TensorInfo& info, bool normalised, const std::vector<Intervention>& interventions,
                    std::vector<Note>& notes) const {
    if (normalised) note_empty(info, empty, notes);
    if (!off.any) return;
    std::vector<const Intervention*> hands;
    for (const Intervention& intervention : interventions)
        if (intervention.enabled && intervention.tensor == info.name) hands.push_back(&intervention);
    const bool ablated = off.low == 0 && off.high == 0 && std::ranges::all_of(hands, [](const Intervention* h) {
                             return h->kind == Intervention::Kind::scale && h->value == 0;
                         });
    if (ablated)
        return notes.push_back(
            {"", info.name + ": ablated by hand, so nothing is read there: its rows sum to 0", "undo it, or scale by 1"});
    notes.push_back({"", info.name + ": changed by hand, " + off.words(), why_off_one(hands, off.emptied)});
}

}  // namespace saccade
