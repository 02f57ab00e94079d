#include "run/language.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "base/translate.hpp"
#include "io/input_file.hpp"
#include "model/model_store.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

constexpr const char* asked_by = "SACCADE_LANGUAGE";
constexpr std::size_t most_bytes = std::size_t{1} << 24;

std::atomic<std::size_t> in_use = 0;  // of languages()

/// Where msgfmt's output stands: installed, beside the other assets; else where this program was built.
std::string catalogue_path(const std::string& id) {
    std::error_code ignored;
    const fs::path file = fs::path("translations") / (id + ".mo");
    for (const fs::path& folder : {fs::path(assets_folder()), fs::path(SACCADE_BUILT_TRANSLATIONS).parent_path()})
        if (fs::exists(folder / file, ignored)) return (folder / file).string();
    return (fs::path(assets_folder()) / file).string();
}

/// "zh_CN.UTF-8": "zh"; empty: no language of ours.
std::string language_of(const std::string& locale) {
    const std::string id = locale.substr(0, locale.find_first_of("_.@-"));
    if (id == "C" || id == "POSIX") return "en";
    return std::ranges::any_of(languages(), [&](const Language& known) { return known.id == id; }) ? id : "";
}

}  // namespace

const std::vector<Language>& languages() {
    static const std::vector<Language> all = {{"en", "English"}, {"zh", "中文"}};
    return all;
}

bool is_language_asked_for() {
    const char* asked = std::getenv(asked_by);
    return asked != nullptr && *asked != '\0';
}

std::string usual_language() {
    for (const char* name : {asked_by, "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        // LANGUAGE is a list: the first of ours.
        const std::string wanted = value;
        for (std::size_t at = 0; at < wanted.size();) {
            const std::size_t end = std::min(wanted.find(':', at), wanted.size());
            if (const std::string id = language_of(wanted.substr(at, end - at)); !id.empty()) return id;
            at = end + 1;
        }
        return languages().front().id;
    }
    return languages().front().id;
}

void use_language(const std::string& id) {
    const auto& all = languages();
    const auto found = std::ranges::find(all, id, &Language::id);
    if (found == all.end()) {
        std::string known;
        for (const Language& one : all) known += (known.empty() ? "" : ", ") + one.id;
        throw Error(ErrorCode::usage, "there is no language '" + id + "'", "choose one of: " + known);
    }
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    in_use = 0;
    use_catalogue(nullptr);
    if (found == all.begin()) return;
    const std::string path = catalogue_path(id);
    use_catalogue(std::make_unique<const Catalogue>(read_file(path, most_bytes), path));
    in_use = static_cast<std::size_t>(found - all.begin());
}

std::string language_in_use() {
    return languages()[in_use].id;
}

namespace {

const Catalogue* catalogue_of(const std::string& id) {
    static std::mutex mutex;
    static std::map<std::string, std::unique_ptr<const Catalogue>> all;
    const std::lock_guard lock(mutex);
    const auto [known, first] = all.try_emplace(id);
    if (first && id != languages().front().id && language_of(id) == id) {
        try {
            const std::string path = catalogue_path(id);
            known->second = std::make_unique<const Catalogue>(read_file(path, most_bytes), path);
        } catch (const Error&) {
            // Choosing that language for the window says what is wrong with its file.
        }
    }
    return known->second.get();
}

}  // namespace

TextsIn::TextsIn(const std::string& id) : texts_(catalogue_of(id)) {}

std::string TextsIn::tr(std::string_view english) const {
    return tr_in({}, english);
}

std::string TextsIn::tr_in(std::string_view context, std::string_view english) const {
    const std::string_view found = texts_ == nullptr ? std::string_view() : texts_->find(english, context);
    return std::string(found.empty() ? english : found);
}

std::string TextsIn::tr_composed(std::string_view finished) const {
    return (texts_ == nullptr ? std::nullopt : texts_->find_composed(finished)).value_or(std::string(finished));
}

LanguageFor::LanguageFor(const std::string& id) : before_(language_in_use()) {
    if (id != before_) use_language(id);
}

LanguageFor::~LanguageFor() {
    try {
        if (language_in_use() != before_) use_language(before_);
    } catch (const Error&) {
        // It was there a moment ago; now texts are English.
    }
}

}  // namespace saccade
