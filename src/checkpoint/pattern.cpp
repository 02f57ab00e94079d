#include "checkpoint/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

using CompileContext = std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)>;
using MatchContext = std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>;
using MatchData = std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)>;

constexpr std::size_t longest_expression = 1 << 14;           // bytes; those in use have a few hundred
constexpr std::uint32_t most_steps = 10'000'000;              // of one try at one place
constexpr std::uint32_t most_heap = 64 << 10;                 // KiB
constexpr std::size_t largest_grown = std::size_t{32} << 20;  // bytes
constexpr auto longest_search = std::chrono::seconds(5);

std::size_t next_character(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;) ++at;
    return at;
}

}  // namespace

struct Pattern::Compiled {
    std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> code{nullptr, pcre2_code_free};
};

Pattern Pattern::of_text(std::string text) {
    Pattern pattern;
    pattern.text_ = std::move(text);
    return pattern;
}

Pattern Pattern::of_expression(const std::string& expression, const std::string& where) {
    const std::string hint = "Saccade reads expressions as PCRE2 does";
    if (expression.size() > longest_expression)
        throw Error(ErrorCode::unsupported, fmt::format("{}: an expression of {} bytes", where, expression.size()), hint);
    const std::string translated = pcre2_expression(expression, where);
    const CompileContext context(pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
    // Ruby's ^ and $ stand at every line.
    constexpr std::uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
    int error = 0;
    PCRE2_SIZE place = 0;
    auto compiled = std::make_shared<Compiled>();
    compiled->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(), flags, &error,
                                       &place, context.get()));
    if (!compiled->code) {
        unsigned char words[160] = {};
        pcre2_get_error_message(error, words, sizeof words);
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: cannot read the expression '{}': {}", where, shorten(expression, 60),
                                reinterpret_cast<const char*>(words)),
                    hint);
    }
    pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE);  // where there is no compiler for this processor: slower
    Pattern pattern;
    pattern.text_ = expression;
    pattern.compiled_ = std::move(compiled);
    return pattern;
}

namespace {

/// One search through one text.
class Search {
 public:
    Search(const pcre2_code* code, std::string_view text)
        : code_(code),
          text_(text),
          context_(pcre2_match_context_create(nullptr), pcre2_match_context_free),
          data_(pcre2_match_data_create_from_pattern(code, nullptr), pcre2_match_data_free) {
        pcre2_set_match_limit(context_.get(), most_steps);
        pcre2_set_heap_limit(context_.get(), most_heap);
    }

    /// Whether it matches at this place, and till where. Tried place by place, so that no single call goes through a text over
    /// and over; what takes its time at one place after the other is ended by the clock.
    bool at(std::size_t place, Pattern::Match& match) {
        if (++tries_ % 16 == 0) check_time();
        int found = tried(place, 0);
        // Compiled, it has but a small stack.
        if (found == PCRE2_ERROR_JIT_STACKLIMIT) found = tried(place, PCRE2_NO_JIT);
        if (found == PCRE2_ERROR_NOMATCH) return false;
        if (found < 0) refuse();
        const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data_.get());
        match = {ends[0], ends[1]};
        if (match.begin < place || match.end < match.begin) refuse();  // \K can do that
        return true;
    }

 private:
    int tried(std::size_t place, std::uint32_t option) {
        return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), place,
                           PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK | option, data_.get(), context_.get());
    }
    void check_time() const {
        if (std::chrono::steady_clock::now() - start_ > longest_search) refuse();
    }
    [[noreturn]] static void refuse() {
        throw Error(ErrorCode::invalid_input, "the tokenizer's expression would take for ever on this text",
                    "try a shorter one");
    }

    const pcre2_code* code_;
    std::string_view text_;
    MatchContext context_;
    MatchData data_;
    std::size_t tries_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::vector<Pattern::Match> matches_of_text(std::string_view text, std::string_view wanted) {
    std::vector<Pattern::Match> all;
    if (wanted.empty()) return all;
    for (std::size_t at = 0; (at = text.find(wanted, at)) != std::string_view::npos; at += wanted.size())
        all.push_back({at, at + wanted.size()});
    return all;
}

}  // namespace

std::vector<Pattern::Match> Pattern::matches(std::string_view text) const {
    if (!compiled_) return matches_of_text(text, text_);
    std::vector<Match> all;
    Search search(compiled_->code.get(), text);
    for (std::size_t at = 0; at <= text.size();) {
        Match match{};
        const bool found = search.at(at, match);
        const bool empty = found && match.begin == match.end;
        if (found && !(empty && !all.empty() && all.back().end == match.end)) {
            all.push_back(match);
            at = empty ? match.end : std::max(match.end, at + 1);
            if (!empty) continue;
        }
        at = next_character(text, at);
    }
    return all;
}

void check_grown(std::size_t bytes) {
    if (bytes > largest_grown)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("the tokenizer makes more than {} MB of this text", largest_grown >> 20), "give a shorter one");
}

std::string Pattern::replaced(std::string_view text, std::string_view by) const {
    std::string result;
    std::size_t done = 0;
    for (const Match& match : matches(text)) {
        result.append(text.substr(done, match.begin - done)).append(by);
        check_grown(result.size());
        done = match.end;
    }
    return result.append(text.substr(done));
}

}  // namespace saccade
