#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// What can be said of any attention, whoever computed it.
Lesson capture_lesson();

}  // namespace saccade
