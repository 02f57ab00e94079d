#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// For exhibit/multi_head.cpp alone.
Lesson multi_head_lesson();

}  // namespace saccade
