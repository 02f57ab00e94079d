#include "exhibit/token_row.hpp"

namespace saccade {

const TokenRow* token_row_of(const Exhibit& exhibit) {
    static const TokenRow of_checkpoints{"token.coverable", "mask"};
    return exhibit.id == "checkpoint" ? &of_checkpoints : nullptr;
}

}  // namespace saccade
