#include "trace/probe.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "trace/intervene.hpp"
#include "trace/row_edit.hpp"
#include "trace/rows_again.hpp"
#include "trace/rows_seen.hpp"

namespace saccade {

bool Capture::wants(const std::string& name) const {
    const auto matches = [&](const std::string& pattern) {
        if (pattern.empty() || pattern.back() != '*') return pattern == name;
        return name.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
    };
    return names.empty() || std::any_of(names.begin(), names.end(), matches);
}

Probe::Probe(Capture capture, std::vector<Intervention> interventions)
    : capture_(std::move(capture)),
      interventions_(std::move(interventions)),
      applied_(interventions_.size(), false),
      frozen_(interventions_.size()) {}

Probe::Probe(Probe&&) noexcept = default;
Probe::~Probe() = default;

Probe Probe::scratch() const {
    Probe result({}, interventions_);
    result.scratch_ = true;
    return result;
}

bool Probe::intervening() const {
    return std::any_of(interventions_.begin(), interventions_.end(), [](const Intervention& i) { return i.enabled; });
}

bool Probe::intervening_later() const {
    return std::any_of(interventions_.begin(), interventions_.end(),
                       [this](const Intervention& i) { return i.enabled && !sites_.contains(i.tensor); });
}

const ProbeSite* Probe::described(const std::string& name) const {
    const auto found = sites_.find(name);
    return found == sites_.end() ? nullptr : &found->second;
}

namespace {

std::string below_prefix(const std::string& text, const std::string& prefix) {
    std::string whole;
    for (const char c : text) c == '@' ? whole += prefix : whole += c;
    return whole;
}

}  // namespace

const ProbeSite& Probe::describe(const std::string& name, const std::string& prefix, Shown shown) {
    How& how = shown.step;
    if (!how.operation.empty())
        step({how.operation, name, how.formula, below_prefix(how.rule, prefix), how.source, how.normalised});
    for (Parameter& parameter : shown.parameters) {
        parameter.name = below_prefix(parameter.name, prefix);
        declare(std::move(parameter));
    }
    ProbeSite site{name, shown.role, shown.symbol, shown.title, shown.unit, std::move(shown.axes), shown.channels_last};
    return sites_.emplace(name, std::move(site)).first->second;
}

namespace {

/// `from` [.., rows, cols] of `rows` times `cols` cells -> `shape`, rows and columns exchanged.
Tensor<float> exchanged(const Tensor<float>& from, Index rows, Index cols, const Shape& shape) {
    Tensor<float> to = Tensor<float>::uninitialized(shape);
    for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < cols; ++j) to.data()[j * rows + i] = from.data()[i * cols + j];
    return to;
}

/// [1, H, W, C] -> [C, H, W], and back.
Tensor<float> planes_of(const Tensor<float>& x) {
    const Shape& s = x.shape();
    if (s.rank() != 4 || s[0] != 1)
        throw Error(ErrorCode::invalid_input, "a feature map was shown with the shape " + s.str() + ", not [1, H, W, C]");
    return exchanged(x, s[1] * s[2], s[3], {s[3], s[1], s[2]});
}
Tensor<float> pixels_of(const Tensor<float>& planes) {
    const Shape& s = planes.shape();
    return exchanged(planes, s[0], s[1] * s[2], {1, s[1], s[2], s[0]});
}

/// Axes of what is shown at once.
int rank_of(const ProbeSite& site, Index row) {
    return static_cast<int>(site.axes.size()) - (row >= 0 ? 1 : 0);
}
Tensor<float> without_batch(const Tensor<float>& values, const ProbeSite& site, Index row) {
    const Shape& given = values.shape();
    return given.rank() == rank_of(site, row) + 1 && given[0] == 1 ? values.reshape(given.without(0)) : values;
}

/// How each cell of what the model continues with depends on the same cell as it was computed, where `site` is shown: 1 where
/// nothing was changed, the factor where it was scaled, 0 where something else was put there.
Tensor<float> slopes_of(const std::vector<Intervention>& interventions, const ProbeSite& site, Index row,
                        const Tensor<float>& was, const Tensor<float>& is) {
    const Shape& shape = was.shape();
    Tensor<float> slopes(shape, 1.0f);
    for (const Intervention& intervention : interventions) {
        if (!intervention.enabled || intervention.tensor != site.name) continue;
        const std::optional<Selection> at = selection_in(intervention, site, row, shape);
        if (!at) continue;
        const float slope = intervention.kind == Intervention::Kind::scale ? intervention.value : 0;
        // An array may have nothing for a cell, which then is as it was.
        for_each_selected(shape, at->index, [&](Index offset, Index) {
            if (!intervention.takes_array() || is.data()[offset] != was.data()[offset]) slopes.data()[offset] *= slope;
        });
    }
    return slopes;
}

/// A row of weights of which some were set, so that the others were rescaled from x_j to x_j r: the gradient g of the rescaled
/// becomes r (g_j − Σ_k g_k x_k / Σ_k x_k).
void back_through_rescaling(const float* was, const float* is, const float* slopes, Index n, float* grad) {
    double sum = 0, mean = 0;
    const auto rescaled = [&](Index j) { return slopes[j] == 1 && is[j] != was[j]; };
    for (Index j = 0; j < n; ++j) {
        if (!rescaled(j)) continue;
        sum += static_cast<double>(was[j]);
        mean += static_cast<double>(grad[j]) * static_cast<double>(was[j]);
    }
    for (Index j = 0; j < n; ++j) {
        if (!rescaled(j)) continue;
        // Where nothing had a weight, the rest was spread evenly, whatever was computed.
        const double ratio = was[j] == 0 ? 0 : static_cast<double>(is[j]) / static_cast<double>(was[j]);
        grad[j] = sum > 0 ? static_cast<float>(ratio * (static_cast<double>(grad[j]) - mean / sum)) : 0;
    }
}

/// What the model continues with where `computed` became `changed`; the gradient goes back as `slopes` say.
Var<float> gone_on_with(const Var<float>& computed, Tensor<float> changed, const Tensor<float>& slopes, Role role) {
    if (!computed.tracked()) return changed;
    const auto back = [was = computed.value(), is = changed, slopes, role, id = computed.id()](Tape<float>& tape,
                                                                                               const Tensor<float>& grad) {
        Tensor<float> kept = grad.clone();
        const Index n = kept.shape().rank() > 0 ? kept.shape()[-1] : 1;
        for (Index r = 0; role == Role::weights && n > 0 && r < kept.size() / n; ++r)
            back_through_rescaling(was.data() + r * n, is.data() + r * n, slopes.data() + r * n, n, kept.data() + r * n);
        for (Index i = 0; i < kept.size(); ++i) kept.data()[i] *= slopes.data()[i];
        tape.add_grad(id, std::move(kept));
    };
    return computed.tape()->record(std::move(changed), back);
}

}  // namespace

Var<float> Probe::shown(const ProbeSite& site, Index row, Var<float> v) {
    const Tensor<float> given = site.channels_last ? planes_of(v.value()) : v.value();
    const Tensor<float> result = record(site, row, given);
    if (result.data() != given.data()) {
        const bool map = site.channels_last;
        Tensor<float> slopes;
        if (v.tracked()) {
            const Tensor<float> was = without_batch(given, site, row);
            slopes = slopes_of(interventions_, site, row, was, result.reshape(was.shape())).reshape(given.shape());
            if (map) slopes = pixels_of(slopes);
        }
        v = gone_on_with(v, map ? pixels_of(result) : result, slopes, site.role);
    }
    // By what the model goes on with, which is what is shown.
    return v.tracked() ? with_gradient_kept(site, row, std::move(v)) : v;
}

Probe::Recording& Probe::recording_of(const ProbeSite& site, Index row) {
    const auto [entry, fresh] = by_name_.try_emplace(site.name, recordings_.size());
    if (fresh) {
        Recording recording;
        recording.site = site;
        recording.whole = row < 0;
        recording.first = std::max<Index>(row, 0);
        recording.kept = capture_.wants(site.name);
        if (again_ && row == 0) recording.group = again_->again().group(site);
        if (recording.group >= 0) {
            recording.seen = std::make_shared<RowsSeen>(site.role);
            again_->add(site);
        }
        recordings_.push_back(std::move(recording));
    }
    Recording& recording = recordings_[entry->second];
    const Index expected = recording.first > 0 ? recording.first - recording.count : recording.count;
    if (row < 0 ? !fresh : recording.whole || row != expected) {
        throw Error(ErrorCode::invalid_input, fmt::format("tensor '{}' was shown twice or out of order", site.name));
    }
    return recording;
}

Tensor<float> Probe::record(const ProbeSite& site, Index row, Tensor<float> values) {
    const Shape given = values.shape();
    const int rank = rank_of(site, row);
    values = without_batch(values, site, row);
    Recording* recording = scratch_ ? nullptr : &recording_of(site, row);
    const bool again = recording != nullptr && recording->group >= 0;
    if (values.shape().rank() != rank || (recording != nullptr && recording->count > 0 && (again || !recording->rows.empty()) &&
                                          (again ? recording->row_shape : recording->rows.front().shape()) != values.shape())) {
        throw Error(
            ErrorCode::invalid_input,
            fmt::format("tensor '{}' was shown with the shape {}, which does not fit its axes", site.name, given.str()));
    }
    Tensor<float> result = intervene(site, row, values);
    const bool changed = result.data() != values.data();
    if (recording != nullptr) ++recording->count;
    if (again) {
        recording->row_shape = values.shape();
        recording->changed = recording->changed || changed;
        recording->seen->add(result, changed ? values : result);
    } else if (recording != nullptr && recording->kept) {
        recording->rows.push_back(result);
        recording->before.push_back(changed ? values : Tensor<float>{});
    }
    if (!interventions_.empty() && (site.role == Role::scores || site.role == Role::mask)) {
        std::erase_if(masks_, [&](const ShownMask& mask) { return mask.site.name == site.name; });
        masks_.push_back({site, row, result});
    }
    return result.shape() == given ? result : result.reshape(given);
}

std::vector<char> Probe::masked_cells(const ProbeSite& site, Index row, const Shape& shape) const {
    std::vector<char> masked(static_cast<std::size_t>(shape.size()), 0);
    for (const ShownMask& mask : masks_) hide_masked(mask, site, row, shape, masked);
    return masked;
}

namespace {

/// The sum of the first row that summed to 1 and does not any more.
std::optional<double> sum_that_left_one(const Tensor<float>& before, const Tensor<float>& after) {
    constexpr double near = 1e-3;
    const Index n = before.shape().rank() > 0 ? before.shape()[-1] : 1;
    const auto sum = [n](const Tensor<float>& values, Index row) {
        double total = 0;
        for (Index j = 0; j < n; ++j) total += static_cast<double>(values.data()[row * n + j]);
        return total;
    };
    for (Index row = 0; n > 0 && row < before.size() / n; ++row)
        if (std::abs(sum(before, row) - 1) < near && std::abs(sum(after, row) - 1) > near) return sum(after, row);
    return std::nullopt;
}

}  // namespace

void Probe::note_once(Note note) {
    const auto said = [&](const Note& other) { return other.text == note.text && other.param == note.param; };
    if (!scratch_ && std::ranges::none_of(notes_, said)) notes_.push_back(std::move(note));
}

Tensor<float> Probe::intervene(const ProbeSite& site, Index row, const Tensor<float>& values) {
    Tensor<float> result = values;
    const Shape& shape = values.shape();
    const auto cells = [&]() -> float* {
        if (result.data() == values.data()) result = values.clone();
        return result.data();
    };
    RowEdit edit;
    for (std::size_t k = 0; k < interventions_.size(); ++k) {
        const Intervention& intervention = interventions_[k];
        if (!intervention.enabled || intervention.tensor != site.name) continue;
        const std::optional<Selection> at = selection_in(intervention, site, row, shape);
        if (!at) continue;  // finish() notes it if it never was
        switch (intervention.kind) {
            case Intervention::Kind::replace:
                if (!replace_cells(intervention, *at, site.role, shape, scratch_, cells())) continue;
                break;
            case Intervention::Kind::freeze: {
                std::vector<char> masked;
                if (site.role == Role::weights) masked = masked_cells(site, row, shape);
                const FrozenRows rows = freeze_cells(intervention, *at, site.role, shape, masked, cells());
                frozen_[k].taken += rows.taken;
                frozen_[k].normalised += rows.normalised;
                frozen_[k].computed += rows.computed;
                break;
            }
            case Intervention::Kind::scale:
                scale_cells(intervention, *at, shape, cells());
                break;
            case Intervention::Kind::set:
                if (site.role != Role::weights) {
                    set_cells(intervention, *at, site.role, shape, cells());
                    break;
                }
                if (!(intervention.value >= 0 && intervention.value <= 1))
                    refuse(intervention, "a weight lies between 0 and 1", "give a value from 0 to 1");
                if (edit.empty()) edit = RowEdit(masked_cells(site, row, shape), shape.rank() > 0 ? shape[-1] : 1);
                for_each_selected(shape, at->index, [&](Index offset, Index) { edit.touch(offset); });
                if (edit.apply({cells(), static_cast<std::size_t>(shape.size())}, intervention.value) > 0)
                    note_once({"",
                               brief(intervention) + " cannot hold: what is set in a row is more than 1, or nothing else is "
                                                     "left to take the rest",
                               "the row sums to 1 all the same, and the cells that were set gave way"});
        }
        applied_[k] = true;
    }
    if (site.unit == "probability" && site.role != Role::weights && result.data() != values.data())
        if (const auto sum = sum_that_left_one(values, result))
            note_once({"", fmt::format("{} is no distribution any more: a row sums to {:.3g}", site.name, *sum),
                       "what follows reads it as it is; change the other classes, too, to keep the sum 1"});
    return result;
}

Var<float> Probe::with_gradient_kept(const ProbeSite& site, Index row, Var<float> v) const {
    const auto asked = gradients_.find(site.name);
    if (asked == gradients_.end()) return v;
    const auto keep = [to = asked->second, at = std::max<Index>(row, 0), id = v.id()](Tape<float>& tape,
                                                                                      const Tensor<float>& grad) {
        (*to)[at] = grad.clone();  // grad itself goes on to the operand
        tape.add_grad(id, grad);
    };
    return v.tape()->record(v.value(), keep);
}

Tensor<float> Probe::gradients(const std::string& name) const {
    const auto asked = gradients_.find(name);
    if (asked == gradients_.end() || asked->second->empty()) return {};
    const Shape& row = asked->second->begin()->second.shape();
    const auto rows = asked->second->rbegin()->first + 1;
    Tensor<float> all((row[0] == 1 ? row.without(0) : row).with_inserted(0, rows));
    for (const auto& [at, values] : *asked->second) std::ranges::copy(values.values(), all.row(at).values().begin());
    return all;
}

}  // namespace saccade
