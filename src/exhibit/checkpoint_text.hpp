#pragma once

#include "exhibit/exhibit.hpp"

namespace saccade {

// How texts become ids in the exhibit of people's own models.

inline constexpr const char* checkpoint_first_text = "I don't know what you are talking";  // stands there at first

/// Ids typed as numbers, where a folder has no tokenizer. Error{invalid_input} names what is none.
Ids typed_ids(const std::string& text, const std::string& path, Index vocabulary);
/// The first ids, for a look at a model while checkpoint_first_text still stands there; a note says so.
Ids first_ids(Index vocabulary, Probe& probe);
/// Error{bad_format} if a tokenizer gave an id that the table does not have.
void require_rows(const Ids& ids, const std::string& path, Index vocabulary);
/// A note if the text of a parameter holds what nobody sees.
void note_what_is_unseen(const RunContext& context, const char* param);

}  // namespace saccade
