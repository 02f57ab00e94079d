#pragma once

#include "analysis/analysis.hpp"

namespace saccade {

// One file per analysis. Shapes: A [layer, head, query, key], layer and head where the source has them.

Analysis mean_over_heads();
Analysis max_over_heads();
Analysis mean_over_layers();
Analysis max_over_layers();
Analysis rollout();
Analysis attention_flow();
Analysis gradient_attention();
Analysis relevance();
Analysis entropy();
Analysis attention_distance();
Analysis likeness();
Analysis without_key();

}  // namespace saccade
