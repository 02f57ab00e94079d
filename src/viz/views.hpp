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
/// A spatial map over the picture that it belongs to.
const View& overlay_view();
/// The maps of many channels as small pictures, the largest gate first; a click selects a channel.
const View& map_gallery_view();
/// One value per channel as bars, the largest first; a gate can be dragged.
const View& channel_bars_view();
/// One map per entry over the picture, the entry's label below: one picture per word.
const View& word_strip_view();
/// The frames of a clip, with what a word gives to each; a click selects a frame.
const View& film_strip_view();
/// All maps of the same cells in the order in which they were computed.
const View& map_stages_view();
/// The likeliest words of each row: what each layer would say.
const View& words_view();
/// A path of places over a picture, with the policy that chose them and other paths beside it; a place can be dragged.
const View& path_view();
/// Points over a picture that lead something: control points, corners, handles; they can be dragged.
const View& points_view();
/// What was seen at each step, one small picture a scale.
const View& patches_view();
/// Metrics over steps.
const View& curves_view();

}  // namespace saccade
