#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// The lesson of the exhibit `captioning`.
Lesson captioning_lesson();

}  // namespace saccade
