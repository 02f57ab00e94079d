#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Hashes strings and their views alike, so that a table of strings can be asked with a part of a text.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Tokens and their ids, which need not follow each other. As in the files: a token that comes twice keeps its last id, an id
/// that comes twice its last token.
class TokenTable {
 public:
    static constexpr Index most = Index{1} << 22;              // ids; the largest vocabularies have some 260,000
    static constexpr std::size_t longest = std::size_t{1024};  // bytes of a token; in use: 256

    TokenTable() = default;
    TokenTable(TokenTable&&) = default;
    TokenTable& operator=(TokenTable&&) = default;
    TokenTable(const TokenTable&) = delete;  // tokens_ points into ids_
    TokenTable& operator=(const TokenTable&) = delete;

    /// Error{bad_format} "WHERE: ..." beyond the bounds above.
    void add(std::string_view token, Index id, const std::string& where);
    std::optional<Index> id(std::string_view token) const;
    /// Null if there is none.
    const std::string* token(Index id) const;
    /// Ids are below this.
    Index size() const { return static_cast<Index>(tokens_.size()); }
    std::size_t count() const { return ids_.size(); }
    const ByText<Index>& ids() const { return ids_; }

 private:
    ByText<Index> ids_;
    std::vector<const std::string*> tokens_;
};

}  // namespace saccade
