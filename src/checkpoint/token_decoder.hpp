#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace saccade {

/// Makes text of tokens: a list of parts, to be put together as they are.
using TokenDecoder = std::function<std::vector<std::string>(std::vector<std::string>)>;

/// As tokenizer.json describes it; null: a space between tokens. Errors as read_normalizer().
TokenDecoder read_token_decoder(const nlohmann::json& description, const std::string& where);

TokenDecoder byte_level_decoder();
/// Tokens that begin with the prefix belong to the one before. `cleanup`: no space before punctuation and English's 's.
TokenDecoder word_piece_decoder(const std::string& prefix, bool cleanup);

}  // namespace saccade
