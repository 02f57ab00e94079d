#include <fmt/format.h>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "checkpoint/token_model.hpp"
#include "checkpoint/token_trie.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

namespace {

Index known_unknown(const TokenTable& table, const std::string& unknown, const std::string& where) {
    if (const auto id = table.id(unknown)) return *id;
    throw Error(ErrorCode::bad_format,
                fmt::format("{}: '{}', which stands for what is unknown, is no token", where, shorten(unknown, 40)),
                "the vocabulary belongs to another tokenizer");
}

std::size_t characters_in(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text)
        if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) ++count;
    return count;
}

class WordPieceModel final : public TokenModel {
 public:
    WordPieceModel(TokenTable table, const WordPieceDesign& design, const std::string& where)
        : TokenModel(std::move(table)),
          longest_word_(design.longest_word),
          unknown_(known_unknown(this->table(), design.unknown, where)) {
        std::vector<std::pair<std::string, std::uint32_t>> first, later;
        for (const auto& [token, id] : this->table().ids()) {
            first.emplace_back(token, static_cast<std::uint32_t>(id));
            if (token.starts_with(design.continuing_prefix))
                later.emplace_back(token.substr(design.continuing_prefix.size()), static_cast<std::uint32_t>(id));
        }
        first_ = TokenTrie(std::move(first));
        later_ = TokenTrie(std::move(later));
    }

    void tokenize(std::string_view piece, std::vector<Index>& ids) const override {
        const std::size_t before = ids.size();
        bool known = characters_in(piece) <= longest_word_;
        for (std::string_view rest = piece; known && !rest.empty();) {
            std::size_t longest = 0;
            std::uint32_t id = 0;
            (rest.size() == piece.size() ? first_ : later_).prefixes(rest, [&](std::size_t length, std::uint32_t found) {
                longest = length;
                id = found;
            });
            known = longest > 0;
            ids.push_back(static_cast<Index>(id));
            rest.remove_prefix(longest);
        }
        if (known) return;
        ids.resize(before);
        ids.push_back(unknown_);
    }

 private:
    std::size_t longest_word_;
    Index unknown_;
    TokenTrie first_, later_;  // of a word's beginning, and of the rest
};

class WordLevelModel final : public TokenModel {
 public:
    WordLevelModel(TokenTable table, const std::string& unknown, const std::string& where)
        : TokenModel(std::move(table)), unknown_(known_unknown(this->table(), unknown, where)) {}
    void tokenize(std::string_view piece, std::vector<Index>& ids) const override {
        ids.push_back(table().id(piece).value_or(unknown_));
    }

 private:
    Index unknown_;
};

}  // namespace

std::unique_ptr<const TokenModel> make_word_piece(TokenTable table, const WordPieceDesign& design, const std::string& where) {
    return std::make_unique<WordPieceModel>(std::move(table), design, where);
}

std::unique_ptr<const TokenModel> make_word_level(TokenTable table, const std::string& unknown, const std::string& where) {
    return std::make_unique<WordLevelModel>(std::move(table), unknown, where);
}

}  // namespace saccade
