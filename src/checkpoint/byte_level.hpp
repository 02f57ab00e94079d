#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace saccade {

// Byte-level byte pair encoding (Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.2)
// writes each byte of a text as a character that can be seen: those of Latin-1 that can be seen as they are, the rest, in their
// order, from U+0100 on; so a space is "Ġ".

/// The bytes as characters.
std::string byte_characters(std::string_view bytes);
/// The other way; none if a character stands for no byte.
std::optional<std::string> bytes_of_characters(std::string_view characters);
/// How GPT-2 cuts a text into words, each with the space before it.
extern const char* const gpt2_words;

}  // namespace saccade
