#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// For exhibit/saliency.cpp alone.
Lesson saliency_lesson();

}  // namespace saccade
