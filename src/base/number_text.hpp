#pragma once

#include <string>

namespace saccade {

// Numbers as people read them.

/// Three significant digits, true minus sign: "0.61", "−2.31", "1.2e6".
std::string number_text(double value);
/// Four decimals; of numbers that would lose theirs, three digits.
std::string value_text(double value);
/// A probability or a weight: "0.27"; a digit more of what would read 0.00, and as number_text below that.
std::string share_text(double value);

}  // namespace saccade
