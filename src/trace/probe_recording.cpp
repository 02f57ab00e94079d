#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/nearest.hpp"
#include "trace/formula.hpp"
#include "trace/intervene.hpp"
#include "trace/probe.hpp"

// How a probe's recordings become a trace.

namespace saccade {

namespace {

Tensor<float> stacked(const std::vector<Tensor<float>>& rows) {
    const Shape shape = rows.front().shape().with_inserted(0, static_cast<Index>(rows.size()));
    Tensor<float> result = Tensor<float>::uninitialized(shape);
    float* out = result.data();
    for (const Tensor<float>& row : rows) out = std::copy(row.values().begin(), row.values().end(), out);
    return result;
}

/// Softmax gives a row of zeros only where everything is masked. Rows that were set to 0 by hand do not count: their
/// computed weights are not 0.
void note_rows_that_read_nothing(const TraceTensor& tensor, std::vector<Note>& notes) {
    constexpr std::size_t most_named = 3;
    const int rank = tensor.values.shape().rank();
    if (tensor.info.role != Role::weights || rank < 2 || tensor.values.empty()) return;
    const Tensor<float>& computed = tensor.before.empty() ? tensor.values : tensor.before;
    const Index queries = computed.shape()[-2], keys = computed.shape()[-1];
    std::set<Index> empty;
    for (Index row = 0; row < computed.size() / keys; ++row) {
        const float* cells = computed.data() + row * keys;
        if (std::all_of(cells, cells + keys, [](float weight) { return weight == 0; })) empty.insert(row % queries);
    }
    if (empty.empty()) return;
    std::string names;
    std::size_t named = 0;
    for (const Index query : empty) {
        if (named++ == most_named) break;
        const Axis& axis = *tensor.info.axes[static_cast<std::size_t>(rank - 2)];
        names += fmt::format("{}{}", named > 1 ? ", " : "", query + 1);
        if (!axis.labels.empty()) names += fmt::format(" (“{}”)", axis.label(query));
    }
    if (empty.size() > most_named) names += fmt::format(" and {} more", empty.size() - most_named);
    notes.push_back(
        {"",
         fmt::format("{}: {} {} may attend to nothing: {} 0", tensor.info.name, empty.size() > 1 ? "tokens" : "token", names,
                     empty.size() > 1 ? "their contexts are" : "its context is"),
         "everything is masked there"});
}

/// What a hand left of the rows of weights that it changed, and that are no distributions any more.
struct RowsOffOne {
    double low = std::numeric_limits<double>::infinity(), high = -low;  // of their sums
    double least = 0, most = 0;                                         // of their weights
    bool any = false, emptied = false;                                  // emptied: one of them is all 0

    void add(const float* now, const float* then, Index keys) {
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
    std::string words() const {
        const std::string from = fmt::format("{:.3g}", low), to = fmt::format("{:.3g}", high);
        std::string text = "rows sum to " + (from == to ? from : from + " to " + to);
        if (least < 0) text += fmt::format(", weights down to {:.3g}", least);
        if (most > 0) text += fmt::format("{} up to {:.3g}", least < 0 ? "," : ", weights", most);
        return text;
    }
};

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

/// That rows which a hand changed are no distributions any more is said.
void note_rows_off_one(const TraceTensor& tensor, const std::vector<Intervention>& interventions, std::vector<Note>& notes) {
    if (tensor.info.role != Role::weights || tensor.before.empty() || tensor.values.shape().rank() < 1) return;
    const Index keys = tensor.values.shape()[-1];
    RowsOffOne rows;
    for (Index row = 0; row < tensor.values.size() / std::max<Index>(keys, 1); ++row)
        rows.add(tensor.values.data() + row * keys, tensor.before.data() + row * keys, keys);
    if (!rows.any) return;
    std::vector<const Intervention*> hands;
    for (const Intervention& intervention : interventions)
        if (intervention.enabled && intervention.tensor == tensor.info.name) hands.push_back(&intervention);
    notes.push_back({"", tensor.info.name + ": changed by hand, " + rows.words(), why_off_one(hands, rows.emptied)});
}

}  // namespace

void Probe::declare(Parameter parameter) {
    if (scratch_) return;
    const auto known = std::ranges::find(parameters_, parameter.name, &Parameter::name);
    if (known == parameters_.end())
        parameters_.push_back(std::move(parameter));
    else if (known->values.data() != parameter.values.data())
        throw Error(ErrorCode::invalid_input, fmt::format("there are two parameters '{}'", parameter.name));
}

void Probe::axis(Axis axis) {
    if (!scratch_) axes_.push_back(std::move(axis));
}
void Probe::step(Step step) {
    if (!scratch_) steps_.push_back(std::move(step));
}
void Probe::note(Note note) {
    if (!scratch_) notes_.push_back(std::move(note));
}
void Probe::text(const std::string& name, std::string text) {
    if (!scratch_) texts_[name] = std::move(text);
}

void Probe::note_unapplied(const Intervention& intervention, const Recording& recording, bool applied,
                           const FrozenRows& frozen) {
    using Kind = Intervention::Kind;
    if (intervention.kind == Kind::freeze && frozen.computed + frozen.normalised > 0) {
        std::string text =
            fmt::format("{}: {} of {} rows are frozen", brief(intervention), frozen.taken, frozen.taken + frozen.computed);
        if (frozen.normalised > 0) text += fmt::format(", {} of them rescaled to sum to 1", frozen.normalised);
        notes_.push_back({"", text,
                          frozen.computed > 0 ? "rows without a counterpart are as the model computed them"
                                              : "the tokens are not those that the pattern was taken from"});
    } else if (!applied) {
        notes_.push_back({"", fmt::format("{} changed nothing: this run has no such cell", brief(intervention)),
                          "remove the intervention, or choose a cell of this run"});
    } else if (intervention.kind == Kind::replace && !recording.whole &&
               (intervention.index.empty() || intervention.index.front() < 0) &&
               intervention.array.shape()[0] != recording.count) {
        notes_.push_back({"",
                          fmt::format("{}: the array has {} rows, this run has {}", brief(intervention),
                                      intervention.array.shape()[0], recording.count),
                          "rows without a counterpart are as the model computed them"});
    }
}

void Probe::check_interventions() {
    for (std::size_t k = 0; k < interventions_.size(); ++k) {
        const Intervention& intervention = interventions_[k];
        if (!intervention.enabled) continue;
        const auto found = by_name_.find(intervention.tensor);
        if (found == by_name_.end()) {
            std::vector<std::string> names;
            for (const Recording& recording : recordings_) names.push_back(recording.site.name);
            throw Error(
                ErrorCode::not_found,
                fmt::format("intervention {}: there is no tensor '{}' to change", brief(intervention), intervention.tensor),
                fmt::format("choose one of: {}", fmt::join(nearest_first(intervention.tensor, std::move(names)), ", ")));
        }
        note_unapplied(intervention, recordings_[found->second], applied_[k], frozen_[k]);
    }
}

void Probe::drop_rules_of_uncaptured_operands() {
    const auto captured = [&](const std::string& name) {
        const auto found = by_name_.find(name);
        return found == by_name_.end() || recordings_[found->second].kept;  // a name never shown is left for Trace to refuse
    };
    std::erase_if(steps_, [&](const Step& step) { return !captured(step.result); });
    for (Step& step : steps_) {
        if (step.rule.empty()) continue;
        const std::vector<std::string> names = operands(parse_rule(step.rule));
        if (!std::all_of(names.begin(), names.end(), captured)) step.rule.clear();
    }
}

void Probe::finish_rows(Recording& recording) {
    if (recording.first > 0) {
        std::reverse(recording.rows.begin(), recording.rows.end());
        std::reverse(recording.before.begin(), recording.before.end());
    }
    const bool changed = std::ranges::any_of(recording.before, [](const auto& t) { return !t.empty(); });
    for (std::size_t i = 0; changed && i < recording.before.size(); ++i)
        if (recording.before[i].empty()) recording.before[i] = recording.rows[i];
    if (recording.whole) return;
    recording.rows = {stacked(recording.rows)};
    recording.before = {changed ? stacked(recording.before) : Tensor<float>{}};
}

ShownRun Probe::take() {
    ShownRun kept;
    for (Recording& recording : recordings_) {
        finish_rows(recording);
        kept.tensors.push_back({std::move(recording.site), {}, std::move(recording.rows.front())});
    }
    for (Step& step : steps_) {
        const auto of = std::ranges::find(kept.tensors, step.result, [](const auto& t) { return t.site.name; });
        if (of != kept.tensors.end()) of->step = std::move(step);
    }
    kept.parameters = std::move(parameters_);
    return kept;
}

bool Probe::changes(const ShownRun& kept) const {
    return std::ranges::any_of(interventions_, [&](const Intervention& hand) {
        return hand.enabled && std::ranges::any_of(kept.tensors, [&](const auto& one) { return one.site.name == hand.tensor; });
    });
}

void Probe::show_again(const ShownRun& kept) {
    for (const ShownRun::One& one : kept.tensors) {
        if (!one.step.operation.empty()) step(one.step);
        record(one.site, -1, one.values);
    }
    for (const Parameter& parameter : kept.parameters) declare(parameter);
}

const Tensor<float>& ShownRun::tensor(const std::string& name) const {
    const auto found = std::ranges::find(tensors, name, [](const One& one) { return one.site.name; });
    if (found == tensors.end()) throw Error(ErrorCode::not_found, "an earlier run showed no tensor '" + name + "'");
    return found->values;
}

std::size_t ShownRun::bytes() const {
    Index cells = 0;
    for (const One& one : tensors) cells += one.values.size();
    return static_cast<std::size_t>(cells) * sizeof(float);
}

Trace Probe::finish() {
    if (!scratch_) check_interventions();
    for (const std::string& pattern : capture_.names) {
        const Capture one{{pattern}};
        const bool recorded = std::ranges::any_of(recordings_, [&](const Recording& r) { return one.wants(r.site.name); });
        if (!recorded && std::ranges::none_of(parameters_, [&](const Parameter& p) { return one.wants(p.name); })) {
            throw Error(ErrorCode::not_found, fmt::format("capture: there is no tensor '{}'", pattern),
                        "`saccade describe` lists the tensors");
        }
    }
    if (!capture_.names.empty()) drop_rules_of_uncaptured_operands();

    Trace trace;
    for (Axis& axis : axes_) trace.add_axis(std::move(axis));
    for (Recording& recording : recordings_) {
        if (!recording.kept) continue;
        const ProbeSite& site = recording.site;
        TensorInfo info{site.name, site.role, site.symbol, site.title, site.unit, {}};
        for (const std::string& name : site.axes) info.axes.push_back(trace.axis(name));
        finish_rows(recording);
        trace.add(std::move(info), std::move(recording.rows.front()), std::move(recording.before.front()));
    }
    for (Parameter& parameter : parameters_) {
        TensorInfo info{parameter.name, Role::parameter, parameter.symbol, parameter.name, "", {}};
        for (const std::string& name : parameter.axes) info.axes.push_back(trace.axis(name));
        trace.add(std::move(info), std::move(parameter.values));
    }
    for (Step& step : steps_) trace.add_step(std::move(step));
    for (const TraceTensor& tensor : trace.tensors()) {
        // Of weights that were given for some keys alone, the others may hold all.
        const Step* step = trace.step_of(tensor.info.name);
        if (step == nullptr || step->normalised || step->operation != "read") note_rows_that_read_nothing(tensor, notes_);
        note_rows_off_one(tensor, interventions_, notes_);
    }
    for (Note& note : notes_) trace.add_note(std::move(note));
    for (auto& [name, text] : texts_) trace.set_text(name, std::move(text));
    return trace;
}

}  // namespace saccade
