#include "ui/palette.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "exhibit/param_use.hpp"
#include "ui/commands.hpp"
#include "ui/palette_match.hpp"
#include "ui/panel_view_options.hpp"
#include "ui/param_widgets.hpp"
#include "ui/recent.hpp"
#include "ui/text_wrap.hpp"
#include "ui/token_search.hpp"
#include "viz/layout.hpp"

namespace saccade {

namespace {

using Entries = std::vector<PaletteEntry>;

constexpr std::size_t most_tokens = 40;   // with the text that is looked for
constexpr std::size_t longest_text = 80;  // of an example, in characters
constexpr double of_other_words = -4;     // found by what is not its title, and so much less by each further one
constexpr double typed_value = 30;        // what is asked for in so many words comes first

constexpr const char* kind_of_exhibit = msg("exhibit");

void add_exhibits(Entries& all) {
    for (const Exhibit& e : exhibits())
        all.push_back({fmt::format(fmt::runtime(msg("Go to {}")), e.title),
                       kind_of_exhibit,
                       {e.title, e.id, e.lesson.title_chinese},
                       "",
                       [id = e.id](AppState&, Controller& act) { act.go_to(id); },
                       tr("Go to {}", tr(e.title))});
}

/// What is looked for is typed in the language that comes to mind.
std::vector<std::string> in_both_languages(const std::vector<std::string>& words) {
    std::vector<std::string> all = words;
    for (const std::string& word : words)
        if (std::string shown = tr(word); shown != word) all.push_back(std::move(shown));
    return all;
}

void add_commands(const AppState& state, Controller& act, Entries& all) {
    for (const Command& command : commands())
        if (command.in_palette && command.available(state, act))
            all.push_back({command.title, msg("command"), in_both_languages(command.also), to_string(command.chord),
                           command.run, tr(command.title)});
}

void add_lessons(Controller& controller, Entries& all) {
    for (const OfferedLesson& lesson : controller.lesson().offered())
        all.push_back({"Play: " + lesson.title.english + " · " + lesson.title.chinese,
                       "lesson",
                       {lesson.title.chinese, lesson.name, "lesson", "课程"},
                       "",
                       [path = lesson.path](AppState&, Controller& now) { now.files().open(path); }});
    for (const Exhibit& e : exhibits()) {
        if (e.lesson.empty()) continue;
        all.push_back({e.lesson.title_english + " · " + e.lesson.title_chinese,
                       msg("lesson"),
                       {e.lesson.title_chinese},
                       "",
                       [id = e.id](AppState& now, Controller& act) {
                           act.go_to(id);
                           now.view.lesson = now.inspector_drawer = true;
                       }});
    }
}

/// Is it the choice of a model, which every exhibit offers from anywhere?
bool chooses_model(const ParamSpec& spec) {
    return spec.name == "model" && spec.type == ParamType::choice;
}

/// Of a setting of this title.
std::string setting_and_value(const std::string& title, const std::string& value) {
    return tr(title) + ": " + tr(value);
}

std::string choice_title(const ParamSpec& spec, std::size_t i) {
    return i < spec.choice_titles.size() ? spec.choice_titles[i] : spec.choices[i];
}

/// Brings a setting into sight, with the keyboard in it.
PaletteEntry setting(const ParamSpec& spec, const ParamValue& value) {
    const auto* chosen = spec.type == ParamType::choice ? std::get_if<std::string>(&value) : nullptr;
    std::string place = spec.name + (chosen != nullptr ? "=" + *chosen : "");
    return {spec.title,
            msg("setting"),
            {spec.name},
            "",
            [place = std::move(place), aside = spec.aside || !is_input(spec)](AppState& now, Controller&) {
                now.reveal = {place, 10};
                if (!aside) return;
                now.view.lesson = false;
                now.inspector_drawer = now.settings_more = true;
            },
            tr(spec.title)};
}

PaletteEntry value_entry(const ParamSpec& spec, const std::string& title, ParamValue value) {
    return {spec.title + ": " + title,
            msg("value"),
            {spec.name + " " + format_param(value)},
            "",
            [name = spec.name, value = std::move(value)](AppState&, Controller& act) { act.inputs().press(name, value); },
            setting_and_value(spec.title, title)};
}

/// What the open exhibit may be set to, as far as its model reads it.
void add_settings(const AppState& state, Entries& all) {
    const Exhibit& e = state.document.exhibit();
    const Params& params = state.document.side().request.params;
    for (const ParamSpec& spec : e.params) {
        if (is_of_other_models(e, spec.name, params) || spec.type == ParamType::image || spec.type == ParamType::matrix)
            continue;
        const ParamValue value = params.has(spec.name) ? params.values().at(spec.name) : spec.fallback;
        all.push_back(setting(spec, value));
        if (const auto* on = spec.type == ParamType::toggle ? std::get_if<bool>(&value) : nullptr)
            all.push_back(value_entry(spec, *on ? msg("off") : msg("on"), !*on));
        const auto* chosen = std::get_if<std::string>(&value);
        for (std::size_t i = 0; i < spec.choices.size() && !chooses_model(spec); ++i)
            if (chosen == nullptr || spec.choices[i] != *chosen)
                all.push_back(value_entry(spec, choice_title(spec, i), spec.choices[i]));
        for (const std::string& example : spec.examples)
            all.push_back(
                {shorten(in_one_line(example), longest_text),
                 msg("example"),
                 {},
                 "",
                 [name = spec.name, example](AppState&, Controller& act) { act.inputs().set_example(name, example); }});
    }
}

void add_view_options(const AppState& state, Entries& all) {
    if (state.document.trace() == nullptr) return;
    const OptionFacts facts = option_facts(*state.document.trace());
    for (const ViewOption* option : offered_view_options(state, facts)) {
        const ParamSpec& spec = option->spec;
        const ParamValue now = option->get(state.document.options);
        for (std::size_t i = 0; i < spec.choices.size(); ++i) {
            if (option->offers != nullptr && !option->offers(facts, spec.choices[i])) continue;
            if (const auto* chosen = std::get_if<std::string>(&now); chosen != nullptr && *chosen == spec.choices[i]) continue;
            all.push_back({spec.title + ": " + choice_title(spec, i),
                           msg("view"),
                           {},
                           "",
                           [option, chosen = spec.choices[i]](AppState& then, Controller&) {
                               option->set(then.document.options, chosen);
                           },
                           setting_and_value(spec.title, choice_title(spec, i))});
        }
    }
}

void add_models(Entries& all) {
    for (const Exhibit& e : exhibits()) {
        const auto spec = std::ranges::find_if(e.params, chooses_model);
        if (spec == e.params.end()) continue;
        for (std::size_t i = 0; i < spec->choices.size(); ++i)
            all.push_back({e.title + ": " + choice_title(*spec, i),
                           msg("model"),
                           {spec->choices[i]},
                           "",
                           [id = e.id, choice = spec->choices[i]](AppState&, Controller& act) {
                               act.go_to(id);
                               act.inputs().set_model(choice);
                           },
                           setting_and_value(e.title, choice_title(*spec, i))});
    }
}

void add_recent(const AppState& state, Entries& all) {
    for (const Recent& one : state.recent)
        all.push_back({recent_title(one), msg("recent"), {one.path}, "", [path = one.path](AppState&, Controller& act) {
                           act.files().open(path);
                       }});
}

/// "beam 5", "beam=5": a number for a setting that takes it.
void add_typed_values(const AppState& state, const std::string& query, std::vector<std::pair<double, PaletteEntry>>& found) {
    const std::size_t end = query.find_last_of(" =:");
    if (end == std::string::npos || end + 1 == query.size()) return;
    const std::string name = query.substr(0, query.find_last_not_of(" =:", end) + 1), number = query.substr(end + 1);
    const Exhibit& e = state.document.exhibit();
    for (const ParamSpec& spec : e.params) {
        if (spec.type != ParamType::integer && spec.type != ParamType::number) continue;
        const std::optional<double> score = match_score(name, spec.title), shown_score = match_score(name, tr(spec.title));
        const std::optional<ParamValue> value = number_from_field(spec, number);
        if ((!score && !shown_score) || !value || name.empty() ||
            is_of_other_models(e, spec.name, state.document.side().request.params))
            continue;
        found.emplace_back(score.value_or(shown_score.value_or(0)) + typed_value,
                           value_entry(spec, number_field_text(spec, *value), *value));
    }
}

/// Tokens of the map under discussion, whose text has the query in it.
void add_tokens(const AppState& state, const std::string& query, std::vector<std::pair<double, PaletteEntry>>& found) {
    const TraceTensor* map = searched_map(state);
    if (map == nullptr) return;
    for (const bool columns : {false, true}) {
        if (columns && is_of_same_tokens(*map)) break;
        const AxisPtr& axis = searched_axis(*map, columns);
        std::size_t count = 0;
        for (const Index position : tokens_with(*axis, query)) {
            if (count++ == most_tokens) break;
            const std::string token = axis->whole_labels()[static_cast<std::size_t>(position)];
            const double score = match_score(query, token).value_or(0);
            found.emplace_back(score, PaletteEntry{fmt::format("“{}” · {} {}", token, tr(short_name(*axis)), position + 1),
                                                   msg("token"),
                                                   {},
                                                   "",
                                                   [columns, position](AppState& now, Controller& act) {
                                                       go_to_token(now, act, columns, position);
                                                   }});
        }
    }
}

}  // namespace

std::vector<PaletteEntry> palette_entries(const AppState& state, Controller& act) {
    Entries all;
    add_exhibits(all);
    add_commands(state, act, all);
    add_recent(state, all);
    add_lessons(act, all);
    add_settings(state, all);
    add_view_options(state, all);
    add_models(all);
    return all;
}

std::vector<PaletteEntry> palette_found(const AppState& state, Controller& act, const std::string& query) {
    Entries all = palette_entries(state, act);
    if (query.find_first_not_of(' ') == std::string::npos) return all;
    std::vector<std::pair<double, PaletteEntry>> found;
    for (PaletteEntry& entry : all) {
        std::optional<double> best = match_score(query, entry.title);
        if (const auto score = match_score(query, entry.shown); score && !entry.shown.empty())
            best = std::max(best.value_or(*score), *score);
        double less = entry.kind == kind_of_exhibit ? 0 : of_other_words;  // whose title is its first other word
        for (const std::string& words : entry.also) {
            if (const auto score = match_score(query, words)) best = std::max(best.value_or(*score + less), *score + less);
            less += of_other_words;
        }
        if (best) found.emplace_back(*best, std::move(entry));
    }
    add_tokens(state, query, found);
    add_typed_values(state, query, found);
    std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.first > b.first; });
    all.clear();
    for (auto& [score, entry] : found) all.push_back(std::move(entry));
    return all;
}

}  // namespace saccade
