#pragma once

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

/// One axis of recorded tensors. Shared: tensors that run along the same tokens hold the same object, so that a view can link
/// a row here with a column there. Immutable once in a trace.
struct Axis {
    std::string name;  // unique within a trace: "source", "output", "attention"
    AxisKind kind;
    Index extent = 0;
    std::vector<std::string> labels;  // empty, or one per position: tokens, class names
    std::string symbol;               // index letter used in rules and formulas: "j"; may be empty for anonymous features

    /// The label, or the position as a number: layers and heads from 1, as papers count them, all else from 0.
    std::string label(Index i) const;
};

using AxisPtr = std::shared_ptr<const Axis>;

}  // namespace saccade
