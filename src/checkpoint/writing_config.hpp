#pragma once

#include "checkpoint/family.hpp"

namespace saccade {

/// How an encoder-decoder writes, as generation_config.json says, else config.json: decoder_start_token_id (or else the
/// padding's id), eos_token_id, bad_words_ids. `padding`, `end`: the family's usual ids; ids are below `vocabulary`, the
/// decoder's. Error{bad_format}; Error{unsupported} for bad words of several tokens.
void read_writing(const CheckpointFolder& folder, const JsonObject& config, Index padding, Index end, Index vocabulary,
                  SourceSide& source);

/// Error{unsupported} if a key that is false as a rule is true, or the other way round; `usual` says which opens.
void require_usual(const JsonObject& config, const char* key, bool usual, const std::string& where, const std::string& hint);

}  // namespace saccade
