#pragma once

#include "exhibit/exhibit.hpp"

namespace saccade {

// One function per exhibit, each in its own file; the registry lists them in gallery order.

Exhibit alignment_exhibit();
Exhibit bottleneck_exhibit();
Exhibit captioning_exhibit();
Exhibit capture_exhibit();
Exhibit channel_exhibit();
Exhibit checkpoint_exhibit();
Exhibit complexity_exhibit();
Exhibit glimpses_exhibit();
Exhibit head_statistics_exhibit();
Exhibit induction_exhibit();
Exhibit memory_exhibit();
Exhibit multi_head_exhibit();
Exhibit permutation_exhibit();
Exhibit positions_exhibit();
Exhibit reading_exhibit();
Exhibit rnn_shapes_exhibit();
Exhibit saliency_exhibit();
Exhibit self_attention_exhibit();
Exhibit spatial_exhibit();
Exhibit temporal_exhibit();
Exhibit transformer_exhibit();
Exhibit vision_checkpoint_exhibit();

}  // namespace saccade
