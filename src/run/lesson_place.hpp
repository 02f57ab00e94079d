#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace saccade {

/// An error about a lesson that is JSON, with where in its text it is: at the word that the error quotes, in that scene (npos:
/// in the whole); else where the scene begins.
Error placed(const Error& error, std::string_view text, std::size_t scene);

}  // namespace saccade
