#pragma once

#include <string>
#include <vector>

#include "model/vocabulary.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// What exhibits share whose tokens are the characters of a typed text.

/// Labels of an axis: white space must be seen on it.
std::vector<std::string> visible_characters(const std::vector<std::string>& characters);

/// Ids of the characters; those that the vocabulary lacks become `unknown`, and a note about parameter `param` says which.
Ids character_ids(const std::vector<std::string>& characters, const Vocabulary& vocabulary, Index unknown,
                  const std::string& param, Probe& probe);

/// The note about parameter `param` that says which characters the model never saw; none if there are none.
void note_unseen(const std::vector<std::string>& unseen, const std::string& param, Probe& probe);

/// The note about parameter `param` that says which characters ("愛 as 爱") are read as others; none if there are none.
void note_mapped(const std::vector<std::string>& mapped, const std::string& param, Probe& probe);

}  // namespace saccade
