#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

enum class AxisKind { batch, layer, head, query, key, feature, channel, y, x, step, class_ };

/// "query", "class", ...; and back (Error{bad_format} names what is unknown).
std::string to_string(AxisKind kind);
AxisKind axis_kind_from(const std::string& text);
/// Layers and heads: copies of one computation, which people count from 1.
bool is_stacked(AxisKind kind);

/// What an axis shows of a longer one that it is a part of, or whose positions it joins in blocks: position i stands for
/// [first + i * each, first + (i + 1) * each) of `whole`, as far as that goes.
struct AxisPart {
    Index first = 0, each = 1, whole = 0;                      // whole 0: the axis is whole
    std::shared_ptr<const std::vector<std::string>> labels{};  // of the whole; null: there are none
};

/// One axis of recorded tensors. Shared: tensors that run along the same tokens hold the same object, so that a view can link
/// a row here with a column there. Immutable once in a trace.
struct Axis {
    std::string name;  // unique within a trace: "source", "output", "attention"
    AxisKind kind;
    Index extent = 0;
    std::vector<std::string> labels;  // empty, or one per position: tokens, class names
    std::string symbol;               // index letter used in rules and formulas: "j"; may be empty for anonymous features
    AxisPart part{};                  // of a longer one

    /// The label, or the position as a number: layers and heads from 1, as papers count them, all else from 0.
    std::string label(Index i) const;

    /// Of the whole axis: how long it is, which of its positions the first of position i is, and where what is shown ends.
    Index whole() const { return part.whole > 0 ? part.whole : extent; }
    Index at(Index i) const { return part.first + i * part.each; }
    Index end() const { return std::min(at(extent), whole()); }
    /// Are there positions of the whole that it does not show?
    bool is_cut() const { return part.first > 0 || end() < whole(); }
    /// Too long for a share of it to be read against 1.
    bool is_long() const { return whole() > 1024; }
    /// Labels of all positions of the whole; empty if there are none.
    const std::vector<std::string>& whole_labels() const;
};

using AxisPtr = std::shared_ptr<const Axis>;

}  // namespace saccade
