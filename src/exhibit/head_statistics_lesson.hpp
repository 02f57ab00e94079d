#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

Lesson head_statistics_lesson();

}  // namespace saccade
