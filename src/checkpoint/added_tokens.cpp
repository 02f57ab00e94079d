#include "checkpoint/added_tokens.hpp"

#include <algorithm>

#include "checkpoint/unicode_class.hpp"

namespace saccade {

namespace {

/// Bytes of white space at the end of a text.
std::size_t space_before(std::string_view text) {
    std::string_view rest = text;
    while (!rest.empty() && is_white_space(last_code_point(rest))) {
        rest.remove_suffix(1);
        while (!rest.empty() && (static_cast<unsigned char>(text[rest.size()]) & 0xc0U) == 0x80U) rest.remove_suffix(1);
    }
    return text.size() - rest.size();
}

std::size_t space_behind(std::string_view text) {
    std::string_view rest = text;
    for (std::string_view next = rest; !next.empty() && is_white_space(take_code_point(next));) rest = next;
    return text.size() - rest.size();
}

bool within_word(std::string_view before, std::string_view behind) {
    if (!before.empty() && is_word(last_code_point(before))) return true;
    return !behind.empty() && is_word(take_code_point(behind));
}

}  // namespace

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens, const Normalizer& normalizer, const std::string& where)
    : tokens_(tokens) {
    std::vector<std::pair<std::string, std::uint32_t>> raw, normalized;
    for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
        const AddedToken& token = tokens_[i];
        table_.add(token.content, token.id, where);
        special_[token.id] = token.special;
        if (token.normalized)
            normalized.emplace_back(normalizer ? normalizer(token.content) : token.content, i);
        else
            raw.emplace_back(token.content, i);
    }
    raw_.trie = TokenTrie(std::move(raw));
    normalized_.trie = TokenTrie(std::move(normalized));
}

bool AddedTokens::is_special(Index id) const {
    const auto found = special_.find(id);
    return found != special_.end() && found->second;
}

std::vector<TextPart> AddedTokens::split(std::string_view text, const Normalizer& normalizer) const {
    std::vector<TextPart> parts, result;
    raw_.split(tokens_, {std::nullopt, std::string(text), true}, parts);
    for (TextPart& part : parts) {
        if (part.id) {
            result.push_back(std::move(part));
            continue;
        }
        if (normalizer) {
            // Where what comes first is left out, what is left no longer begins the text.
            std::string_view rest = part.text;
            take_code_point(rest);
            const std::string first = part.text.substr(0, part.text.size() - rest.size());
            part.at_start = part.at_start && !normalizer(first).empty();
            part.text = normalizer(std::move(part.text));
        }
        normalized_.split(tokens_, part, result);
    }
    return result;
}

void AddedTokens::Search::split(const std::vector<AddedToken>& tokens, const TextPart& part,
                                std::vector<TextPart>& into) const {
    const std::string_view text = part.text;
    std::size_t done = 0;
    const auto plain_until = [&](std::size_t end) {
        if (done < end) into.push_back({std::nullopt, std::string(text.substr(done, end - done)), part.at_start && done == 0});
    };
    for (std::size_t at = 0; at < text.size() && !trie.empty();) {
        std::size_t length = 0;
        const AddedToken* token = nullptr;
        trie.prefixes(text.substr(at), [&](std::size_t n, std::uint32_t value) {
            length = n;
            token = &tokens[value];
        });
        if (token == nullptr) {
            ++at;
            continue;
        }
        std::size_t begin = at, end = at + length;
        at = end;
        if (token->single_word && within_word(text.substr(0, begin), text.substr(end))) continue;
        if (begin < done) continue;  // its white space went to the token before
        if (token->lstrip) begin = std::max(done, begin - space_before(text.substr(0, begin)));
        if (token->rstrip) end += space_behind(text.substr(end));
        plain_until(begin);
        into.push_back({token->id, {}, false});
        done = end;
    }
    plain_until(text.size());
}

}  // namespace saccade
