#include "base/translate.hpp"

#include <atomic>
#include <mutex>
#include <vector>

namespace saccade {

namespace {

std::atomic<const Catalogue*> in_use = nullptr;

std::string_view found_or(std::string_view found, std::string_view english) {
    return found.empty() ? english : found;
}

}  // namespace

void use_catalogue(std::unique_ptr<const Catalogue> catalogue) {
    static std::mutex mutex;
    static std::vector<std::unique_ptr<const Catalogue>> all;
    const std::lock_guard lock(mutex);
    in_use.store(catalogue.get(), std::memory_order_release);
    if (catalogue != nullptr) all.push_back(std::move(catalogue));
}

const Catalogue* catalogue_in_use() {
    return in_use.load(std::memory_order_acquire);
}

std::string tr(std::string_view english) {
    const Catalogue* texts = catalogue_in_use();
    return std::string(texts == nullptr ? english : found_or(texts->find(english), english));
}

std::string tr_in(std::string_view context, std::string_view english) {
    const Catalogue* texts = catalogue_in_use();
    return std::string(texts == nullptr ? english : found_or(texts->find(english, context), english));
}

std::string tr_composed(std::string_view finished) {
    const Catalogue* texts = catalogue_in_use();
    if (texts == nullptr) return std::string(finished);
    return texts->find_composed(finished).value_or(std::string(finished));
}

std::vector<std::string> tr_all(std::vector<std::string> english) {
    for (std::string& text : english) text = tr(text);
    return english;
}

std::string filled_in(std::string_view translation, std::string_view english, fmt::format_args values) {
    if (!translation.empty()) {
        try {
            return fmt::vformat(translation, values);
        } catch (const fmt::format_error&) {
            // A damaged translation: English.
        }
    }
    return fmt::vformat(english, values);
}

}  // namespace saccade
