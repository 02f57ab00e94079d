#include "base/percent.hpp"

#include <fmt/core.h>

#include <cmath>

namespace saccade {

std::string percent(double share) {
    if (share == 1) return "100%";
    if (share == 0) return "0%";
    if (!std::isfinite(share)) return "—";
    for (int decimals = 1; decimals < 6; ++decimals) {
        const double unit = std::pow(10.0, decimals);
        const double rounded = std::round(share * 100 * unit) / unit;
        if (rounded != 0 && rounded != 100) return fmt::format("{:.{}f}%", share * 100, decimals);
    }
    return share > 0.5 ? "nearly 100%" : "nearly 0%";
}

}  // namespace saccade
