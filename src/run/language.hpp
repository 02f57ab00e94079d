#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/translate.hpp"

namespace saccade {

/// A language of the program's texts: "zh", "中文".
struct Language {
    std::string id, name;
};
/// Those that there are, English first.
const std::vector<Language>& languages();

/// What the environment asks for: SACCADE_LANGUAGE, else LANGUAGE, LC_ALL, LC_MESSAGES or LANG, the first that is set, as
/// gettext reads them; "en" where that is none of ours.
std::string usual_language();

/// Is it asked for by SACCADE_LANGUAGE, which goes before what a person chose earlier?
bool is_language_asked_for();

/// Shows all texts in this language from now on. Error{usage}: there is no such language. Error{not_found}, {io}, {bad_format}:
/// its catalogue is missing or damaged; then texts are English.
void use_language(const std::string& id);
/// The id of what texts are shown in.
std::string language_in_use();

/// Another language for as long as this lives; then the one before again. For one thread at a time: a figure that a command
/// writes has a language of its own.
class LanguageFor {
 public:
    /// Errors as use_language().
    explicit LanguageFor(const std::string& id);
    ~LanguageFor();
    LanguageFor(const LanguageFor&) = delete;
    LanguageFor& operator=(const LanguageFor&) = delete;

 private:
    std::string before_;
};

/// Texts in one language, whichever is in use: a lesson is read in its own, beside a window in another. English for an id of no
/// language, and while its catalogue cannot be read. Each catalogue is read once, at its first use.
class TextsIn {
 public:
    explicit TextsIn(const std::string& id);

    std::string tr(std::string_view english) const;
    template <class First, class... Rest>
    std::string tr(fmt::format_string<First, Rest...> english, First&& first, Rest&&... rest) const {
        const fmt::string_view text = english;
        return filled_in(texts_ == nullptr ? std::string_view() : texts_->find({text.data(), text.size()}),
                         {text.data(), text.size()}, fmt::make_format_args(first, rest...));
    }
    std::string tr_in(std::string_view context, std::string_view english) const;
    std::string tr_composed(std::string_view finished) const;

 private:
    const Catalogue* texts_;  // null: English
};

}  // namespace saccade
