#pragma once

#include "viz/view.hpp"

namespace saccade {

/// Any tensor as a matrix of coloured cells, tokens on both axes.
const View& heatmap_view();
/// Weights as curves between two rows of tokens.
const View& flow_view();
/// Score, align, context of one query, side by side.
const View& stages_view();
/// The heads of all layers as small maps; a click selects layer and head.
const View& head_grid_view();
/// How one score came from a query and a key, dimension by dimension, and what softmax made of it.
const View& neuron_view();
/// Lengths of the residual stream's vectors, tokens by layers.
const View& norms_view();
/// One row of any tensor as signed bars.
const View& bars_view();
/// The tree of a beam search: live branches, pruned ones, finished hypotheses with rank and score.
const View& tree_view();
/// Metrics over steps.
const View& curves_view();

}  // namespace saccade
