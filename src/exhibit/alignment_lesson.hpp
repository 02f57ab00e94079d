#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

Lesson alignment_lesson();

}  // namespace saccade
