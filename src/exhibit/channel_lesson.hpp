#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

Lesson channel_lesson();

}  // namespace saccade
