#pragma once

#include <string>
#include <vector>

namespace saccade {

/// A sentence that names a place, and the name that its translation must hold.
struct PlaceQuestion {
    std::string chinese;
    std::vector<std::string> places;  // English, lower case; any of them is right
};

/// Thirty places in each of five frames (我们明天去X。 我来自X。 X是一个美丽的国家。 你去过X吗？ 他住在X。): what a translator
/// must know of words that are rare in its pairs.
std::vector<PlaceQuestion> place_questions();

/// Does the translation hold one of the names, as words of their own?
bool names_place(const PlaceQuestion& question, const std::string& translation);

}  // namespace saccade
