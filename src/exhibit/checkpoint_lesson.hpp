#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// What a model of one's own can be asked, and what holds of any.
Lesson checkpoint_lesson();

}  // namespace saccade
