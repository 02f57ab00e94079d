#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// For exhibit/memory.cpp alone.
Lesson memory_lesson();

}  // namespace saccade
