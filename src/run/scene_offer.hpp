#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "exhibit/exhibit.hpp"

namespace saccade {

// What a lesson can make of the cell that is selected, as it stands in its file, with texts in both languages.

/// Claims about its row, its tensor and the run's output, which hold as it is: that the largest lies on a place is offered
/// where it does. `of_b`: the run is B of a comparison.
std::vector<nlohmann::json> offered_claims(const Trace& trace, const Exhibit& exhibit, const CellRef& cell, bool of_b);
/// How the row's weights are shared out. None: it has no weights, or too many to be guessed.
std::optional<nlohmann::json> offered_question(const Trace& trace, const CellRef& cell);
/// The tokens of its row and column: {"output": ["beijing"], "source": ["北"]}, and in words; empty: it is a cell of none.
struct OfferedTokens {
    nlohmann::json places = nlohmann::json::object();
    std::string words;
};
OfferedTokens offered_tokens(const Trace& trace, const CellRef& cell);

}  // namespace saccade
