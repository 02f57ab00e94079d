#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

Lesson bottleneck_lesson();

}  // namespace saccade
