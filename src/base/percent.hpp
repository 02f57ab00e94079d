#pragma once

#include <string>

namespace saccade {

/// A share for people: "96.6%". Rounding never makes it all or none: 1,999 of 2,000 are "99.95%", one of 10,000 "0.01%"; all
/// are "100%", none "0%".
std::string percent(double share);

}  // namespace saccade
