#pragma once

#include <algorithm>
#include <optional>

#include "exhibit/capture_load.hpp"

namespace saccade {

constexpr Index most_maps = 1024;            // of layers and heads: more are drawn too slowly, and too small to be seen
constexpr Index most_read = Index{1} << 28;  // values: of F16 half a gigabyte, a moment of a warm file

/// What is read of a source, axis by axis. Error{invalid_input} for a part that is not there, {out_of_range} for what cannot be
/// shown at once.
class CapturePlan {
 public:
    CapturePlan(const CaptureSource& source, const CaptureLook& look);

    /// Axes of the result, in its order.
    std::vector<std::size_t> kept() const;
    const CaptureRange& range(std::size_t axis) const { return ranges_[axis]; }
    Index block(std::size_t axis) const { return blocks_[axis]; }
    std::vector<Note>& notes() { return notes_; }

    /// Is what is shown made of blocks that are kept of the whole? Then of those: all of queries and keys, in these blocks.
    std::optional<CapturePlan> of_kept() const;
    bool all_of(AxisKind kind) const;
    /// What is read, in a line.
    std::string text() const;

 private:
    AxisKind kind(std::size_t axis) const { return source_.axes[axis].kind; }
    bool ordered() const { return source_.attends() || source_.role == Role::query || source_.role == Role::key; }
    Index count(std::size_t axis) const { return ranges_[axis].count(); }
    bool fixed(std::size_t axis) const { return std::ranges::find(fixed_, axis) != fixed_.end(); }
    bool is_kept(std::size_t axis) const;
    std::string called() const;
    std::string names() const;
    Index total() const;
    std::string example(const std::vector<std::size_t>& axes) const;
    void take(AxisKind wanted, const CaptureRange& range);
    void fix(std::size_t axis);
    void bound();
    void join(const CaptureLook& look);
    void join_along(std::size_t axis, Index cells);

    const CaptureSource& source_;
    std::vector<CaptureRange> ranges_;
    std::vector<Index> blocks_;
    std::vector<Index> bases_;  // what blocks and ranges are multiples of, to be made of those of the whole; 0: they are not
    std::vector<std::size_t> fixed_;
    std::vector<Note> notes_;
};

}  // namespace saccade
