#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace saccade {

/// What a tokenizer looks for in a text: a string, or a regular expression. Immutable, may be used by several threads.
class Pattern {
 public:
    struct Match {
        std::size_t begin, end;  // bytes
    };

    static Pattern of_text(std::string text);
    /// In the syntax of Oniguruma (whose Ruby flavour the `tokenizers` library reads), as far as pcre2_expression() translates
    /// it. Error{unsupported} "WHERE: ..." if it does not compile, with the place.
    static Pattern of_expression(const std::string& expression, const std::string& where);

    /// From left to right, none over another; one that is empty never follows another at once. The text must be UTF-8.
    /// Error{invalid_input} if the expression would go on for ever, or nearly so, on this text.
    std::vector<Match> matches(std::string_view text) const;
    std::string replaced(std::string_view text, std::string_view by) const;

 private:
    struct Compiled;
    Pattern() = default;

    std::string text_;  // or the expression
    std::shared_ptr<const Compiled> compiled_;
};

/// How long a text may become on its way through a tokenizer: a few replacements, one after the other, could make it grow
/// without end. Error{invalid_input} beyond.
void check_grown(std::size_t bytes);

/// The expression in the syntax of PCRE2. What they write alike but read otherwise is written out: \h (a hexadecimal digit),
/// \s, \w, \uHHHH; brackets within brackets and && of [ ]. Error{unsupported} "WHERE: ..." if brackets are not closed or lie
/// deep.
std::string pcre2_expression(std::string_view expression, const std::string& where);

}  // namespace saccade
