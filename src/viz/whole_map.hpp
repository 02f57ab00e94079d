#pragma once

#include "viz/attention_plane.hpp"
#include "viz/layout.hpp"

namespace saccade {

// Beside the map of a part stands a small picture of all of it, on which the part is a rectangle: the tensor "NAME.whole" of
// the trace, if there is one, over the same heads and layers, or what the view leaves out. On the stage alone: a figure says in
// its title what it shows.

/// [rows, columns] of it, or of blocks of its positions; empty: there is no more than is shown.
Tensor<float> values_of_whole(const Trace& trace, const AttentionPlane& plane);

/// Its room, at the right of the content, which gives it up; w 0: there is none, as all is shown or there is too little room.
Box room_for_whole(const Sketch& sketch, const Slice& slice, Box& content);

/// Draws it, in the colours of the map `item`, and says where both stand (Figure::parts).
void draw_whole(Sketch& sketch, const Trace& trace, const AttentionPlane& plane, const HeatmapItem& item, Box room);

}  // namespace saccade
