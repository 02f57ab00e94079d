#pragma once

#include <optional>
#include <string>

namespace saccade {

/// One measured figure of `saccade bench`. `value` is empty if it could not be measured here; `reference` then says why, and
/// otherwise what it was measured beside.
struct BenchValue {
    std::string name;
    std::optional<double> value;
    std::string unit;
    std::string goal;
    std::string reference;
};

}  // namespace saccade
