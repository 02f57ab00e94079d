#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// The lesson of the exhibit `temporal`.
Lesson temporal_lesson();

}  // namespace saccade
