#pragma once

#include "exhibit/exhibit.hpp"

namespace saccade {

/// The tokens that look, in a row under the texts: a click on one selects its row of the attention, and picks what can be
/// picked there (Exhibit::picks).
struct TokenRow {
    /// Tensor over these tokens, which runs may have: 0 where a click does no more; 1 where it covers the token, 2 where it
    /// uncovers it again, by
    std::string coverable;
    std::string cover;  // this toggle
};

/// Null: the exhibit shows no such row.
const TokenRow* token_row_of(const Exhibit& exhibit);

}  // namespace saccade
