#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// For exhibit/positions.cpp alone.
Lesson positions_lesson();

}  // namespace saccade
