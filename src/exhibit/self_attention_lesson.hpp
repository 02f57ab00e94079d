#pragma once

#include "exhibit/lesson.hpp"

namespace saccade {

/// For exhibit/self_attention.cpp alone.
Lesson self_attention_lesson();

}  // namespace saccade
