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
#include "trace/rows_again.hpp"
#include "trace/rows_seen.hpp"

// How a probe's recordings become a trace.

namespace saccade {

namespace {

Tensor<float> stacked(const std::vector<Tensor<float>>& rows) {
    const Shape shape = rows.front().shape().with_inserted(0, static_cast<Index>(rows.size()));
    if (rows.size() == 1) return rows.front().reshape(shape);
    Tensor<float> result = Tensor<float>::uninitialized(shape);
    float* out = result.data();
    for (const Tensor<float>& row : rows) out = std::copy(row.values().begin(), row.values().end(), out);
    return result;
}

}  // namespace

void Probe::declare(Parameter parameter) {
    // Nothing reads it from here, so that nothing would come of a change: said before all else is computed.
    for (const Intervention& intervention : interventions_)
        if (intervention.enabled && intervention.tensor == parameter.name)
            refuse(intervention, fmt::format("'{}' is a parameter of the model, and is not changed", parameter.name),
                   "change what is computed with it, or open other weights");
    if (scratch_) return;
    const auto known = std::ranges::find(parameters_, parameter.name, &Parameter::name);
    if (known == parameters_.end())
        parameters_.push_back(std::move(parameter));
    else if (!known->values.same_as(parameter.values))
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
void Probe::reach(const std::string& param, Index most) {
    if (!scratch_) reaches_[param] = most;
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

std::pair<TraceValues, TraceValues> Probe::finished(Recording& recording) const {
    if (!recording.made.empty()) return {recording.made, recording.made_before};
    if (recording.group >= 0) {
        const Shape shape = recording.row_shape.with_inserted(0, recording.count);
        const auto rows = [&](bool before) {
            return RowsAgain::values(again_, recording.site.name, recording.group, shape, before);
        };
        return {rows(false), recording.changed ? rows(true) : TraceValues()};
    }
    if (recording.first > 0) {
        std::reverse(recording.rows.begin(), recording.rows.end());
        std::reverse(recording.before.begin(), recording.before.end());
    }
    const bool changed = std::ranges::any_of(recording.before, [](const auto& t) { return !t.empty(); });
    for (std::size_t i = 0; changed && i < recording.before.size(); ++i)
        if (recording.before[i].empty()) recording.before[i] = recording.rows[i];
    std::pair<TraceValues, TraceValues> all;
    if (recording.whole) {
        all = {std::move(recording.rows.front()), std::move(recording.before.front())};
    } else {
        all.first = stacked(recording.rows);
        if (changed) all.second = stacked(recording.before);
    }
    recording.rows.clear();
    recording.before.clear();
    if (again_) again_->keep(recording.site.name, all.first);
    return all;
}

void Probe::keep_less(ShownAgain again) {
    if (!scratch_ && capture_.names.empty()) again_ = std::make_shared<RowsAgain>(std::move(again), interventions_);
}

ShownRun Probe::take() {
    ShownRun kept;
    for (Recording& recording : recordings_) {
        if (!recording.kept) continue;
        auto [values, before] = finished(recording);
        kept.tensors.push_back({std::move(recording.site), {}, std::move(values), std::move(before)});
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
        if (one.values.kept()) {
            record(one.site, -1, one.values);
            continue;
        }
        if (scratch_) continue;
        Recording& recording = recording_of(one.site, -1);
        recording.made = one.values;
        recording.made_before = one.before;
    }
    for (const Parameter& parameter : kept.parameters) declare(parameter);
}

const Tensor<float>& ShownRun::tensor(const std::string& name) const {
    const auto found = std::ranges::find(tensors, name, [](const One& one) { return one.site.name; });
    if (found == tensors.end()) throw Error(ErrorCode::not_found, "an earlier run showed no tensor '" + name + "'");
    return found->values;
}

std::size_t ShownRun::bytes() const {
    std::size_t bytes = 0;
    for (const One& one : tensors) bytes += one.values.bytes();
    return bytes;
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
        auto [values, before] = finished(recording);
        trace.add(std::move(info), std::move(values), std::move(before));
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
        const bool normalised = step == nullptr || step->normalised || step->operation != "read";
        if (tensor.info.role != Role::weights) continue;
        const auto recorded = by_name_.find(tensor.info.name);
        const Recording* recording = recorded == by_name_.end() ? nullptr : &recordings_[recorded->second];
        if (recording != nullptr && recording->seen != nullptr)
            recording->seen->note(tensor.info, normalised, interventions_, notes_);
        else if (tensor.values.kept())
            RowsSeen::of(tensor).note(tensor.info, normalised, interventions_, notes_);
    }
    for (Note& note : notes_) trace.add_note(std::move(note));
    for (auto& [name, text] : texts_) trace.set_text(name, std::move(text));
    for (const auto& [param, most] : reaches_) trace.set_reach(param, most);
    return trace;
}

}  // namespace saccade
