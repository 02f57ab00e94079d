#pragma once

#include <optional>

#include "checkpoint/checkpoint.hpp"
#include "exhibit/exhibit.hpp"

namespace saccade {

// How texts become ids in the exhibit of people's own models.

inline constexpr const char* checkpoint_first_text = "I don't know what you are talking";  // stands there at first

/// Ids typed as numbers, where a folder has no tokenizer. Error{invalid_input} names what is none.
Ids typed_ids(const std::string& text, const std::string& path, Index vocabulary);
/// The first ids, for a look at a model while checkpoint_first_text still stands there; a note says so.
Ids first_ids(Index vocabulary, Probe& probe);
/// "1 2 3 4 5 6 7 8", or fewer where the table has fewer.
std::string first_ids_text(Index vocabulary);

/// A text, or a pair, as one stack reads it, checked against its table: what the tokenizer makes of it, or ids typed as
/// numbers.
struct ReadText {
    Ids ids, types;             // types: empty, or one an id that the model knows
    std::vector<bool> special;  // tokens that nobody typed
};
ReadText read_checkpoint_text(const Checkpoint& checkpoint, const std::string& text,
                              std::optional<std::string_view> second = std::nullopt);
/// Error{bad_format} if a tokenizer gave an id that the table does not have.
void require_rows(const Ids& ids, const std::string& path, Index vocabulary);
/// A note if the text of a parameter holds what nobody sees.
void note_what_is_unseen(const RunContext& context, const char* param);

}  // namespace saccade
