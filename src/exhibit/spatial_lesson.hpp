#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

Lesson spatial_lesson();

}  // namespace saccade
