#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// Induction heads: what they attend to, how two layers make one, and what is lost without it.
Lesson induction_lesson();

}  // namespace saccade
