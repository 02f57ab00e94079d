#include "checkpoint/token_table.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

void TokenTable::add(std::string_view token, Index id, const std::string& where) {
    const std::string hint = "this tokenizer is damaged, or not one";
    if (id < 0 || id >= most)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: the id of '{}' is {}; it must be from 0 to {}", where, shorten(token, 40), id, most - 1),
                    hint);
    if (token.size() > longest)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: the token {} has {} bytes; at most {} are read", where, id, token.size(), longest), hint);
    const auto place = ids_.insert_or_assign(std::string(token), id).first;
    if (id >= size()) tokens_.resize(static_cast<std::size_t>(id) + 1, nullptr);
    tokens_[static_cast<std::size_t>(id)] = &place->first;
}

std::optional<Index> TokenTable::id(std::string_view token) const {
    const auto found = ids_.find(token);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
}

const std::string* TokenTable::token(Index id) const {
    return id >= 0 && id < size() ? tokens_[static_cast<std::size_t>(id)] : nullptr;
}

}  // namespace saccade
