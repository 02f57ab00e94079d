#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

Lesson vision_checkpoint_lesson();

}  // namespace saccade
