#include "run/fitting_model.hpp"

#include <algorithm>
#include <set>

#include "base/utf8.hpp"
#include "exhibit/date_text.hpp"
#include "model/sequence_text.hpp"
#include "run/run.hpp"

namespace saccade {

namespace {

const ParamSpec* choice_of_models(const Exhibit& exhibit) {
    const auto found = std::ranges::find_if(
        exhibit.params, [](const ParamSpec& spec) { return spec.name == "model" && spec.type == ParamType::choice; });
    return found == exhibit.params.end() ? nullptr : &*found;
}

std::string text_of(const ParamSpec& spec, const Params& params) {
    return params.has(spec.name) ? params.text(spec.name) : std::get<std::string>(spec.fallback);
}

Params with_defaults(const Exhibit& exhibit, const Params& given) {
    Params params = given;
    for (const ParamSpec& spec : exhibit.params)
        if (!params.has(spec.name)) params.set(spec.name, spec.fallback);
    return params;
}

}  // namespace

const ParamSpec* read_by_models(const Exhibit& exhibit) {
    if (choice_of_models(exhibit) == nullptr) return nullptr;
    const auto found = std::ranges::find_if(exhibit.params, [&](const ParamSpec& spec) {
        return spec.type == ParamType::text && !spec.examples.empty() && spec.name != exhibit.forced_param;
    });
    return found == exhibit.params.end() ? nullptr : &*found;
}

std::size_t unknown_characters(const Exhibit& exhibit, const Params& given) {
    const ParamSpec* text = read_by_models(exhibit);
    if (text == nullptr) return 0;
    const Params params = with_defaults(exhibit, given);
    const std::string typed = text_of(*text, params);
    try {
        return sequence_text_of(bundled_model(model_of(exhibit, params)))->read(typed).unseen.size();
    } catch (const Error&) {
        // It lists no characters, or there is no such model, which its run says.
        std::set<char32_t> beyond;
        for (const char32_t c : decode_utf8(typed))
            if (c > 0x7f) beyond.insert(c);
        return beyond.size();
    }
}

namespace {

/// Not with settings that there is no run for: its error says which.
bool reads_dates(const Exhibit& exhibit, const Params& params) {
    try {
        const std::string model = model_of(exhibit, params);
        return model.starts_with("dates") || model.starts_with("date-lists");
    } catch (const Error&) {
        return false;
    }
}

/// A translator knows the characters of a date, and makes nothing of it: the choice that learned dates, if the text is one, or
/// a list of them, and the chosen model did not.
std::optional<std::string> model_for_dates(const Exhibit& exhibit, const Params& given, const ParamSpec& models) {
    if (!is_list_of_dates(text_of(*read_by_models(exhibit), given))) return std::nullopt;
    Params params = with_defaults(exhibit, given);
    if (reads_dates(exhibit, params)) return std::nullopt;
    for (const std::string& choice : models.choices) {
        params.set(models.name, choice);
        if (reads_dates(exhibit, params) && unknown_characters(exhibit, params) == 0) return choice;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> better_model(const Exhibit& exhibit, const Params& given) {
    const ParamSpec* models = read_by_models(exhibit) != nullptr ? choice_of_models(exhibit) : nullptr;
    std::size_t fewest = models != nullptr ? unknown_characters(exhibit, given) : 0;
    std::optional<std::string> best;
    if (models == nullptr) return best;
    if (fewest == 0) return model_for_dates(exhibit, given, *models);
    for (const std::string& choice : models->choices) {
        Params other = given;
        other.set(models->name, choice);
        const std::size_t unknown = unknown_characters(exhibit, other);
        if (unknown >= fewest) continue;
        fewest = unknown;
        best = choice;
    }
    return best;
}

std::optional<std::string> fitting_example(const Exhibit& exhibit, const Params& given) {
    const ParamSpec* text = read_by_models(exhibit);
    if (text == nullptr || std::ranges::find(text->examples, text_of(*text, given)) == text->examples.end()) return {};
    if (!better_model(exhibit, given)) return {};
    for (const std::string& example : text->examples) {
        Params other = given;
        other.set(text->name, example);
        if (unknown_characters(exhibit, other) == 0 && !better_model(exhibit, other)) return example;
    }
    return {};
}

}  // namespace saccade
