#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// For exhibit/transformer.cpp alone.
Lesson transformer_lesson();

}  // namespace saccade
