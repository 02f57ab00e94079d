#pragma once

#include <optional>
#include <string>

#include "exhibit/exhibit.hpp"

namespace saccade {

/// Which model knows what is typed. Models are those among which the exhibit's parameter "model" chooses.

/// How many of the characters of the exhibit's text the model of these parameters has no sign for. Of a model that does not
/// list its characters: those beyond ASCII.
std::size_t unknown_characters(const Exhibit& exhibit, const Params& given);

/// The choice of "model" that knows more of the text than the chosen one, or of a date the one that learned dates; nothing if
/// there is none.
std::optional<std::string> better_model(const Exhibit& exhibit, const Params& given);

/// The first example of the text that is for the model of these parameters; nothing if the text as it is is for it, if that is
/// no example itself (somebody typed it), or if there is none.
std::optional<std::string> fitting_example(const Exhibit& exhibit, const Params& given);

/// The text parameter that these are about: the first that has examples; null if there is none, or no choice of models.
const ParamSpec* read_by_models(const Exhibit& exhibit);

}  // namespace saccade
