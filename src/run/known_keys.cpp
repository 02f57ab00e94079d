#include "run/known_keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace saccade {

void refuse_unknown_keys(const nlohmann::json& object, std::initializer_list<const char*> known, const std::string& where,
                         const std::string& what) {
    if (!object.is_object()) return;
    for (const auto& [key, value] : object.items()) {
        if (std::ranges::any_of(known, [&](const char* one) { return key == one; })) continue;
        throw Error(ErrorCode::bad_format, fmt::format("{}: there is no {} '{}'", where, what, key),
                    fmt::format("there are {}", fmt::join(known, ", ")));
    }
}

}  // namespace saccade
