#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// What a layer costs: Vaswani 2017, table 1, as formula, as counted and as measured.
Lesson complexity_lesson();

}  // namespace saccade
