#pragma once

#include <string>
#include <vector>

#include "viz/view.hpp"

namespace saccade {

/// The search tree that a beam search recorded, as nodes. By name under a common prefix ("beam."), all on [step, candidate]:
/// parent (candidate of the step before, -1: the root), token (id), score (length-normalised log probability, NaN: no such
/// candidate), fate (0 pruned, 1 live, 2 finished); and perhaps rank (of a finished hypothesis, 1 is best) and log_probability
/// (of all tokens up to there).
struct BeamTree {
    enum class Fate { pruned = 0, live = 1, finished = 2 };
    struct Node {
        Index step = 0, candidate = 0;
        int parent = -1;  // in nodes, -1: the root
        Index token = 0;
        double score = 0;
        double log_probability = 0;
        double width = 0;  // in [0, 1]: the probability of the token after those before it; without log_probability exp(score)
        Fate fate = Fate::pruned;
        Index rank = 0;
        bool lasting = false;  // is on the way to a finished hypothesis, or live in the last step
    };
    std::string prefix;
    const TraceTensor* score = nullptr;
    Index steps = 0, candidates = 0;
    std::vector<Node> nodes;  // step by step, a parent before its children
    AxisPtr vocabulary;       // labels of the tokens; null: ids are shown

    /// Nodes from the one at `leaf` back to the first step.
    std::vector<int> path(int leaf) const;
    /// The node at a cell, or -1.
    int at(Index step, Index candidate) const;
    std::string label(const Node& node) const;
};

/// Does the trace have such tensors beside this one?
bool is_beam_tensor(const Trace& trace, const TraceTensor& tensor);
/// Error{invalid_input} if a parent is not a candidate of the step before.
BeamTree beam_tree_of(const Trace& trace, const TraceTensor& tensor);

/// Heights in a column: each item wants to stand at `wanted` (the more its weight, the more), none closer to its neighbours
/// than half of both rooms, all within [low, high]; the order stays. Least squares (pool adjacent violators).
struct ColumnItem {
    double wanted = 0, room = 0, weight = 1;
};
std::vector<double> place_column(const std::vector<ColumnItem>& items, double low, double high);

}  // namespace saccade
