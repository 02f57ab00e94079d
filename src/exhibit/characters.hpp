#pragma once

#include <string>
#include <vector>

#include "exhibit/exhibit.hpp"
#include "model/sequence_text.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// What exhibits share whose tokens are the characters of a typed text.

/// Labels of an axis: white space and what no font draws must be seen on it (visible_character(), base/typed_text.hpp).
std::vector<std::string> visible_characters(const std::vector<std::string>& characters);

/// Ids of the characters; those that the vocabulary lacks become `unknown`, and a note about parameter `param` says which.
Ids character_ids(const std::vector<std::string>& characters, const Vocabulary& vocabulary, Index unknown,
                  const std::string& param, Probe& probe);

/// The note about parameter `param` that says which characters the model never saw; none if there are none.
void note_unseen(const std::vector<std::string>& unseen, const std::string& param, Probe& probe);

/// The note about parameter `param` that says which characters ("愛 as 爱") are read as others; none if there are none.
void note_mapped(const std::vector<std::string>& mapped, const std::string& param, Probe& probe);

/// The note about parameter `param` that names the characters that were left out, as they are not to be seen; none without.
void note_dropped(const std::vector<std::string>& dropped, const std::string& param, Probe& probe);

/// Refuses a text of which nothing can be read: "Source is empty", or what was left out of it and why.
[[noreturn]] void refuse_nothing_to_read(const std::string& title, const std::vector<std::string>& dropped,
                                         const std::string& hint);

/// The ids of a text that the model is made to write, with notes about what it does not have (<unk> stands there) and what was
/// left out. Errors as SequenceText::read_target().
Ids target_ids(const SequenceText& text, const std::string& typed, const std::string& param, Probe& probe);
/// The same of a text that the model reads: what it does not have it never saw.
Ids text_ids(const SequenceText& text, const std::string& typed, const std::string& param, Probe& probe);

/// The note about parameter `param` that says that an output did not end ("the output did not end within 24 tokens"), with the
/// likely cause: a hand that changed the run; a model that is still in training; else what it was given, which `unlike` says.
void note_unended(const RunContext& context, const std::string& param, const std::string& said, const std::string& unlike);

}  // namespace saccade
