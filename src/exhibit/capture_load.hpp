#pragma once

#include <stop_token>

#include "base/reuse.hpp"
#include "exhibit/capture_source.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// What of a capture is looked at.
struct CaptureLook {
    std::map<AxisKind, CaptureRange> part;
    bool peaks = true;  // blocks show their largest value; else their mean
    CaptureTokens tokens;
    std::stop_token stop{};
    Index side = 512;        // cells of a map on a side, where positions share them
    Reuse* reuse = nullptr;  // between runs, so that a part of a large map need not be read again; null: nothing is kept
};

/// A captured tensor as it is shown: its values, and the axes that they run along.
struct LoadedCapture {
    std::vector<Axis> axes;  // layer, head, query, key first of attention; else as they stand
    Tensor<float> values;
    Index query_block = 1, key_block = 1;  // positions that share a cell
    Index not_finite = 0;
    std::vector<Note> notes;

    bool reduced() const { return query_block > 1 || key_block > 1; }
};

/// Reads at most 2^28 values, and makes of them at most 2^26 cells: of a larger tensor the first layers and heads are read, and
/// positions joined in blocks, so that a map of more than 1024 positions has at most 512 cells on
/// a side; notes say so, and how to see the rest. Axes of
/// batches and steps are shown at one position. A large part of a map of more than 8192 positions begins and ends at cells of a
/// quarter of the whole map's. Error{invalid_input} for a part that is not there; as ArrayFile::read.
LoadedCapture load_capture(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look);

/// All of a map of which a part was loaded, in few cells, for the same heads and layers. Nothing if all of a short one was
/// loaded, or if that were too much to read.
std::optional<LoadedCapture> load_whole(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look,
                                        const LoadedCapture& part);

}  // namespace saccade
