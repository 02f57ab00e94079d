#pragma once

#include <algorithm>
#include <string>

#include "exhibit/exhibit.hpp"

namespace saccade::test {

/// For exhibits that wait for their models (exhibit/registry.cpp).
inline bool offered(const std::string& id) {
    return std::ranges::any_of(exhibits(), [&](const Exhibit& e) { return e.id == id; });
}

}  // namespace saccade::test
