#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace saccade {

/// The texts of one language, as msgfmt compiles them (.mo): English to translation. Read by this program itself, not by the C
/// library's gettext(): that one follows the process's locale, which a machine may not have, and cannot be switched while other
/// threads look texts up. Never changes once made, so that threads share it.
class Catalogue {
 public:
    /// Error{bad_format}: `where` and what is wrong with these bytes.
    Catalogue(std::string bytes, const std::string& where);
    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;

    /// Empty: not translated. `context`: what a word with two meanings is here; empty: the usual one.
    std::string_view find(std::string_view english, std::string_view context = {}) const;
    /// Of a text with a count. One form for every number, where the language has no more; else `one` and all others.
    std::string_view find_count(std::string_view one, std::size_t n) const;
    /// Of a finished English text that was made of a format string of the catalogue: the same, made of its translation; what it
    /// holds is translated the same way. nullopt: none fits.
    /// Remembers what it found: panels ask for the same texts in every frame.
    std::optional<std::string> find_composed(std::string_view finished) const;

 private:
    /// "{}: no tensor '{}'" as the pieces around its places, the translation's, and which of the values stands where in it.
    struct Pattern {
        std::vector<std::string_view> pieces{}, translated{};
        std::vector<std::size_t> values{};
        std::size_t letters = 0;
    };
    void add_pattern(std::string_view english, std::string_view translation);
    /// What was found out about parts of one text: the same part is met on many ways.
    using Parts = std::unordered_map<std::string, std::optional<std::string>>;
    std::optional<std::string> composed(std::string_view finished, int depth, Parts& parts) const;
    std::optional<std::string> made_of(std::string_view finished, int depth, Parts& parts) const;
    /// "Scores, output 5": what a comma joins, one by one; a name with its number.
    std::optional<std::string> in_parts(std::string_view finished, int depth, Parts& parts) const;
    std::optional<std::string> filled(const Pattern& pattern, std::string_view finished, int depth, Parts& parts) const;

    std::string bytes_;
    std::unordered_map<std::string_view, std::string_view> texts_;
    std::vector<Pattern> patterns_;  // those with most letters of their own first
    bool one_form_ = false;
    mutable std::mutex mutex_;
    mutable std::unordered_map<std::string, std::optional<std::string>> remembered_;
};

}  // namespace saccade
