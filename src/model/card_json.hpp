#pragma once

#include <string>

#include "io/json_text.hpp"

namespace saccade {

/// What to do about a card that does not say what it must.
inline constexpr const char* card_hint = "use the card that was written with these weights";

/// A model card's keys, for what reads its design, vocabulary or names there. Errors begin with `where`, the model's file.
inline JsonObject card_object(const nlohmann::json& card, const std::string& where) {
    return {card, where + ": the model card", card_hint};
}

}  // namespace saccade
