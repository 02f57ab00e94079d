#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "checkpoint/token_model.hpp"
#include "checkpoint/token_trie.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

namespace {

constexpr double unknown_penalty = 10;  // how much less probable an unknown character is than the rarest token

class UnigramModel final : public TokenModel {
 public:
    UnigramModel(TokenTable table, UnigramDesign design) : TokenModel(std::move(table)), design_(std::move(design)) {
        std::vector<std::pair<std::string, std::uint32_t>> strings;
        for (const auto& [token, id] : this->table().ids()) strings.emplace_back(token, static_cast<std::uint32_t>(id));
        trie_ = TokenTrie(std::move(strings));
        const double least = design_.scores.empty() ? 0 : *std::min_element(design_.scores.begin(), design_.scores.end());
        unknown_score_ = least - unknown_penalty;
    }

    void tokenize(std::string_view piece, std::vector<Index>& ids) const override {
        const std::vector<Best> best = best_paths(piece);
        // From the end back; unknown characters that follow each other are one.
        std::vector<std::string_view> parts;
        for (std::size_t end = piece.size(), unknown_end = 0; end > 0;) {
            const Best& node = best[end];
            const bool unknown = design_.unknown && node.id == *design_.unknown;
            if (unknown && unknown_end != 0)
                parts.back() = piece.substr(node.begin, unknown_end - node.begin);
            else
                parts.push_back(piece.substr(node.begin, end - node.begin));
            unknown_end = unknown ? (unknown_end != 0 ? unknown_end : end) : 0;
            end = node.begin;
        }
        std::reverse(parts.begin(), parts.end());
        for (const std::string_view part : parts) append(part, ids);
    }

 private:
    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
    /// The most probable way to the bytes before a place: its score, and its last token.
    struct Best {
        double score = 0;
        std::size_t begin = nowhere;
        Index id = 0;
    };

    std::vector<Best> best_paths(std::string_view piece) const {
        std::vector<Best> best(piece.size() + 1);
        for (std::size_t at = 0; at < piece.size();) {
            std::string_view rest = piece.substr(at);
            take_code_point(rest);
            const std::size_t next = piece.size() - rest.size();
            const double so_far = best[at].score;
            bool single = false;
            const auto offer = [&](std::size_t end, Index id, double score) {
                Best& node = best[end];
                if (node.begin != nowhere && score <= node.score) return;
                node = {score, at, id};
            };
            trie_.prefixes(piece.substr(at), [&](std::size_t length, std::uint32_t id) {
                offer(at + length, id, design_.scores[id] + so_far);
                single = single || at + length == next;
            });
            if (!single) {
                if (!design_.unknown)
                    throw Error(ErrorCode::invalid_input,
                                "this tokenizer has no token for a character of the text, nor one for unknown ones",
                                "leave the character out");
                offer(next, *design_.unknown, unknown_score_ + so_far);
            }
            at = next;
        }
        return best;
    }

    void append(std::string_view part, std::vector<Index>& ids) const {
        if (const auto id = table().id(part)) {
            ids.push_back(*id);
        } else if (const auto bytes = design_.byte_fallback ? byte_ids(table(), part) : std::nullopt) {
            ids.insert(ids.end(), bytes->begin(), bytes->end());
        } else {
            ids.push_back(*design_.unknown);  // best_paths() has seen to it
        }
    }

    UnigramDesign design_;
    TokenTrie trie_;
    double unknown_score_ = 0;
};

}  // namespace

std::unique_ptr<const TokenModel> make_unigram(TokenTable table, UnigramDesign design, const std::string& where) {
    const auto count = static_cast<Index>(design.scores.size());
    if (count != table.size() || (design.unknown && (*design.unknown < 0 || *design.unknown >= count)))
        throw Error(ErrorCode::bad_format, fmt::format("{}: its unknown token is not among its {} tokens", where, count),
                    "this tokenizer is damaged");
    return std::make_unique<UnigramModel>(std::move(table), std::move(design));
}

}  // namespace saccade
