#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// Of the exhibit reading: a rectifier, and attention over a line of text.
Lesson reading_lesson();

}  // namespace saccade
