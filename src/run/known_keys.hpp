#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace saccade {

/// For what people write by hand: a key that nothing reads is a slip of the pen. Error{bad_format} "WHERE: there is no WHAT
/// 'KEY'" says which there are.
void refuse_unknown_keys(const nlohmann::json& object, std::initializer_list<const char*> known, const std::string& where,
                         const std::string& what);

}  // namespace saccade
