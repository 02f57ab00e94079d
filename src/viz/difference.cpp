#include "viz/difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "viz/map_picture.hpp"
#include "viz/masked.hpp"

namespace saccade {

namespace {

constexpr Index most_cells = Index{1} << 24;  // beyond, a difference costs more than it shows

bool means_something(Role role) {
    return role != Role::parameter && role != Role::input && role != Role::output && role != Role::mask && role != Role::metric;
}

std::string joint_label(const Axis& a, const Axis& b, Index i) {
    if (i >= a.extent) return b.label(i);
    if (i >= b.extent) return a.label(i);
    return a.label(i) == b.label(i) ? a.label(i) : a.label(i) + " | " + b.label(i);
}

/// The axis that holds the positions of both, and what is to be said about it.
Axis joint_axis(const Axis& a, const Axis& b, std::vector<Note>& notes) {
    Axis joint{a.name, a.kind, std::max(a.extent, b.extent), {}, a.symbol};
    Index others = 0;
    if (!a.labels.empty() || !b.labels.empty()) {
        for (Index i = 0; i < joint.extent; ++i) {
            joint.labels.push_back(joint_label(a, b, i));
            if (i < std::min(a.extent, b.extent) && a.label(i) != b.label(i)) ++others;
        }
    }
    if (a.extent != b.extent)
        notes.push_back({a.name, fmt::format("{}: A has {} positions, B has {}", a.name, a.extent, b.extent),
                         "aligned by position; what only one of them has is hatched"});
    else if (others > 0)
        notes.push_back({a.name, fmt::format("{}: other tokens at {} of {} positions", a.name, others, a.extent),
                         "aligned by position; both tokens stand there"});
    return joint;
}

bool same_axes(const TraceTensor& a, const TraceTensor& b) {
    return std::equal(a.info.axes.begin(), a.info.axes.end(), b.info.axes.begin(), b.info.axes.end(),
                      [](const AxisPtr& x, const AxisPtr& y) { return x->name == y->name && x->kind == y->kind; });
}

/// b - a over the joint shape, NaN where one of them has no finite value.
Tensor<float> subtract(const Tensor<float>& a, const Tensor<float>& b, const Shape& joint) {
    constexpr float none = std::numeric_limits<float>::quiet_NaN();
    const auto minus = [](float x, float y) { return std::isfinite(x) && std::isfinite(y) ? y - x : none; };
    Tensor<float> result(joint, none);
    if (a.shape() == joint && b.shape() == joint) {
        for (Index i = 0; i < joint.size(); ++i) result.data()[i] = minus(a.data()[i], b.data()[i]);
        return result;
    }
    std::vector<Index> at(static_cast<std::size_t>(joint.rank()), 0);
    for (Index cell = 0; cell < joint.size(); ++cell) {
        bool in_both = true;
        Index from_a = 0, from_b = 0;
        for (int axis = 0; axis < joint.rank(); ++axis) {
            const Index i = at[static_cast<std::size_t>(axis)];
            in_both = in_both && i < a.shape()[axis] && i < b.shape()[axis];
            from_a = from_a * a.shape()[axis] + i;
            from_b = from_b * b.shape()[axis] + i;
        }
        if (in_both) result.data()[cell] = minus(a.data()[from_a], b.data()[from_b]);
        for (int axis = joint.rank() - 1; axis >= 0; --axis) {
            if (++at[static_cast<std::size_t>(axis)] < joint[axis]) break;
            at[static_cast<std::size_t>(axis)] = 0;
        }
    }
    return result;
}

/// Extents and axes of B - A; nothing if the difference lacks one of the axes.
std::optional<Shape> joint_axes(TensorInfo& info, const Trace& difference) {
    std::vector<Index> extents;
    for (AxisPtr& axis : info.axes) {
        axis = difference.axis(axis->name);
        if (!axis) return std::nullopt;
        extents.push_back(axis->extent);
    }
    return Shape(std::span<const Index>(extents));
}

void name_difference(TensorInfo& info) {
    info.symbol = info.symbol.empty() ? "" : "Δ" + info.symbol;
    info.unit = "B − A";
    info.role = Role::state;  // signed: weights would be drawn from 0 to 1, and could be dragged
}

/// Cells that a mask hides in both runs, and in one of them alone.
struct HiddenIn {
    Index both = 0, one = 0;
};

/// Takes what is masked in both runs out of the difference. `a`, `b`: as they are seen, NaN where they are masked. What is
/// masked in one alone has a difference: from the weight that it got there.
HiddenIn hide_in_both(const Tensor<float>& a, const Tensor<float>& b, Tensor<float>& difference) {
    HiddenIn hidden;
    if (a.shape() != difference.shape() || b.shape() != difference.shape()) return hidden;
    for (Index i = 0; i < difference.size(); ++i) {
        const bool in_a = std::isnan(a.data()[i]), in_b = std::isnan(b.data()[i]);
        if (std::isnan(difference.data()[i]) || !(in_a || in_b)) continue;
        ++(in_a && in_b ? hidden.both : hidden.one);
        if (in_a && in_b) difference.data()[i] = std::numeric_limits<float>::quiet_NaN();
    }
    return hidden;
}

/// What is masked, for the title of a difference, and for a note where it is masked in one run alone.
std::string say_hidden(const HiddenIn& hidden, const TensorInfo& info, bool apart, bool weights, std::vector<Note>& notes) {
    std::string title;
    if (hidden.both > 0) title = apart ? ", or masked in both" : " · hatched: masked in both";
    if (hidden.one == 0) return title;
    const std::string cells = hidden.one == 1 ? "1 cell" : fmt::format("{} cells", hidden.one);
    notes.push_back({"", fmt::format("{}: {} masked in one of the runs alone", info.name, cells),
                     fmt::format("what stands there counts: {}", weights ? "a weight of 0" : "the score that was computed")});
    return title + fmt::format(" · {} masked in one only: {} there", cells, weights ? "0" : "as computed");
}

}  // namespace

std::shared_ptr<const TraceTensor> difference_of(const TraceTensor& a, const TraceTensor& b, const Trace& difference) {
    auto result = std::make_shared<TraceTensor>(a);
    const auto joint = same_axes(a, b) ? joint_axes(result->info, difference) : std::nullopt;
    if (!joint) return nullptr;
    name_difference(result->info);
    result->values = subtract(a.values, b.values, *joint);
    result->before = {};
    return result;
}

Trace difference_of(const Trace& a, const Trace& b) {
    Trace difference;
    std::vector<Note> notes;
    for (const AxisPtr& axis : a.axes()) {
        const AxisPtr other = b.axis(axis->name);
        if (other && other->kind == axis->kind) difference.add_axis(joint_axis(*axis, *other, notes));
    }
    for (const TraceTensor& one : a.tensors()) {
        const TraceTensor* other = b.find(one.info.name);
        if (other == nullptr || !same_axes(one, *other)) continue;
        if (one.info.role == Role::input && is_picture(one) && one.values.shape() == other->values.shape()) {
            // A map's difference lies over the picture of B.
            TraceTensor picture = *other;
            for (AxisPtr& axis : picture.info.axes) axis = difference.axis(axis->name);
            difference.add(picture.info, picture.values);
            continue;
        }
        if (!means_something(one.info.role)) continue;
        TensorInfo info = one.info;
        std::vector<Index> extents;
        bool apart = false;
        for (std::size_t i = 0; i < info.axes.size(); ++i) {
            apart = apart || info.axes[i]->extent != other->info.axes[i]->extent;
            info.axes[i] = difference.axis(info.axes[i]->name);
            extents.push_back(info.axes[i]->extent);
        }
        const Shape joint{std::span<const Index>(extents)};
        if (joint.size() > most_cells) continue;
        info.title = (info.title.empty() ? info.name : info.title) + (apart ? " · hatched: in one only" : "");
        name_difference(info);
        Tensor<float> values = subtract(one.values, other->values, joint);
        const bool weights = one.info.role == Role::weights;
        const Tensor<float> seen_in_a = seen_values(a, one, nullptr), seen_in_b = seen_values(b, *other, nullptr);
        if (seen_in_a.data() != one.values.data() || seen_in_b.data() != other->values.data())
            info.title += say_hidden(hide_in_both(seen_in_a, seen_in_b, values), info, apart, weights, notes);
        difference.add(info, std::move(values));
    }
    for (Note& note : notes) difference.add_note(std::move(note));
    for (const auto& [name, text] : a.texts()) {
        const auto other = b.texts().find(name);
        if (other != b.texts().end())
            difference.set_text(name, text == other->second ? text : "A " + text + " · B " + other->second);
    }
    return difference;
}

ViewState difference_state(ViewState state, const ComparedRuns& runs) {
    if (state.colormap.empty()) state.colormap = "diverging";
    state.difference = true;
    state.compared = runs;
    return state;
}

}  // namespace saccade
