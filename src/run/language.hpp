#pragma once

#include <string>
#include <vector>

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

}  // namespace saccade
