#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// What a permutation of the tokens does to self-attention, and what it does not.
Lesson permutation_lesson();

}  // namespace saccade
