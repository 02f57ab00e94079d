#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/catalogue.hpp"

namespace saccade {

// Texts for people stand in the code in English, as tr("..."), and are looked up in the catalogue of the language that is shown
// (assets/translations). What is not there stays English. All of this may be called on any thread, at any time.
//
//   tr("Open …")                            a text
//   tr("{} of {}", n, all)                  with values; a translation may order them as {1} {0}
//   tr_count(n, "{} change", "{} changes")  with a count, which is its first value; more may follow
//   tr_in("of a matrix", "row")             a word that is another one elsewhere
//   msg("Score")                            declared here in English, shown elsewhere by tr()
//   tr_composed(error.message())            an English text made elsewhere of a format string that the catalogue knows

/// Null: English. Earlier ones are kept: another thread may be reading them.
void use_catalogue(std::unique_ptr<const Catalogue> catalogue);
/// Null while texts are English.
const Catalogue* catalogue_in_use();

constexpr const char* msg(const char* english) {
    return english;
}

std::string tr(std::string_view english);
std::string tr_in(std::string_view context, std::string_view english);
std::string tr_composed(std::string_view finished);
std::vector<std::string> tr_all(std::vector<std::string> english);

/// A translation made of these values; `english`, if its places are not those that the English has.
std::string filled_in(std::string_view translation, std::string_view english, fmt::format_args values);

template <class First, class... Rest>
std::string tr(fmt::format_string<First, Rest...> english, First&& first, Rest&&... rest) {
    const fmt::string_view text = english;
    const Catalogue* texts = catalogue_in_use();
    return filled_in(texts == nullptr ? std::string_view() : texts->find({text.data(), text.size()}),
                     {text.data(), text.size()}, fmt::make_format_args(first, rest...));
}

template <class Count, class... Rest>
std::string tr_count(Count n, fmt::format_string<Count&, Rest...> one, fmt::format_string<Count&, Rest...> others,
                     Rest&&... rest) {
    const fmt::string_view first = one, text = n == Count{1} ? one : others;
    const Catalogue* texts = catalogue_in_use();
    return filled_in(
        texts == nullptr ? std::string_view() : texts->find_count({first.data(), first.size()}, static_cast<std::size_t>(n)),
        {text.data(), text.size()}, fmt::make_format_args(n, rest...));
}

}  // namespace saccade
