#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

Lesson glimpses_lesson();

}  // namespace saccade
