#pragma once

#include <string>

namespace saccade {

/// What a view shows and what its words mean, for who has never seen one: the tooltip of a card's title. By the view's id;
/// empty for one that it does not know.
std::string view_words(const std::string& view);

}  // namespace saccade
