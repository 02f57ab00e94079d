#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "trace/explain.hpp"
#include "trace/intervention.hpp"
#include "trace/trace.hpp"

namespace saccade {

// What a user edits by hand in a run, and what that is called in words.

/// The part of a tensor around a cell that is scaled, frozen or patched as a whole: the head; in a tensor without heads or
/// layers, the row (of the first axis); of a gate, one channel. -1 elsewhere, and where the cell has it.
CellRef block_around(const TraceTensor& tensor, const CellRef& cell);
/// "layer 2, head 1", "“train”", "all": layers, heads and tokens by their labels.
std::string block_words(const TraceTensor& tensor, const std::vector<Index>& index);
/// The values of a block, axes with an index removed. Error{out_of_range} if an index lies outside.
Tensor<float> block_values(const TraceTensor& tensor, const std::vector<Index>& index);

/// The mask that hides cells of this tensor: the tensor itself, if it is one, or one whose axes are some of its axes, the last
/// among them; of several the one that the tensor's rule reads, else the one of its stack. Null if none was recorded.
const TraceTensor* mask_of(const Trace& trace, const TraceTensor& tensor);
/// The cell of that mask that a cell of the tensor is about; on every layer, or on the cell's.
CellRef mask_cell(const TraceTensor& mask, const TraceTensor& tensor, const CellRef& cell, bool all_layers);

/// Interventions that are one thing to a person: the cells of a drawn mask.
struct InterventionGroup {
    std::size_t first = 0, count = 1;
};
std::vector<InterventionGroup> groups_of(const std::vector<Intervention>& interventions, const Trace* trace);

/// "ablate layer 2, head 1 (encoder.weights)", "α₅,₂ 0.74 → 0.20", "gate 17: 0.81 → 0.00", "hide “点” from “train” · all layers
/// (cross.mask)". The trace, which may be null, knows symbols, labels and what stood there before.
std::vector<ExplainedPart> name_of(const Intervention& intervention, const Trace* trace);
/// Of a group of several: "mask drawn: 12 hidden, 3 shown (encoder.mask)".
std::vector<ExplainedPart> name_of(const std::vector<Intervention>& interventions, const InterventionGroup& group,
                                   const Trace* trace);
/// Error of that code for one that is switched on and names a cell which the run does not have: it would change nothing.
void refuse_missing_cells(const std::vector<Intervention>& interventions, const Trace& trace, ErrorCode code);
/// The same without type: "α₅,₂ 0.74 → 0.20".
std::string plain_text(const std::vector<ExplainedPart>& parts);

/// Did a hand change this tensor, or one that it is computed from? By the rules that are recorded; where one has none, what was
/// recorded later follows. Of a run in which no cell was changed: true, as nothing can be told apart.
bool follows_hand(const Trace& trace, const std::string& tensor);

/// A class whose probability interventions changed.
struct ProbabilityChange {
    std::string label;
    float before = 0, after = 0;
};
/// The classes whose probability at a step differs most between two runs, the largest difference first: of the first tensor of
/// role probabilities over `step_axis` and classes, or over classes alone. Differences below `least` are left out. Empty if the
/// two have no such tensor, or one of them not this step.
std::vector<ProbabilityChange> probability_changes(const Trace& before, const Trace& after, const std::string& step_axis,
                                                   Index step, std::size_t most, float least = 5e-4f);

}  // namespace saccade
