#include <fmt/format.h>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "checkpoint/pattern.hpp"

namespace saccade {

namespace {

// As the Unicode standard has them (White_Space; Alphabetic, M, Nd, Pc): PCRE2's own \s also takes U+180E, its \w no marks.
constexpr std::string_view white_space = R"(\t-\r\x{85}\p{Z})";
constexpr std::string_view word = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
constexpr std::string_view hexadecimal = "0-9A-Fa-f";

/// Of a class in brackets: what stands in it, and what must be an alternative of its own since brackets cannot hold it.
struct Union {
    std::string items;
    std::vector<std::string> others;

    std::string expression() const {
        std::vector<std::string> all = others;
        if (!items.empty()) all.insert(all.begin(), "[" + items + "]");
        if (all.empty()) return "(?!)";
        if (all.size() == 1) return all.front();
        return fmt::format("(?:{})", fmt::join(all, "|"));
    }
};

class Translator {
 public:
    Translator(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    std::string translated() {
        std::string result;
        while (at_ < text_.size()) {
            if (text_[at_] == '\\')
                result += escape(false);
            else if (text_[at_] == '[')
                result += bracket(0);
            else
                result += text_[at_++];
        }
        return result;
    }

 private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw Error(ErrorCode::unsupported, fmt::format("{}: in the expression '{}', {}", where_, shorten(text_, 60), why),
                    "Saccade reads expressions as PCRE2 does");
    }

    /// What a \ and the next character mean; `inside` brackets without brackets of its own.
    std::string escape(bool inside) {
        if (at_ + 1 >= text_.size()) refuse("nothing follows \\");
        const char c = text_[at_ + 1];
        const auto set = [&](std::string_view items, bool negated) {
            at_ += 2;
            if (inside) return std::string(items);
            return fmt::format("[{}{}]", negated ? "^" : "", items);
        };
        if (c == 's') return set(white_space, false);
        if (c == 'w') return set(word, false);
        if (c == 'h') return set(hexadecimal, false);
        if (!inside && (c == 'b' || c == 'B')) {
            at_ += 2;
            const std::string before = fmt::format("(?<=[{}])", word), behind = fmt::format("(?=[{}])", word);
            const std::string not_before = fmt::format("(?<![{}])", word), not_behind = fmt::format("(?![{}])", word);
            if (c == 'b') return "(?:" + before + not_behind + "|" + not_before + behind + ")";
            return "(?:" + before + behind + "|" + not_before + not_behind + ")";
        }
        if (!inside && c == 'S') return set(white_space, true);
        if (!inside && c == 'W') return set(word, true);
        if (!inside && c == 'H') return set(hexadecimal, true);
        if (c == 'u' && at_ + 6 <= text_.size()) {
            const std::string code = fmt::format("\\x{{{}}}", text_.substr(at_ + 2, 4));
            at_ += 6;
            return code;
        }
        const std::string kept(text_.substr(at_, 2));
        at_ += 2;
        // What braces belong to it: \p{L}, \x{20}.
        if ((c == 'p' || c == 'P' || c == 'x') && at_ < text_.size() && text_[at_] == '{') {
            const std::size_t end = text_.find('}', at_);
            if (end == std::string_view::npos) refuse("a { is not closed");
            const std::string name(text_.substr(at_, end + 1 - at_));
            at_ = end + 1;
            return kept + name;
        }
        return kept;
    }

    /// From [ to its ].
    std::string bracket(int depth) {
        if (depth > 16) refuse("brackets lie more than 16 deep");
        ++at_;
        const bool negated = at_ < text_.size() && text_[at_] == '^';
        if (negated) ++at_;
        std::vector<Union> all(1);  // joined by &&
        for (bool first = true;; first = false) {
            if (at_ >= text_.size()) refuse("a [ is not closed");
            Union& now = all.back();
            if (text_[at_] == ']' && !first) break;
            if (text_.substr(at_, 2) == "[:") {
                const std::size_t end = text_.find(":]", at_ + 2);
                if (end == std::string_view::npos) refuse("a [: is not closed");
                now.items += text_.substr(at_, end + 2 - at_);
                at_ = end + 2;
            } else if (text_[at_] == '[') {
                nested(now, depth);
            } else if (text_.substr(at_, 2) == "&&") {
                all.emplace_back();
                at_ += 2;
            } else {
                item(now);
            }
        }
        ++at_;
        return joined(all, negated);
    }

    void nested(Union& into, int depth) {
        const bool plain = at_ + 1 < text_.size() && text_[at_ + 1] != '^';
        const std::string inner = bracket(depth + 1);
        // [a[bc]] is [abc].
        if (plain && inner.starts_with('[') && inner.ends_with(']'))
            into.items += inner.substr(1, inner.size() - 2);
        else
            into.others.push_back(inner);
    }

    void item(Union& into) {
        if (text_[at_] != '\\') {
            // A ] that comes first, and a ^ that does not, mean themselves wherever they end up.
            if (text_[at_] == ']' || text_[at_] == '^') into.items += '\\';
            into.items += text_[at_++];
            return;
        }
        const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (c == 'S' || c == 'W' || c == 'H') {
            into.others.push_back(escape(false));
        } else {
            into.items += escape(true);
        }
    }

    static std::string joined(const std::vector<Union>& all, bool negated) {
        if (all.size() == 1 && all[0].others.empty() && !all[0].items.empty())
            return fmt::format("[{}{}]", negated ? "^" : "", all[0].items);
        // One character that every part takes: each but the last looks ahead.
        std::string result;
        for (std::size_t i = 0; i + 1 < all.size(); ++i) result += "(?=" + all[i].expression() + ")";
        result += all.back().expression();
        return negated ? fmt::format(R"((?:(?!{})[\x{{0}}-\x{{10ffff}}]))", result) : fmt::format("(?:{})", result);
    }

    std::string_view text_;
    const std::string& where_;
    std::size_t at_ = 0;
};

}  // namespace

std::string pcre2_expression(std::string_view expression, const std::string& where) {
    return Translator(expression, where).translated();
}

}  // namespace saccade
