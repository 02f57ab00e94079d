#pragma once

#include <vector>

#include "trace/probe.hpp"

namespace saccade {

/// "mask", −∞ at every key after its query, if captured weights [..., query, key] are exactly 0 there in all maps, and mostly
/// not before: they are of a model that sees no later token, and those cells are drawn as masked. Nothing for blocks of
/// positions, or where no key comes later. Error{invalid_input} if somebody wants to change it: nothing is computed with it.
void show_causal_mask(Probe& probe, const Tensor<float>& weights, const std::vector<Axis>& axes);

/// Of peaks [..., query, key] of blocks of positions, whatever part they are of: where every block of later keys alone is
/// exactly 0 in all maps, and most of the others are not, these become NaN, and so are drawn as masked.
void mask_later_blocks(Tensor<float>& peaks, const std::vector<Axis>& axes);

}  // namespace saccade
