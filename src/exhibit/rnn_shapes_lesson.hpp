#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// For exhibit/rnn_shapes.cpp alone.
Lesson rnn_shapes_lesson();

}  // namespace saccade
